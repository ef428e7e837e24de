// Which new passwords are refused, and why. Length counts in code points; there are no composition rules and no forced
// changes (NIST 800-63B-4 §3.1.1.2). The list of common passwords is a kept dictionary and works without a network.

export type PasswordProblem = 'too-short' | 'too-long' | 'common' | 'names-you'

/** Where the password is all that is asked. */
export const minimumAlone = 15
/** Where a second factor is required of the user as well. */
export const minimumWithMfa = 8
export const maximumLength = 128

export interface PasswordContext {
  /** True when a second factor is required of this user. */
  mfaRequired: boolean
  /** Words an attacker would try first: the service's name, the user's name and address. */
  words: readonly string[]
}

/** Says what is wrong with a new password, or null when it may be used. */
export async function passwordProblem(
  password: string,
  { mfaRequired, words }: PasswordContext,
): Promise<PasswordProblem | null> {
  const typed = password.normalize('NFC')
  const length = [...typed].length
  if (length < (mfaRequired ? minimumWithMfa : minimumAlone)) return 'too-short'
  if (length > maximumLength) return 'too-long'
  const folded = typed.toLowerCase()
  if (isMostlyContext(folded, words)) return 'names-you'
  if (isRepetition(folded) || (await commonPasswords()).has(folded)) return 'common'
  return null
}

/** True when little is left once the words that everybody knows about this person are taken out. */
function isMostlyContext(password: string, words: readonly string[]): boolean {
  let rest = password
  for (const word of contextWords(words)) rest = rest.replaceAll(word, '')
  return rest.length < password.length && [...rest].length < minimumWithMfa
}

function contextWords(words: readonly string[]): string[] {
  const parts = words.flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)])
  return [...new Set(parts.map((part) => part.normalize('NFC').toLowerCase()))]
    .filter((part) => part.length >= 4)
    .sort((a, b) => b.length - a.length)
}

/** True for one short piece over and over: `aaaaaaaaaaaaaaa`, `123123123123123`. */
function isRepetition(password: string): boolean {
  return /^(.{1,4}?)\1+.{0,3}$/u.test(password)
}

let list: Promise<Set<string>> | undefined

function commonPasswords(): Promise<Set<string>> {
  list ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common']))
  return list
}
