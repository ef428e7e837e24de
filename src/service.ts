// Builds the whole service from configuration, database, clock and mailer. Tests build it in the same way; `server.ts` puts
// it behind a socket.

import { purgeAccessTokens } from './access-tokens/access-tokens.ts'
import { createApi } from './api/api.ts'
import { purgeAttempts } from './attempts/attempts.ts'
import { createLinker, writeHead } from './audit/chain.ts'
import { type Caller, record } from './audit/record.ts'
import { type Branding, createBranding } from './branding/branding.ts'
import { type Config, ConfigFaults } from './config.ts'
import type { Database } from './database/database.ts'
import { DatabaseUnavailable } from './database/unavailable.ts'
import { createPolicies } from './enforcement/policies.ts'
import type { Connection } from './http/caller.ts'
import type { Answered } from './http/door.ts'
import { setSecurityHeaders } from './http/headers.ts'
import type { HttpSettings } from './http/settings.ts'
import type { StaticFiles } from './http/static-files.ts'
import { createOidc } from './identity-providers/oidc.ts'
import { createOutbound } from './identity-providers/outbound.ts'
import { createProviders, readProviderSecret } from './identity-providers/providers.ts'
import { purgeRoundTrips } from './identity-providers/round-trips.ts'
import { createSaml } from './identity-providers/saml/saml.ts'
import { purgeSeenAssertions } from './identity-providers/seen-assertions.ts'
import { deliverDue, deliverNow, type Mailer } from './mail/delivery.ts'
import { linkMessage } from './mail/link-mails.ts'
import { noticeMessage } from './mail/notices.ts'
import { purgeOutbox, send, sendWithLink } from './mail/outbox.ts'
import { type Measures, uncounted } from './measures.ts'
import { messagesFor } from './messages.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createPages } from './pages/pages.tsx'
import { createHashing, type Hashing } from './passwords/hashing.ts'
import { purgeResetRequests } from './passwords/reset-requests.ts'
import { minimumAlone, passwordProblem } from './passwords/rules.ts'
import { Refusal } from './refusal.ts'
import { type KeyRing, WrongMasterKey } from './secrets/key-ring.ts'
import { type Sealer, sealerFor } from './secrets/sealing.ts'
import { purgeSessions } from './sessions/sessions.ts'
import { sweepEnforcement } from './sign-in/enforce.ts'
import { expireUsers } from './sign-in/expire-users.ts'
import type { MailLink, Notify, SignInParts } from './sign-in/parts.ts'
import { answerResetRequests } from './sign-in/reset-password.ts'
import { purgeSignIns } from './sign-in/sign-in.ts'
import type { Clock } from './time.ts'
import { purgeEnrolments } from './totp/enrolment.ts'
import { parseEmail } from './users/email.ts'
import {
  createFirstAdministrator,
  firstAdministratorToken,
  isFirstAdministratorMissing,
} from './users/first-administrator.ts'
import { addressOfLink, purgeLinks } from './users/one-time-links.ts'
import { keepUserCounts } from './users/user-counts.ts'

export interface ServiceParts {
  config: Pick<
    Config,
    'url' | 'name' | 'trustedProxies' | 'session' | 'mail' | 'metricsToken' | 'allowPrivateProviders'
  >
  db: Database
  keys: KeyRing
  clock: Clock
  mailer: Mailer
  /** The queue of hashes; one is made where none is given. */
  hashing?: Hashing
  log: ServiceLog
  assets: { script: string; style: string; files: StaticFiles }
}

export interface ServiceLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface Service {
  /** Answers one request; the whole outside surface. */
  fetch(request: Request, connection: Connection): Response | Promise<Response>
  /** Answers, without a word, what is not even a request (400) or what failed before it came to a door (500). */
  fault(status: 400 | 500, error: unknown): Response
  /** Every route of every door, for the table of routes and states. */
  routes: readonly { method: string; path: string; access: string; scope?: string | null }[]
  /** The description of the API, as OpenAPI. */
  apiDescription: Record<string, unknown>
  machine: SignInParts
  /** Works off what waits to be mailed, and delivers what is due, until it is told to stop. Several rounds may go on at once. */
  deliverMail(isStopping?: () => boolean): Promise<{ sent: number; failed: number }>
  /** Gives audit events that have none yet their link in the chain. */
  linkAudit(): Promise<void>
  /** Only notes where the chain ends, so that this process knows it when it comes to extend it. */
  watchAudit(): Promise<void>
  /** Notes a data key that has come: a process that knows it can do without the master key, should that be replaced. */
  watchKeys(): Promise<void>
  /** Throws when the master key was replaced and this process has not got the new one. */
  proveKeys(): Promise<void>
  /** Writes down and tells that an enforcement which nobody confirmed has lapsed. */
  sweepEnforcement(): Promise<boolean>
  /** Deletes what has run out, and logs where the audit chain ends: whoever keeps the log can later tell that it was cut. */
  purge(): Promise<void>
  /** Notes in the log that some work in the background failed. */
  noteFault(work: string, error: unknown): void
  /** Tells whoever asks whether it is ready that it is not any more; everything is answered as before. */
  beginToStop(): void
  /** The one-time link that creates the first administrator; null once there has been one. */
  setUpLink(): Promise<string | null>
}

/** Builds the service. It listens to nothing and does no background work by itself: `server.ts` and `main.ts` see to that. */
export function createService(parts: ServiceParts): Service {
  const { config, db, keys, clock, log, hashing = createHashing(clock) } = parts
  const onFault = (error: unknown) => log.error({ err: error }, 'counting failed; nothing else is harmed')
  const metrics = createMetrics({ db, clock, hashing, onFault })
  const machine = createMachine(parts, { hashing, measures: metrics })
  const settings = settingsOf(config, machine.branding)
  const hooks = {
    onBug: (error: unknown, caller: Caller) =>
      log.error({ err: error, requestId: caller.requestId }, whatFailed(error)),
    onAnswer: ({ caller, route, ...answer }: Answered) => {
      metrics.answered({ ...answer, route })
      const { milliseconds, refused, token, ...line } = answer
      const { requestId, address } = caller
      const more = { ...(refused ? { refused } : {}), ...(token ? { token } : {}) }
      const fields = { ...line, ...more, milliseconds: Math.round(milliseconds * 10) / 10 }
      log.info({ ...fields, requestId, address }, 'answered')
    },
  }
  const noteFault = (work: string, error: unknown) =>
    log.error({ err: error, at: clock() }, `${work} failed; it will be tried again`)
  const tellOf = (work: string) => (error: unknown) => noteFault(work, error)
  const linker = createLinker(db, keys, metrics.recorded)
  let stopping = false
  const { script, style, files } = parts.assets
  const pages = createPages(
    { machine, settings, assets: { script, style }, countUsers: keepUserCounts(db, clock) },
    hooks,
    files,
  )
  const api = createApi({ machine, settings }, { ...hooks, exposition: metrics.exposition, isStopping: () => stopping })

  return {
    fetch: (request, connection) => (isForApi(new URL(request.url).pathname) ? api : pages).fetch(request, connection),
    fault: (status, error) => {
      if (status === 500) log.error({ err: error }, 'a request failed outside of every door')
      metrics.answered({ method: '', route: null, status, milliseconds: 0 })
      const response = new Response(null, { status })
      setSecurityHeaders(response.headers, settings)
      return response
    },
    routes: [...pages.routes, ...api.routes],
    get apiDescription() {
      return api.description
    },
    machine,
    linkAudit: async () => void (await linker.link(clock())),
    watchAudit: () => linker.look(),
    watchKeys: async () => void (await keys.newest(db)),
    proveKeys: () => keys.prove(db),
    sweepEnforcement: () => sweepEnforcement(machine),
    deliverMail: async (isStopping = () => false) => {
      // What fails here holds up neither the others nor the mail that is written already.
      await machine.branding.refresh().catch(tellOf('reading the brand'))
      const tellOfRequest = tellOf('a request for a password reset')
      await answerResetRequests(machine, tellOfRequest).catch(tellOfRequest)
      return deliverDue(
        { db, mailer: parts.mailer, sealer: machine.sealer, clock },
        { isStopping, onGivenUp: (mail) => log.error({ mail }, 'a mail was given up: see the outbox') },
      )
    },
    purge: async () => {
      const works = {
        'ending accounts that have run out': () => expireUsers(machine),
        'purging sign-ins': () => purgeSignIns(machine),
        'purging enrolments': () => purgeEnrolments(db, clock()),
        'purging links': () => purgeLinks(db, clock()),
        'purging requests for a password reset': () => purgeResetRequests(db, clock()),
        'purging sessions': () => purgeSessions(db, config.session, clock()),
        'purging access tokens': () => purgeAccessTokens(db, clock()),
        'purging counts of attempts': () => purgeAttempts(db, clock()),
        'purging round trips to identity providers': () => purgeRoundTrips(db, clock()),
        'purging assertions that were seen': () => purgeSeenAssertions(db, clock()),
        'purging the outbox': () => purgeOutbox(db, clock()),
      }
      for (const [work, act] of Object.entries(works)) await act().catch(tellOf(work))
      const { head } = await linker.link(clock())
      log.info({ head: writeHead(head) }, 'the audit chain ends here')
    },
    noteFault,
    beginToStop: () => {
      stopping = true
    },
    setUpLink: async () =>
      (await isFirstAdministratorMissing(db))
        ? `${config.url}/set-up?token=${await firstAdministratorToken(db, keys)}`
        : null,
  }
}

function whatFailed(error: unknown): string {
  if (error instanceof WrongMasterKey) return 'a request failed: the secret key of this process is not the one in use'
  return error instanceof DatabaseUnavailable ? 'a request failed: the database cannot be used' : 'a request failed'
}

function settingsOf(config: ServiceParts['config'], branding: Branding): HttpSettings {
  return {
    url: config.url,
    trustedProxies: config.trustedProxies,
    metricsToken: config.metricsToken,
    get serviceName() {
      return branding.current().name ?? config.name
    },
  }
}

/** Builds what decides, without any door: for the service, and for commands. */
export function createMachine(
  { config, db, keys, clock, mailer }: Pick<ServiceParts, 'config' | 'db' | 'keys' | 'clock' | 'mailer'>,
  { hashing, measures }: { hashing: Hashing; measures: Measures } = {
    hashing: createHashing(clock),
    measures: uncounted,
  },
): SignInParts {
  const branding = createBranding(db, clock)
  const settings = settingsOf(config, branding)
  const sealer = sealerFor(keys)
  const outbound = createOutbound({ allowsPrivate: config.allowPrivateProviders })
  const secretOf = ({ id }: { id: string }) => readProviderSecret(db, sealer, id)
  return {
    db,
    clock,
    keys,
    sealer,
    hashing,
    policies: createPolicies(),
    providers: createProviders(),
    outbound,
    oidc: createOidc({ outbound, now: clock, secretOf }),
    saml: createSaml({ db, now: clock, secretOf, url: config.url }),
    limits: config.session,
    notify: notifier(settings),
    deliverNow: (id) => deliverNow({ db, mailer, sealer, clock }, id),
    mailLink: linkMailer(settings, sealer),
    hasMailServer: config.mail !== null,
    get serviceName() {
      return settings.serviceName
    },
    branding,
    measures,
  }
}

function isForApi(path: string): boolean {
  return path.startsWith('/api/') || ['/healthz', '/readyz', '/metrics'].includes(path)
}

/** Writes notices in the person's language into the outbox. */
function notifier(settings: HttpSettings): Notify {
  return async (trx, notice, { account, caller, now }) => {
    const messages = messagesFor(account.user.language ?? 'en')
    const { email, name } = account.user
    return send(
      trx,
      noticeMessage(notice, {
        messages,
        serviceName: settings.serviceName,
        serviceUrl: settings.url,
        helpContact: account.helpContact,
        to: { email, name },
        caller,
        now,
      }),
      now,
    )
  }
}

/** Writes mails with one-time links into the outbox. Links begin with the public address, whatever a request says of it. */
function linkMailer(settings: HttpSettings, sealer: Sealer): MailLink {
  return async (trx, { about, token, expiresAt }, { language, ...context }) => {
    const message = linkMessage(about, expiresAt, {
      messages: messagesFor(language),
      serviceName: settings.serviceName,
      serviceUrl: settings.url,
      ...context,
    })
    await sendWithLink(trx, sealer, { message, link: addressOfLink(settings, about, token) }, context.now)
  }
}

/** Creates the first administrator from the settings, on a database that has never had one. True when it did. */
export async function createAdministratorFromSettings(
  { db, clock, serviceName, hashing }: { db: Database; clock: Clock; serviceName: string; hashing: Hashing },
  { email: typed, password }: { email: string; password: string },
): Promise<boolean> {
  if (!(await isFirstAdministratorMissing(db))) return false
  const faults: string[] = []
  const email = parseEmail(typed)
  if (email === null) faults.push('COUNTERSIGN_ADMIN_EMAIL is not an e-mail address.')
  const problem = await passwordProblem(password, { mfaRequired: false, words: [serviceName, typed] })
  if (problem !== null) faults.push(`COUNTERSIGN_ADMIN_PASSWORD cannot be used: ${passwordFaults[problem]}.`)
  if (email === null || faults.length > 0) throw new ConfigFaults(faults)
  const passwordHash = await hashing.hashPassword(password)
  const now = clock()
  return db
    .transaction()
    .execute(async (trx) => {
      const administrator = { email, name: null, passwordHash, by: 'settings' as const, caller: null, now }
      const id = await createFirstAdministrator(trx, administrator)
      const about = { now, caller: null, actor: id, subject: id }
      await record(trx, { name: 'password.set', details: { by: 'settings' } }, about)
      return true
    })
    .catch((error: unknown) => {
      // Another process that starts at the same time was quicker.
      if (error instanceof Refusal && error.code === 'link-invalid') return false
      throw error
    })
}

const passwordFaults = {
  'too-short': `it must have at least ${minimumAlone} characters`,
  'too-long': 'it must have at most 128 characters',
  common: 'it is one of the passwords that attackers try first',
  'names-you': 'it says little more than the name of the service or of the account',
} as const
