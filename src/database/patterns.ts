// Text that is looked for with LIKE: what LIKE would read as a sign is taken as it stands. The query has to name the backslash
// as its escape character.

/** Escapes a text that is part of a pattern. */
export function escapePattern(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
