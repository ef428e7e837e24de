// E-mail addresses: what is accepted, and the canonical form that look-up, uniqueness and attempts go by, so that
// `V@example.org`, `v@EXAMPLE.org` and ` v@example.org ` are one account and share one count.

/** An address of at most 254 characters with one `@`, no spaces, no control or invisible characters, and a dotted or local host. */
const shape = /^[^\s@,;<>()[\]\\":\p{Cc}\p{Cf}]{1,64}@[^\s@,;<>()[\]\\":\p{Cc}\p{Cf}]{1,253}$/u

/** Returns the address as it will be kept, or null when it is not one. Takes exactly one address: no lists, no names. */
export function parseEmail(typed: string): string | null {
  const email = typed.trim().normalize('NFC')
  return email.length <= 254 && shape.test(email) ? email : null
}

/** Makes the canonical form: trimmed, NFKC, lower case. Never fails, so that an attempt with any text has a key. */
export function emailKey(typed: string): string {
  return typed.trim().normalize('NFKC').toLowerCase()
}
