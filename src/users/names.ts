// Names that people type: their own, or that of an authenticator or a token. Nothing in them that cannot be seen misleads a reader.

const longestThingName = 60
const longestPersonName = 100

/** Reads the name of an authenticator or a token; null when it is empty, too long, or holds invisible characters. */
export function parseName(typed: string): string | null {
  return parse(typed, longestThingName)
}

/** Reads a person's name; null when it is empty, too long, or holds invisible characters. */
export function parsePersonName(typed: string): string | null {
  return parse(typed, longestPersonName)
}

function parse(typed: string, longest: number): string | null {
  const name = typed.normalize('NFC').trim().replace(/ {2,}/g, ' ')
  // Joiners (U+200C, U+200D) are part of how some scripts and emoji are written; other invisible characters only mislead.
  const hidden = /[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u
  return name === '' || [...name].length > longest || hidden.test(name) ? null : name
}
