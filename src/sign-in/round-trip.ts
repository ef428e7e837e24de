// To a provider and back. Going begins a round trip that belongs to one browser and, where somebody is signed in, to their
// session; coming back uses it up first, whatever is said then, and does what it was begun for. What is refused is recorded
// with all that an administrator needs; the person gets a word of it and the number of the request.

import { type Caller, printable, recordAlone } from '../audit/record.ts'
import type { RoundTripPurpose } from '../database/tables.ts'
import type { Assertion } from '../identity-providers/assertion.ts'
import { NotBelieved } from '../identity-providers/oidc.ts'
import type { Provider } from '../identity-providers/provider.ts'
import { derivedFor, openRoundTrip, type RoundTrip, takeRoundTrip } from '../identity-providers/round-trips.ts'
import { newRequestId } from '../identity-providers/saml/request.ts'
import { linkOwnIdentity } from './link-identity.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { type ProviderRefusal, ProviderRefused } from './refused-by-rule.ts'
import type { Progress } from './sign-in.ts'
import { signInByProvider, stepUpByProvider } from './sign-in-by-provider.ts'
import type { PendingSignIn, Standing } from './standing.ts'

/** Who is in the browser, as far as a round trip may be bound to it. */
export interface Present {
  /** The browser's own token, from its cookie. */
  browser: string
  standing: Standing | null
  pending: PendingSignIn | null
  caller: Caller
}

export type Begun = { is: 'begun'; address: string } | { is: 'refused'; because: ProviderRefusal }

export type Finished =
  | { is: 'progress'; progress: Progress; purpose: 'sign-in' | 'step-up' }
  | { is: 'linked' }
  | { is: 'refused'; because: ProviderRefusal; returnTo: string | null }

/** Finds a provider that is on; null for any other. */
export async function findProvider(parts: SignInParts, id: string): Promise<Provider | null> {
  return (await parts.providers.now(parts.db)).find((provider) => provider.id === id) ?? null
}

/**
 * Sends the browser on its way: comes back with the address to go to. `callback` is where the provider sends it back to.
 * To link asks for a fresh proof; to step up, for a step-up in progress that offers it.
 */
export async function beginRoundTrip(
  parts: SignInParts,
  present: Present,
  {
    providerId,
    purpose,
    returnTo,
    callback,
  }: { providerId: string; purpose: RoundTripPurpose; returnTo: string; callback: string },
): Promise<Begun> {
  const { browser, standing, pending, caller } = present
  if (purpose === 'link') mustBeFresh(standing ?? missing())
  const provider = await findProvider(parts, providerId)
  const refuse = (because: ProviderRefusal, detail?: string) =>
    refuseRoundTrip(parts, { providerId, purpose, because, detail, caller })
  if (!provider) return { is: 'refused', because: await refuse('provider-off') }
  const sessionId = purpose === 'sign-in' ? null : (standing?.session.id ?? null)
  const signInId = purpose === 'step-up' ? (pending?.signIn.id ?? null) : null
  if (purpose === 'step-up' && (signInId === null || pending?.signIn.purpose !== 'step-up'))
    return { is: 'refused', because: await refuse('over') }
  const id = newRequestId()
  const request = provider.kind === 'saml' ? id : null
  const trip = { providerId, purpose, sessionId, signInId, request, returnTo, browser }
  const state = await openRoundTrip(parts.db, trip, parts.clock())
  const fresh = purpose === 'step-up'
  try {
    const address =
      provider.kind === 'saml'
        ? await parts.saml.begin(provider, { id, state, fresh })
        : await parts.oidc.begin(provider, { redirectUri: callback, state, ...derivedFor(browser, state), fresh })
    return { is: 'begun', address }
  } catch (error) {
    if (!(error instanceof NotBelieved)) throw error
    return { is: 'refused', because: await refuse(error.because, error.message) }
  }
}

function missing(): never {
  throw new ProviderRefused('over')
}

/** What the provider's answer says before anything of it is believed. */
export interface Answer {
  providerId: string
  state: string
  said: OidcSaid | SamlSaid
}

interface OidcSaid {
  by: 'oidc'
  /** The whole address that the browser came back to. */
  address: string
  /** What the provider says went wrong, if it does. */
  error: string | null
}

interface SamlSaid {
  by: 'saml'
  /** The response, as the form brought it. */
  response: string
}

/** Takes the browser back in. Never throws for what a provider or an attacker may send. */
export async function finishRoundTrip(parts: SignInParts, present: Present, answer: Answer): Promise<Finished> {
  const { providerId, state } = answer
  const { browser, caller } = present
  const trip = await takeRoundTrip(parts.db, { state, browser, providerId }, parts.clock())
  try {
    if (!trip) throw new ProviderRefused('over')
    const provider = await findProvider(parts, providerId)
    if (!provider) throw new ProviderRefused('provider-off')
    mustBelong(trip, present)
    return await finishWith(parts, present, { trip, provider, answer })
  } catch (error) {
    const refused = asRefused(error)
    if (!refused) throw error
    const { because, detail } = refused
    const purpose = trip?.purpose ?? 'sign-in'
    await refuseRoundTrip(parts, { providerId, purpose, because, detail, caller })
    return { is: 'refused', because, returnTo: trip?.returnTo ?? null }
  }
}

async function finishWith(
  parts: SignInParts,
  { browser, standing, pending, caller }: Present,
  { trip, provider, answer }: { trip: RoundTrip; provider: Provider; answer: Answer },
): Promise<Finished> {
  const assertion = await believe(parts, browser, { trip, provider, answer })
  const came = { provider, assertion, caller }
  if (trip.purpose === 'sign-in') {
    const progress = await signInByProvider(parts, { ...came, returnTo: trip.returnTo })
    return { is: 'progress', purpose: 'sign-in', progress }
  }
  if (trip.purpose === 'step-up' && pending) {
    const progress = await stepUpByProvider(parts, { ...came, pending, sentAt: trip.createdAt })
    return { is: 'progress', purpose: 'step-up', progress }
  }
  if (trip.purpose === 'link' && standing) {
    await linkOwnIdentity(parts, { ...came, standing })
    return { is: 'linked' }
  }
  throw new ProviderRefused('over')
}

/** What the provider has said, verified by the protocol that it was asked by and no other. */
function believe(
  parts: SignInParts,
  browser: string,
  { trip, provider, answer: { state, said } }: { trip: RoundTrip; provider: Provider; answer: Answer },
): Promise<Assertion> {
  if (provider.kind === 'saml' && said.by === 'saml' && trip.request !== null)
    return parts.saml.finish(provider, { response: said.response, request: trip.request })
  if (provider.kind !== 'oidc' || said.by !== 'oidc') throw new ProviderRefused('over')
  if (said.error !== null) throw new ProviderRefused('declined', said.error)
  return parts.oidc.finish(provider, { address: said.address, state, ...derivedFor(browser, state) })
}

/** A step-up or a link is finished in the very session that began it, and by nobody else's. */
function mustBelong({ purpose, sessionId, signInId }: RoundTrip, { standing, pending }: Present): void {
  if (purpose === 'sign-in') return
  if (sessionId === null || standing?.session.id !== sessionId) throw new ProviderRefused('over')
  if (purpose === 'step-up' && pending?.signIn.id !== signInId) throw new ProviderRefused('over')
}

function asRefused(error: unknown): ProviderRefused | null {
  if (error instanceof ProviderRefused) return error
  return error instanceof NotBelieved ? new ProviderRefused(error.because, error.message) : null
}

async function refuseRoundTrip(
  parts: SignInParts,
  {
    providerId,
    purpose,
    because,
    detail,
    caller,
  }: {
    providerId: string
    purpose: RoundTripPurpose
    because: ProviderRefusal
    detail: string | undefined
    caller: Caller
  },
): Promise<ProviderRefusal> {
  const more = detail === undefined ? {} : { detail: printable(detail, 500) }
  const details = { provider: printable(providerId, 64), purpose, because, ...more }
  const about = { now: parts.clock(), caller, actor: null, subject: null }
  await recordAlone(parts.db, { name: 'identity.refused', details }, about)
  return because
}
