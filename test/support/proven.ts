// What the audit log proves, and whether the tables say more than that. The log is read from its first event to its last, as
// an auditor would, without a look at the code that wrote it; then every session, factor, code, link, token and policy must
// be what the log says it is: no session without its proofs, nothing half done, nothing that works once used twice.

import type { Contents } from './tables.ts'

interface Event {
  at: number
  name: string
  subject: string
  details: Record<string, unknown>
}

/** What the log tells about one person. */
interface Told {
  role: unknown
  active: boolean
  hasPassword: boolean
  factor: unknown
  everEnrolled: Set<unknown>
  codes: { set: unknown; saved: boolean; used: number } | null
  /** How many recovery codes were spent, in all, less those that proved something. */
  codesForNothing: number
  reset: boolean
  tokens: Set<unknown>
  groups: Set<unknown>
  /** `password 1700000000000` for everything that was proved, with when. */
  proofs: Set<string>
  completed: number[]
  ended: number
  /** When something that works once was used: `invitation.accepted 1700000000000`. */
  used: string[]
}

interface Log {
  people: Map<string, Told>
  deleted: Set<string>
  enforced: boolean
  confirmed: boolean
  firstAdministrators: number
  /** Names of the groups there are, by id. */
  groups: Map<unknown, unknown>
}

const nobody = (): Told => ({
  role: null,
  active: true,
  hasPassword: false,
  factor: null,
  everEnrolled: new Set(),
  codes: null,
  codesForNothing: 0,
  reset: false,
  tokens: new Set(),
  groups: new Set(),
  proofs: new Set(),
  completed: [],
  ended: 0,
  used: [],
})

/** What each event means for the person it is about. Events that mean nothing here are left out. */
const meanings: Record<string, (told: Told, event: Event) => void> = {
  'user.created': (told, { details }) => {
    told.role = details.role
  },
  'user.role-changed': (told, { details }) => {
    told.role = details.to
  },
  'user.deactivated': (told) => {
    told.active = false
  },
  'user.reactivated': (told) => {
    told.active = true
  },
  'password.set': (told, { at, details }) => {
    told.hasPassword = true
    // Whoever has just chosen it knows it; a reset leads to no session.
    if (details.by === 'reset') told.used.push(`reset-password ${at}`)
    else told.proofs.add(`password ${at}`)
  },
  'sign-in.begun': (told, { at }) => void told.proofs.add(`password ${at}`),
  'step-up.completed': (told, { at, details }) => {
    if (details.method === 'password') told.proofs.add(`password ${at}`)
  },
  'second-factor.accepted': (told, { at, details }) => {
    told.proofs.add(`${details.method} ${at}`)
    if (details.method === 'recovery-code') told.codesForNothing -= 1
  },
  'totp.enrolled': (told, { at, details }) => {
    told.factor = details.factor
    told.everEnrolled.add(details.factor)
    told.proofs.add(`totp ${at}`)
  },
  'totp.removed': (told) => {
    told.factor = null
  },
  'recovery-codes.created': (told, { details }) => {
    told.codes = { set: details.set, saved: false, used: 0 }
  },
  'recovery-codes.saved': (told) => {
    if (told.codes) told.codes.saved = true
    told.reset = false
  },
  'recovery-codes.used': (told) => {
    told.codesForNothing += 1
    if (told.codes) told.codes.used += 1
  },
  'recovery-codes.removed': (told) => {
    told.codes = null
  },
  'mfa.reset': (told) => {
    told.reset = true
  },
  'mfa.link-used': (told, { at }) => {
    told.proofs.add(`set-up-link ${at}`)
    told.used.push(`set-up-mfa ${at}`)
  },
  'email.changed': (told, { at }) => void told.used.push(`change-email ${at}`),
  'invitation.accepted': (told, { at }) => void told.used.push(`invitation ${at}`),
  'sign-in.completed': (told, { at }) => void told.completed.push(at),
  'sign-out': (told) => {
    told.ended += 1
  },
  'sessions.ended': (told, { details }) => {
    told.ended += Number(details.count)
  },
  'access-token.created': (told, { details }) => void told.tokens.add(details.token),
  'group.member-added': (told, { details }) => void told.groups.add(details.group),
  'group.member-removed': (told, { details }) => void told.groups.delete(details.group),
  'access-token.revoked': (told, { details }) => void told.tokens.delete(details.token),
}

function readLog({ audit_events }: Contents): Log {
  const log: Log = {
    people: new Map(),
    deleted: new Set(),
    enforced: false,
    confirmed: false,
    firstAdministrators: 0,
    groups: new Map(),
  }
  for (const row of audit_events) {
    const event: Event = {
      at: Number(row.at),
      name: String(row.name),
      subject: String(row.subject_id),
      details: JSON.parse(String(row.details)),
    }
    if (event.name === 'policy.changed') Object.assign(log, { enforced: event.details.to === 'mfa', confirmed: false })
    if (event.name === 'policy.reverted') log.enforced = false
    if (event.name === 'policy.confirmed') log.confirmed = true
    if (event.name === 'user.deleted') log.deleted.add(event.subject)
    if (event.name === 'user.created' && event.details.by === 'first-administrator') log.firstAdministrators += 1
    if (event.name === 'group.created') log.groups.set(event.details.group, event.details.name)
    if (event.name === 'group.renamed') log.groups.set(event.details.group, event.details.to)
    if (event.name === 'group.deleted') {
      log.groups.delete(event.details.group)
      for (const told of log.people.values()) told.groups.delete(event.details.group)
    }
    if (event.name === 'sign-out.everyone')
      for (const told of log.people.values()) {
        told.ended = told.completed.length
        if (event.details.accessTokens !== null) told.tokens.clear()
      }
    if (row.subject_id === null) continue
    const told = log.people.get(event.subject) ?? nobody()
    log.people.set(event.subject, told)
    meanings[event.name]?.(told, event)
  }
  return log
}

/**
 * Says, in sentences, what the tables hold that the log does not prove, or lack that it does. Events are taken in the order in
 * which they are given.
 */
export function unproven(contents: Contents): string[] {
  const log = readLog(contents)
  const faults: string[] = []
  const must = (holds: boolean, fault: string) => void (holds || faults.push(fault))
  for (const user of contents.users) {
    const told = log.people.get(String(user.id))
    if (!told) faults.push(`${user.email}: nobody says where this user comes from`)
    else judgeUser(contents, user, told, (holds, fault) => must(holds, `${user.email}: ${fault}`))
  }
  for (const id of log.deleted) must(!contents.users.some((user) => user.id === id), 'a deleted user is there')
  for (const id of log.people.keys())
    must(log.deleted.has(id) || contents.users.some((user) => user.id === id), 'a user is gone, and not deleted')
  const groups = contents.groups.map(({ id, name }) => `${id} ${name}`)
  must(
    same(
      groups,
      [...log.groups].map(([id, name]) => `${id} ${name}`),
    ),
    'the groups are not those in the log',
  )
  const [policy] = contents.policies
  must((policy?.requires === 'mfa') === log.enforced, 'enforcement is not what the log says')
  if (log.enforced) must((policy?.confirm_by === null) === log.confirmed, 'the log does not say so of its confirmation')
  must(log.firstAdministrators <= 1, 'there was more than one first administrator')
  return faults
}

type Must = (holds: boolean, fault: string) => void
type Row = Record<string, unknown>

function judgeUser(contents: Contents, user: Row, told: Told, must: Must): void {
  const own = (rows: readonly Row[]) => rows.filter(({ user_id }) => user_id === user.id)
  must(user.role === told.role, `the role is ${user.role}`)
  must((user.deactivated_at === null) === told.active, 'active or not, the log says otherwise')
  must((user.password_hash !== null) === told.hasPassword, 'the password comes from nowhere, or is gone')
  must((user.mfa_reset_at !== null) === told.reset, 'reset or not, the log says otherwise')
  judgeFactors(contents, own, told, must)
  const sessions = own(contents.sessions)
  const pending = own(contents.sign_ins)
  must(told.active || sessions.length + pending.length === 0, 'is deactivated and signed in')
  must(sessions.length <= told.completed.length - told.ended, 'a session was ended and is there')
  must(sessions.length >= told.completed.length - told.ended, 'a session is gone, and was not ended')
  for (const { created_at } of sessions)
    must(count(sessions, created_at) <= told.completed.filter((at) => at === created_at).length, 'a session too many')
  for (const { proofs } of [...sessions, ...pending])
    for (const { by, at, factor } of JSON.parse(String(proofs))) {
      must(told.proofs.has(`${by} ${at}`), `${by} at ${at} was never proved`)
      must(factor === undefined || told.everEnrolled.has(factor), 'a proof by an authenticator that never was')
    }
  if (told.factor !== null)
    for (const { proofs } of sessions)
      must(/"by":"(totp|recovery-code)"/.test(String(proofs)), 'has 2FA, and a session without it')
  judgeLinks(contents, own, told, must)
}

const count = (sessions: readonly Row[], at: unknown) => sessions.filter(({ created_at }) => created_at === at).length

function judgeFactors(contents: Contents, own: (rows: readonly Row[]) => Row[], told: Told, must: Must): void {
  const factors = own(contents.totp_factors).map(({ id }) => id)
  must(same(factors, told.factor === null ? [] : [told.factor]), 'the authenticator is not the one in the log')
  for (const { last_used_at } of own(contents.totp_factors))
    must(told.proofs.has(`totp ${last_used_at}`), 'a code of the authenticator was spent for nothing')
  must(told.codesForNothing === 0, 'a recovery code was spent for nothing')
  const sets = own(contents.recovery_code_sets)
  must(
    same(
      sets.map(({ id }) => id),
      told.codes ? [told.codes.set] : [],
    ),
    'the recovery codes are not those in the log',
  )
  for (const { id, saved_at } of sets) {
    const codes = contents.recovery_codes.filter(({ set_id }) => set_id === id)
    must(codes.length === 10, `there are ${codes.length} recovery codes`)
    must((saved_at !== null) === told.codes?.saved, 'saved or not, the log says otherwise of the recovery codes')
    const used = codes.filter(({ used_at }) => used_at !== null).length
    must(used === told.codes?.used, `${used} recovery codes are used, ${told.codes?.used} in the log`)
  }
}

function judgeLinks(contents: Contents, own: (rows: readonly Row[]) => Row[], told: Told, must: Must): void {
  const tokens = own(contents.personal_access_tokens).map(({ id }) => id)
  must(same(tokens, [...told.tokens]), 'the access tokens are not those in the log')
  const groups = own(contents.group_members).map(({ group_id }) => group_id)
  must(same(groups, [...told.groups]), 'the groups of this user are not those in the log')
  for (const { purpose, used_at } of own(contents.one_time_links))
    if (used_at !== null)
      must(told.used.includes(`${purpose} ${used_at}`), `a link to ${purpose} is used up for nothing`)
  for (const { accepted_at } of own(contents.invitations))
    if (accepted_at !== null)
      must(told.used.includes(`invitation ${accepted_at}`), 'an invitation is used up for nothing')
}

function same(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one))
}
