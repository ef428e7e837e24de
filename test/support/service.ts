// The whole service in this process, as `main.ts` builds it, but for the clock, which the test turns, and the mail, which
// it reads. Each test has a database of its own, on SQLite or on PostgreSQL.

import { randomBytes } from 'node:crypto'
import { BlockList } from 'node:net'
import type { Kysely } from 'kysely'
import { inject } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import type { Tables } from '../../src/database/tables.ts'
import type { StaticFiles } from '../../src/http/static-files.ts'
import type { Mailer } from '../../src/mail/delivery.ts'
import type { Message } from '../../src/mail/outbox.ts'
import { type Argon2, createHashing } from '../../src/passwords/hashing.ts'
import { keyRing, type MasterKeys } from '../../src/secrets/key-ring.ts'
import { beginKeys } from '../../src/secrets/key-table.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { createService, type Service } from '../../src/service.ts'
import { hours, type Instant } from '../../src/time.ts'
import type { Failpoints } from './failpoints.ts'
import { origin } from './origin.ts'
import { createDatabase } from './postgres.ts'

export type Dialect = 'sqlite' | 'postgres'

/** Both databases; `DIALECTS=sqlite` narrows it while working. */
export const dialects: readonly Dialect[] = (process.env.DIALECTS ?? 'sqlite,postgres').split(',') as Dialect[]

export { origin }

export interface TestService {
  service: Service
  db: Kysely<Tables>
  masterKeys: MasterKeys
  /** What the service believes the time to be; set it, or add to it. */
  time: { now: Instant }
  /** Every mail that was sent so far; `deliver` first. */
  mails: Message[]
  deliver(): Promise<void>
  /** Every line that was logged, as text. */
  logged: string[]
  fetch(path: string, init?: RequestInit & { from?: string; isGone?: () => boolean }): Promise<Response>
  /** Builds the service anew on the same database, as after a restart. */
  restart(): void
  stop(): Promise<void>
}

export interface TestServiceOptions {
  dialect?: Dialect
  trustedProxies?: readonly string[]
  metricsToken?: string | null
  key?: Buffer
  /** The public address, where it is not `origin`. */
  url?: string
  /** True for a service that says it can send mail; it is read in `mails` either way. */
  hasMailServer?: boolean
  /** Puts rows into the empty database before the service is built on it. */
  fill?: (db: Kysely<Tables>, time: { now: Instant }) => Promise<void>
  /** Hands mail on to a real server; without it mails are only kept. */
  mailer?: Mailer | null
  /** Turns the address of the database on PostgreSQL into one that leads there by another way. */
  through?: (databaseUrl: string) => string
  /** Computes hashes in place of argon2, in one queue that lets one at a time through. */
  argon2?: Argon2
  /** Stands in front of database, mail, hashes and clock. */
  failpoints?: Failpoints
  /** False for a service that asks no identity provider on this machine. */
  allowPrivateProviders?: boolean
}

/** Stand-ins for what the build makes for browsers. */
const files: StaticFiles = new Map(
  [
    ['/assets/main.js', 'text/javascript; charset=utf-8'],
    ['/assets/main.css', 'text/css; charset=utf-8'],
    ['/favicon.svg', 'image/svg+xml'],
  ].map(([path = '', type = '']) => [path, { type, plain: Buffer.from(''), br: null, gzip: null }]),
)

const start: Instant = Date.parse('2026-11-24T09:00:10Z')

export async function startService({
  dialect = 'sqlite',
  trustedProxies = [],
  metricsToken = null,
  key = randomBytes(32),
  url = origin,
  hasMailServer = false,
  fill = async () => {},
  mailer = null,
  argon2,
  through = (databaseUrl) => databaseUrl,
  failpoints,
  allowPrivateProviders = true,
}: TestServiceOptions = {}): Promise<TestService> {
  const postgres = dialect === 'postgres' ? await createDatabase(inject('postgresTemplate')) : null
  const at = postgres ? { postgres: through(postgres.url) } : { sqliteFile: ':memory:' }
  const db = await (failpoints ? failpoints.openDatabase(at) : openDatabase(at))
  if (!postgres) await migrate(db)
  const secret = masterKey(key)
  const masterKeys = async () => [secret]
  const time = { now: start }
  await fill(db, time)
  await beginKeys(db, [secret], time.now)
  const mails: Message[] = []
  const logged: string[] = []
  const proxies = new BlockList()
  for (const address of trustedProxies) proxies.addAddress(address)
  const clock = failpoints?.clock(time) ?? (() => time.now)
  const keep: Mailer = async (message) => {
    mails.push(message)
    await mailer?.(message)
  }
  const computes = argon2 && (failpoints?.argon2(argon2) ?? argon2)
  const build = () =>
    createService({
      config: {
        url,
        name: 'Countersign',
        trustedProxies: proxies,
        metricsToken,
        session: { idle: hours(1), overall: hours(24) },
        allowPrivateProviders,
        mail: hasMailServer ? { url: 'smtp://mail.test', from: 'no-reply@example.org' } : null,
      },
      db,
      keys: keyRing(masterKeys),
      clock,
      ...(computes ? { hashing: createHashing(clock, { concurrency: 1, argon2: computes }) } : {}),
      mailer: failpoints?.mailer(keep) ?? keep,
      log: {
        info: (fields, message) => void logged.push(JSON.stringify({ ...fields, message })),
        error: (fields, message) => void logged.push(`ERROR ${message} ${describe(fields)}`),
      },
      assets: { script: '/assets/main.js', style: '/assets/main.css', files },
    })
  const running: TestService = {
    service: build(),
    db,
    masterKeys,
    time,
    mails,
    logged,
    deliver: async () => void (await running.service.deliverMail()),
    fetch: async (path, { from = '192.0.2.1', isGone, ...init } = {}) =>
      running.service.fetch(new Request(new URL(path, url), { redirect: 'manual', ...init }), {
        remoteAddress: from,
        ...(isGone ? { isGone } : {}),
      }),
    restart: () => {
      running.service = build()
    },
    stop: async () => {
      await db.destroy()
      await postgres?.drop()
    },
  }
  return running
}

function describe(fields: object): string {
  return Object.values(fields)
    .map((value) =>
      value instanceof Error ? `${value.stack ?? value.message} ${describe({ cause: value.cause })}` : String(value),
    )
    .join(' ')
}
