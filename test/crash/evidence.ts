/**
 * What the database itself must show at any time, whatever was killed: each acknowledged act in the audit log, each session with
 * the proofs it rests on, a chain that verifies, and no file that is torn. What nobody could say is looked up here as well.
 */
import { sql } from 'kysely'
import { verifyChain } from '../../src/audit/verify.ts'
import { type Database, dialectOf } from '../../src/database/database.ts'
import type { KeyRing } from '../../src/secrets/key-ring.ts'
import { readProofs } from '../../src/sessions/proofs.ts'
import type { History } from './history.ts'

/** Which events vouch for a proof of each kind. */
const vouching: Readonly<Record<string, readonly string[]>> = {
  password: ['sign-in.begun', 'password.set', 'step-up.completed'],
  totp: ['second-factor.accepted', 'totp.enrolled'],
  'recovery-code': ['second-factor.accepted'],
  'set-up-link': ['mfa.link-used'],
}

export interface Examiner {
  /** Looks at everything that came about since the last time, and at the whole chain and file if asked. Gives the faults. */
  examine(db: Database, options: { wholeChain: boolean }): Promise<string[]>
}

/** A session may have been begun by somebody who had looked at the clock a while before. */
const margin = 60_000

/** Prepares to look into one database again and again, beside the history of what was asked of it. */
export function createExaminer(history: History, keys: KeyRing): Examiner {
  let looked = 0
  let lookedAt = 0
  return {
    async examine(db, { wholeChain }) {
      const [upTo, now] = [history.entries.length, Date.now()]
      const faults = [
        ...(await missingTraces(db, history, looked, upTo)),
        ...(await sessionsWithoutProofs(db, lookedAt - margin)),
        ...(wholeChain ? [...(await brokenChain(db, keys)), ...(await tornFile(db))] : []),
      ]
      looked = upTo
      lookedAt = now
      return faults
    },
  }
}

/** Acts that were acknowledged and left nothing; and notes which of those that nobody knew of were done. */
async function missingTraces(db: Database, history: History, from: number, upTo: number): Promise<string[]> {
  const asked = new Map(
    history.entries.slice(0, upTo).flatMap((entry) => (entry.is === 'invoke' ? [[entry.operation, entry]] : [])),
  )
  const ended = history.entries.slice(from, upTo).flatMap((entry) => {
    const act = asked.get(entry.operation)
    return act?.leaves && (entry.is === 'ok' || entry.is === 'unknown') ? [{ ...entry, act, leaves: act.leaves }] : []
  })
  const left = await tracesOf(
    db,
    ended.map(({ act }) => act.request),
  )
  const faults: string[] = []
  for (const { is, operation, act, leaves } of ended) {
    const isThere = left.has(`${act.request} ${leaves}`)
    if (is === 'ok' && !isThere) faults.push(`${act.what} #${operation} was acknowledged and left no ${leaves}`)
    if (is === 'unknown' && isThere) history.found(operation)
  }
  return faults
}

async function tracesOf(db: Database, requests: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (let from = 0; from < requests.length; from += 200) {
    const events = await db
      .selectFrom('audit_events')
      .select(['request_id', 'name'])
      .where('request_id', 'in', requests.slice(from, from + 200))
      .execute()
    for (const { request_id, name } of events) found.add(`${request_id} ${name}`)
  }
  return found
}

/** Sessions are read first: whatever is there by then has its events in the log already. */
async function sessionsWithoutProofs(db: Database, since: number): Promise<string[]> {
  const sessions = await db
    .selectFrom('sessions')
    .select(['id', 'user_id', 'proofs', 'created_at'])
    .where('last_seen_at', '>=', since)
    .execute()
  const owners = [...new Set(sessions.map(({ user_id }) => user_id))]
  const names = [...new Set(Object.values(vouching).flat()), 'sign-in.completed']
  const events = new Set<string>()
  for (let from = 0; from < owners.length; from += 200) {
    const rows = await db
      .selectFrom('audit_events')
      .select(['name', 'subject_id', 'at'])
      .where('subject_id', 'in', owners.slice(from, from + 200))
      .where('name', 'in', names)
      .execute()
    for (const { name, subject_id, at } of rows) events.add(`${name} ${subject_id} ${at}`)
  }
  return sessions.flatMap(({ id, user_id, proofs, created_at }) => {
    const isVouched = ({ by, at }: { by: string; at: number }) =>
      (vouching[by] ?? []).some((name) => events.has(`${name} ${user_id} ${at}`))
    const missing = readProofs(proofs)
      .filter((proof) => !isVouched(proof))
      .map(({ by }): string => by)
    if (!events.has(`sign-in.completed ${user_id} ${created_at}`)) missing.push('its sign-in')
    return missing.length === 0 ? [] : [`session ${id} has no trace in the audit log of: ${missing.join(', ')}`]
  })
}

async function brokenChain(db: Database, keys: KeyRing): Promise<string[]> {
  const { found, findings } = await verifyChain(db, keys)
  return found === 0 ? [] : [`the audit log does not verify: ${JSON.stringify(findings.slice(0, 3))}`]
}

async function tornFile(db: Database): Promise<string[]> {
  if (dialectOf(db) !== 'sqlite') return []
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check`.execute(db)
  return rows.length === 1 && rows[0]?.quick_check === 'ok'
    ? []
    : [`the file is torn: ${JSON.stringify(rows.slice(0, 3))}`]
}
