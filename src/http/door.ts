// What every web door is made of. A route is declared together with who may call it; the declaration is the only way to
// add one, and a route that got in another way is answered as if it did not exist. Before a handler runs, its caller has
// been looked up and judged by the one decision; a handler receives what its declaration promised, typed.

import { type Context, type Handler, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import type { Scope } from '../access-tokens/scopes.ts'
import { type Caller, printable, recordAlone } from '../audit/record.ts'
import { DatabaseUnavailable } from '../database/unavailable.ts'
import { Refusal, type RefusalCode } from '../refusal.ts'
import { WrongMasterKey } from '../secrets/key-ring.ts'
import { mustHaveScope } from '../sign-in/administer.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import type { Holder } from '../sign-in/protect.ts'
import {
  type AnyStanding,
  findPendingSignIn,
  findStanding,
  type PendingSignIn,
  type Standing,
  type TokenStanding,
} from '../sign-in/standing.ts'
import { seconds } from '../time.ts'
import { may, type Permission } from '../users/roles.ts'
import { bearerToken, mustBeValidToken } from './bearer.ts'
import { type Connection, callerOf } from './caller.ts'
import { readCookie } from './cookies.ts'
import { asRequest } from './current-request.ts'
import { setSecurityHeaders } from './headers.ts'
import { mustMonitor } from './monitoring.ts'
import { mustBeSameOrigin } from './same-origin.ts'
import type { HttpSettings } from './settings.ts'

/**
 * Who may call a route:
 * - `anyone`: no questions asked;
 * - `sign-in`: a sign-in or step-up in progress;
 * - `holder`: whoever may be led to protect their account: a sign-in that owes enrolment or recovery codes, or a session, even one that owes them;
 * - `signed-in`: a session that owes nothing;
 * - `monitoring`: whoever may read the metrics: no person, but a program of the operator's;
 * - a permission, such as `users.read`: such a session, of somebody whose role grants it.
 */
export type Access = 'anyone' | 'monitoring' | 'sign-in' | 'holder' | 'signed-in' | Permission

export interface DoorEnv {
  Bindings: Connection
  Variables: {
    caller: Caller
    standing: Standing | null
    /** Where the token stands that this request bears, on a route that is for programs. */
    token: TokenStanding | null
    refused: RefusalCode | null
    /** Shows the form again that was sent, as it was filled in, for somebody who is to try again in a moment. */
    showAgain: ((refusal: Refusal) => Answer) | null
  }
}
export type DoorContext = Context<DoorEnv>

type Answer = Response | Promise<Response>
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Declare<Given extends unknown[]> = (
  method: Method,
  path: string,
  handler: (c: DoorContext, ...given: Given) => Answer,
) => void

export interface DeclaredRoute {
  method: string
  path: string
  access: Access
  /** On routes for programs: the scope that lets a token in, or null where none is let in. */
  scope?: Scope | null
}

export interface Door {
  fetch(request: Request, connection: Connection): Answer
  /** Every declared route, for the table of routes and states. */
  routes: readonly DeclaredRoute[]
  anyone: Declare<[]>
  /** For anyone too: a form that another site may send. It is to change nothing, and has no cookies to go by. */
  fromElsewhere: (path: string, handler: (c: DoorContext) => Answer) => void
  /** For anyone too: a file that the build made, which is the same whatever the door prepares for. */
  file: (path: string, handler: (c: DoorContext) => Answer) => void
  monitoring: Declare<[]>
  signIn: Declare<[PendingSignIn]>
  holder: Declare<[Holder]>
  signedIn: Declare<[Standing]>
  permitted: (permission: Permission, ...route: Parameters<Declare<[Standing]>>) => void
  /** A form with a file, which may be longer than others. */
  uploading: (permission: Permission, path: string, handler: (c: DoorContext, standing: Standing) => Answer) => void
  /** For programs: a session, or a token that has the scope, of somebody who owes nothing and has the permission, if one is named. */
  program: (access: 'signed-in' | Permission, scope: Scope, ...route: Parameters<Declare<[AnyStanding]>>) => void
  /** For programs that run in somebody's browser: a session only. A token is told that this is not for it. */
  inPerson: (access: 'signed-in' | Permission, ...route: Parameters<Declare<[Standing]>>) => void
  /** The router, for tests that try to get past the declaration. */
  app: Hono<DoorEnv>
}

export interface DoorParts {
  machine: SignInParts
  settings: HttpSettings
  /** Turns a refusal, or a bug (as null), into this door's language. */
  refuse: (c: DoorContext, refusal: Refusal | null) => Answer
  /** Done before every request that reaches a route of this door, but for files; a failure that is not the database's is only logged. */
  prepare?: () => Promise<void>
  /** Told of everything that was not a refusal, for the log. */
  onBug: (error: unknown, caller: Caller) => void
  /** Told of every request once it is answered, for the log. */
  onAnswer: (line: Answered) => void
}

/** One answered request, without its query: that may hold a one-time link's token. */
export interface Answered {
  method: string
  path: string
  /** The route as it was declared; null where there is none. */
  route: string | null
  status: number
  refused: RefusalCode | null
  /** The id of the personal access token that it bore, so that what a token did can be found by the request's number. */
  token: string | null
  milliseconds: number
  caller: Caller
}

/** What is not the same for every route. */
interface Peculiarities {
  /** On routes for programs: the scope that lets a token in, or null where none is let in. */
  scope?: Scope | null
  /** True where a form brings a file, and may be longer than others. */
  takesFile?: boolean
  /** True for a file that needs nothing to be prepared. */
  isFile?: boolean
  /** True for the one form that comes from pages elsewhere. */
  isFromElsewhere?: boolean
}

const longestBody = 64 * 1024
/** Where a file is taken: a logo of 256 KiB and the form around it. */
const longestUpload = 320 * 1024

/** Builds a door that has no routes yet. Every route that is then declared brings its gate along. */
export function createDoor(parts: DoorParts): Door {
  const { machine, settings } = parts
  const app = new Hono<DoorEnv>({ strict: true })
  const declared = new WeakMap<object, Peculiarities>()
  const guards = new WeakSet<object>()
  const routes: DeclaredRoute[] = []

  const guard = (middleware: MiddlewareHandler<DoorEnv>) => {
    guards.add(middleware)
    app.use('*', middleware)
  }
  guard(async (c, next) => {
    const began = performance.now()
    const caller = callerOf(c.req.raw.headers, c.env, settings.trustedProxies)
    c.set('caller', caller)
    c.set('standing', null)
    c.set('token', null)
    c.set('refused', null)
    c.set('showAgain', null)
    await asRequest(caller.requestId, next)
    setSecurityHeaders(c.res.headers, settings)
    c.res.headers.set('X-Request-Id', caller.requestId)
    parts.onAnswer({
      method: c.req.method,
      path: c.req.path,
      route: matchedRoutes(c).find(({ handler }) => declared.has(handler))?.path ?? null,
      status: c.res.status,
      refused: c.get('refused'),
      token: c.get('token')?.token.id ?? null,
      milliseconds: performance.now() - began,
      caller,
    })
  })
  const onError = () => refuseWith(new Refusal('too-large'))
  const limits = {
    form: bodyLimit({ maxSize: longestBody, onError }),
    upload: bodyLimit({ maxSize: longestUpload, onError }),
  }
  guard((c, next) => {
    // These have none that could be read, and to look for one takes longer than all else that is done here.
    if (c.req.raw.method === 'GET' || c.req.raw.method === 'HEAD') return next()
    const takesFile = matchedRoutes(c).some(({ handler }) => declared.get(handler)?.takesFile)
    return (takesFile ? limits.upload : limits.form)(c, next)
  })
  guard(async (c, next) => {
    const handlers = matchedRoutes(c).map(({ handler }) => handler)
    // A stranger beside a declared route could answer in its place, so such a route is closed as well.
    if (!handlers.some((handler) => declared.has(handler))) throw notHere(c, routes)
    if (!handlers.every((handler) => declared.has(handler) || guards.has(handler))) throw new Refusal('not-found')
    const byToken = bearerToken(c) !== null && handlers.some((handler) => declared.get(handler)?.scope !== undefined)
    const isFromElsewhere = handlers.some((handler) => declared.get(handler)?.isFromElsewhere)
    if (!byToken && !isFromElsewhere) mustBeSameOrigin(c.req.raw, settings.url)
    const isFile = handlers.some((handler) => declared.get(handler)?.isFile)
    if (!isFile) await prepare(c)
    await next()
  })
  const prepare = (c: DoorContext) =>
    parts.prepare?.().catch((error: unknown) => {
      // Whatever is asked next of the database would only wait as long again.
      if (error instanceof DatabaseUnavailable) throw error
      parts.onBug(error, c.get('caller'))
    })
  app.notFound(() => refuseWith(new Refusal('not-found')))
  app.onError(async (error, c) => {
    const hungUp = hasHungUp(error, c)
    if (!(error instanceof Refusal || hungUp)) parts.onBug(error, c.get('caller'))
    const refusal = hungUp ? new Refusal('bad-request', { cause: error }) : asRefusal(error, machine)
    c.set('refused', refusal?.code ?? null)
    if (refusal)
      await noteRefusal(c, machine, refusal).catch((failure: unknown) => parts.onBug(failure, c.get('caller')))
    return parts.refuse(c, refusal)
  })

  function declare<Given extends unknown[]>(
    access: Access,
    lookUp: (c: DoorContext) => Promise<Given>,
    peculiarities: Peculiarities = {},
  ): Declare<Given> {
    return (method, path, handler) => {
      const gated: Handler<DoorEnv> = async (c) => {
        const given = await lookUp(c)
        // Opening a page may begin something (a new secret, a step-up); asking about it with HEAD begins nothing.
        if (c.req.raw.method === 'HEAD' && access !== 'anyone') return c.body(null)
        return handler(c, ...given)
      }
      declared.set(gated, peculiarities)
      const { scope } = peculiarities
      routes.push({ method: method.toUpperCase(), path, access, ...(scope === undefined ? {} : { scope }) })
      app.on(method.toUpperCase(), path, gated)
    }
  }

  const permitted = (permission: Permission, peculiarities?: Peculiarities) =>
    declare(permission, async (c) => [await mustBePermitted(c, machine, settings, permission)], peculiarities)

  return {
    app,
    routes,
    fetch: (request, connection) => app.fetch(request, connection),
    anyone: declare('anyone', async () => []),
    fromElsewhere: (path, handler) =>
      declare('anyone', async () => [], { isFromElsewhere: true })('post', path, handler),
    file: (path, handler) => declare('anyone', async () => [], { isFile: true })('get', path, handler),
    monitoring: declare('monitoring', async (c) => {
      mustMonitor(c.req.raw, bearerToken(c), c.env, settings)
      return []
    }),
    signIn: declare('sign-in', async (c) => [await mustBeSigningIn(c, machine, settings)]),
    holder: declare('holder', async (c) => [await mustHold(c, machine, settings)]),
    signedIn: declare('signed-in', async (c) => [await mustBeSignedIn(c, machine, settings)]),
    permitted: (permission, ...route) => permitted(permission)(...route),
    uploading: (permission, path, handler) => permitted(permission, { takesFile: true })('post', path, handler),
    program: (access, scope, ...route) =>
      declare(access, async (c) => [await mustBeProgram(c, machine, settings, { access, scope })], { scope })(...route),
    inPerson: (access, ...route) =>
      declare(access, async (c) => [await mustBeInPerson(c, machine, settings, access)], { scope: null })(...route),
  }
}

/** Says no for what was thrown: for its own reason, or because the database or its keys cannot be used. Null for a bug. */
function asRefusal(error: unknown, { clock }: Pick<SignInParts, 'clock'>): Refusal | null {
  if (error instanceof Refusal) return error
  if (!(error instanceof DatabaseUnavailable || error instanceof WrongMasterKey)) return null
  return new Refusal('unavailable', { cause: error, retryAt: clock() + retryAfter })
}

/** Tells whether the request broke off while it was read: that is nobody's fault here, and nobody hears the answer. */
function hasHungUp(error: Error, c: DoorContext): boolean {
  return 'code' in error && error.code === 'ECONNRESET' && c.env.isGone?.() === true
}

/** A database that cannot be used is worth another try after this long. */
const retryAfter = seconds(5)

/** Says that nothing is here; or, to programs, with which methods there is. */
function notHere(c: DoorContext, routes: readonly DeclaredRoute[]): Refusal {
  const isHere = ({ path }: DeclaredRoute) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`).test(c.req.path)
  const methods = routes
    .filter(({ scope }) => scope !== undefined)
    .filter(isHere)
    .map(({ method }) => method)
  if (methods.length === 0) return new Refusal('not-found')
  return new Refusal('wrong-method', { allow: methods.includes('GET') ? [...methods, 'HEAD'] : methods })
}

function refuseWith(refusal: Refusal): never {
  throw refusal
}

/** What somebody who is signed in tried and may not do. Everything else that is refused is in the log only: anyone can cause it. */
const worthAnEvent: readonly RefusalCode[] = [
  'not-allowed',
  'not-for-tokens',
  'scope-missing',
  'mfa-enforced',
  'mfa-needed-first',
]

async function noteRefusal(c: DoorContext, machine: SignInParts, { code }: Refusal): Promise<void> {
  const standing = c.get('token') ?? c.get('standing')
  if (!standing || !worthAnEvent.includes(code)) return
  const actor = standing.account.user.id
  const details = { because: code, method: c.req.method, path: printable(c.req.path, 200) }
  const about = { now: machine.clock(), caller: c.get('caller'), actor, subject: null }
  await recordAlone(machine.db, { name: 'request.refused', details }, about)
}

/** Looks up the session of this request, once, whatever it is worth. */
export async function standingOf(
  c: DoorContext,
  machine: SignInParts,
  settings: HttpSettings,
): Promise<Standing | null> {
  const known = c.get('standing')
  if (known) return known
  const token = readCookie(c, settings, 'session')
  const standing = token === null ? null : await findStanding(machine, token)
  c.set('standing', standing)
  return standing
}

/** Looks up the sign-in or step-up in progress in this browser. */
export async function pendingOf(
  c: DoorContext,
  machine: SignInParts,
  settings: HttpSettings,
): Promise<PendingSignIn | null> {
  const token = readCookie(c, settings, 'sign-in')
  const pending = token === null ? null : await findPendingSignIn(machine, token)
  if (pending?.signIn.purpose !== 'step-up') return pending
  // A step-up belongs to the session that asked for it: without that session it is nobody's, and in somebody else's it
  // would turn one person's browser into another's.
  const standing = await standingOf(c, machine, settings)
  return standing?.session.id === pending.signIn.sessionId ? pending : null
}

/** A sign-in that owed something until what was required changed. It is worth a session, and only has to be finished. */
function owesNothing(pending: PendingSignIn | null): boolean {
  return pending?.signIn.purpose === 'sign-in' && pending.step.at === 'done'
}

async function mustBeSigningIn(c: DoorContext, machine: SignInParts, settings: HttpSettings): Promise<PendingSignIn> {
  const pending = await pendingOf(c, machine, settings)
  if (!pending || pending.step.at === 'refused') throw new Refusal('sign-in-over')
  if (owesNothing(pending)) throw new Refusal('nothing-owed')
  return pending
}

async function mustBeSignedIn(c: DoorContext, machine: SignInParts, settings: HttpSettings): Promise<Standing> {
  const standing = await standingOf(c, machine, settings)
  switch (standing?.step.at) {
    case 'done':
      return standing
    case 'enrol':
      throw new Refusal('enrolment-owed')
    case 'recovery-codes':
      throw new Refusal('recovery-codes-owed')
    default:
      // No session; or one that lacks a factor which its user has: it is worth no more than none.
      throw new Refusal('signed-out')
  }
}

async function mustBePermitted(
  c: DoorContext,
  machine: SignInParts,
  settings: HttpSettings,
  permission: Permission,
): Promise<Standing> {
  const standing = await mustBeSignedIn(c, machine, settings)
  if (!may(standing.account.user.role, permission)) throw new Refusal('not-allowed')
  return standing
}

/** Asks for the session or, where the request bears a token, for that and nothing else. */
async function mustBeProgram(
  c: DoorContext,
  machine: SignInParts,
  settings: HttpSettings,
  { access, scope }: { access: 'signed-in' | Permission; scope: Scope | null },
): Promise<AnyStanding> {
  const text = bearerToken(c)
  const standing = text === null ? await mustBeSignedIn(c, machine, settings) : await mustBeValidToken(machine, text)
  if (standing.via === 'token') c.set('token', standing)
  if (access !== 'signed-in' && !may(standing.account.user.role, access)) throw new Refusal('not-allowed')
  mustHaveScope(standing, scope)
  return standing
}

async function mustBeInPerson(
  c: DoorContext,
  machine: SignInParts,
  settings: HttpSettings,
  access: 'signed-in' | Permission,
): Promise<Standing> {
  const standing = await mustBeProgram(c, machine, settings, { access, scope: null })
  if (standing.via === 'token') throw new Refusal('not-for-tokens')
  return standing
}

async function mustHold(c: DoorContext, machine: SignInParts, settings: HttpSettings): Promise<Holder> {
  const pending = await pendingOf(c, machine, settings)
  if (pending?.signIn.purpose === 'sign-in') {
    // Whoever has begun to set 2FA up when it is no longer required may send the form that they have before them.
    if (owesNothing(pending) && c.req.raw.method !== 'POST') throw new Refusal('nothing-owed')
    if (owesNothing(pending)) return { in: 'sign-in', pending }
    if (pending.step.at === 'set-up-link') throw new Refusal('set-up-link-owed')
    if (pending.step.at !== 'enrol' && pending.step.at !== 'recovery-codes') throw new Refusal('second-factor-owed')
    return { in: 'sign-in', pending }
  }
  const standing = await standingOf(c, machine, settings)
  if (!standing || !['done', 'enrol', 'recovery-codes'].includes(standing.step.at)) throw new Refusal('signed-out')
  return { in: 'session', standing }
}
