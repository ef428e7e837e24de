/**
 * Who lives in the database while it is tried: administrators, people with 2FA, and people without. What is known about each
 * (passwords that may be right, codes that were used) is kept here, outside the service. Recovery codes are hashed cheaply,
 * as their sets say; passwords cost what they cost.
 */
import { randomBytes } from 'node:crypto'
import type { Database, DatabaseTransaction } from '../../src/database/database.ts'
import { createHashing } from '../../src/passwords/hashing.ts'
import { newCode } from '../../src/recovery-codes/code.ts'
import type { KeyRing } from '../../src/secrets/key-ring.ts'
import { type Sealer, sealerFor } from '../../src/secrets/sealing.ts'
import { newId } from '../../src/secrets/tokens.ts'
import { addAuthenticator } from '../../src/totp/authenticators.ts'
import { secretBinding } from '../../src/totp/enrolment.ts'
import { hotp } from '../../src/totp/otp.ts'
import { createUser } from '../../src/users/users.ts'
import type { Caller } from './caller.ts'
import type { History } from './history.ts'

export interface Factor {
  /** What it is called in the history. */
  name: string
  secret: Buffer
  /** The newest step that was tried. */
  newest: number
}

export interface Person {
  name: string
  id: string
  email: string
  kind: 'administrator' | 'protected' | 'plain'
  /** Null for who has no 2FA. */
  factor: Factor | null
  /** The recovery codes that were not tried yet, and what their set is called in the history. */
  codes: { set: string; left: string[] }
  /** Passwords that may be right, the likeliest first. */
  passwords: string[]
  /** True while a client walks through something with them that nobody else may disturb. */
  isBusy: boolean
  /** True when their 2FA may be half set up, or gone. */
  isAdrift: boolean
}

/** Something that was accepted, or may have been, and must not be again. */
export type Used =
  | { kind: 'code'; person: Person; factor: Factor; step: number }
  | { kind: 'recovery-code'; person: Person; set: string; code: string }
  | { kind: 'reset-link' | 'set-up-link' | 'invitation'; person: Person; token: string; name: string }

export interface Town {
  people: Person[]
  /** Browsers that have a session, or had one, with their owners. */
  browsers: { caller: Caller; person: Person }[]
  /** What was used last, the newest last. */
  used: Used[]
}

export const firstPassword = 'four words nobody would guess'

/** What a person's things are called in the history. */
export const keys = {
  password: ({ name }: Person) => `password of ${name}`,
  active: ({ name }: Person) => `${name} is active`,
  factor: ({ name }: Factor) => `authenticator ${name}`,
  codes: (set: string) => `recovery codes ${set}`,
  link: ({ name }: Person) => `set-up link of ${name}`,
  enforcement: 'enforcement',
} as const

/** What an authenticator app shows for a step. */
export function codeOf({ secret }: Factor, step: number): string {
  return hotp(secret, step)
}

/** Lets people move in, and writes down how everything stands with them. */
export async function foundTown(
  db: Database,
  keyring: KeyRing,
  history: History,
  numbers: Readonly<Record<Person['kind'], number>>,
): Promise<Town> {
  const hashing = createHashing(Date.now, { concurrency: 1 })
  const passwordHash = await hashing.hashPassword(firstPassword)
  const people: Person[] = []
  const kinds = (Object.keys(numbers) as Person['kind'][]).flatMap((kind) =>
    Array<Person['kind']>(numbers[kind]).fill(kind),
  )
  await db.transaction().execute(async (trx) => {
    for (const [number, kind] of kinds.entries()) {
      const person = await moveIn(trx, { name: `${kind} ${number}`, kind, passwordHash })
      if (kind !== 'plain') await protect(trx, sealerFor(keyring), person, hashing)
      people.push(person)
    }
  })
  history.begin({ [keys.enforcement]: 'off' })
  for (const person of people) history.begin(standingOf(person))
  return { people, browsers: [], used: [] }
}

/** What is so about a person who has just moved in. */
export function standingOf(person: Person): Record<string, string> {
  const [password = 'none'] = person.passwords
  return {
    [keys.active(person)]: 'yes',
    [keys.password(person)]: password,
    ...(person.factor === null
      ? {}
      : { [keys.factor(person.factor)]: 'there', [keys.codes(person.codes.set)]: 'there' }),
  }
}

/** Adds somebody; without a hash they have no password. */
export async function moveIn(
  trx: DatabaseTransaction,
  { name, kind, passwordHash }: { name: string; kind: Person['kind']; passwordHash: string | null },
): Promise<Person> {
  const email = `${name.replaceAll(' ', '-')}@example.org`
  const user = {
    email,
    name,
    role: kind === 'administrator' ? ('administrator' as const) : ('member' as const),
    passwordHash,
  }
  const id = await createUser(trx, user, 'administrator', { now: Date.now(), caller: null, actor: null })
  const passwords = passwordHash === null ? [] : [firstPassword]
  return {
    name,
    id,
    email,
    kind,
    factor: null,
    codes: { set: '', left: [] },
    passwords,
    isBusy: false,
    isAdrift: false,
  }
}

const cheapest = { memoryKib: 8, passes: 1 }

async function protect(
  trx: DatabaseTransaction,
  sealer: Sealer,
  person: Person,
  hashing: ReturnType<typeof createHashing>,
): Promise<void> {
  const [id, secret, now] = [newId(), randomBytes(20), Date.now()]
  const sealedSecret = await sealer.seal(trx, secret, secretBinding(person.id, id))
  await addAuthenticator(trx, { id, userId: person.id, name: 'My phone', sealedSecret, step: 0, now })
  const [set, salt, codes] = [newId(), randomBytes(16), Array.from({ length: 10 }, newCode)]
  const row = { id: set, user_id: person.id, salt: salt.toString('base64url'), created_at: now, saved_at: now }
  await trx
    .insertInto('recovery_code_sets')
    .values({ ...row, memory_kib: cheapest.memoryKib, passes: cheapest.passes })
    .execute()
  const hashes = await Promise.all(codes.map((code) => hashing.hashRecoveryCode(code, salt, cheapest)))
  await trx
    .insertInto('recovery_codes')
    .values(hashes.map((hash) => ({ set_id: set, hash: hash.toString('base64url') })))
    .execute()
  person.factor = { name: `of ${person.name}`, secret, newest: 0 }
  person.codes = { set: `of ${person.name}`, left: codes }
}
