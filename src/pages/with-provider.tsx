// The ways to identity providers and back. A provider is gone to from a form of ours, never by a mere link; what comes back
// belongs to the browser that was sent there, by a cookie of its own.

import { readPublicSettings } from '../enforcement/settings.ts'
import { readCookie } from '../http/cookies.ts'
import { type Door, type DoorContext, pendingOf, standingOf } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { safeReturnTo } from '../http/return-to.ts'
import { readProvider } from '../identity-providers/providers.ts'
import { ourMetadata, ourSide } from '../identity-providers/saml/request.ts'
import type { MessageId } from '../messages.ts'
import { Refusal } from '../refusal.ts'
import { unlinkOwnIdentity } from '../sign-in/link-identity.ts'
import type { ProviderRefusal } from '../sign-in/refused-by-rule.ts'
import { type Answer, beginRoundTrip, findProvider, finishRoundTrip, type Present } from '../sign-in/round-trip.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { endCurrent, handOver, home, roundTripToken, stepUp } from './passage.ts'
import {
  BackFromProviderView,
  GoingToProviderView,
  ProviderRefusedView,
  WithProviderView,
} from './views/sign-in/providers.tsx'

const settingsPath = '/my-profile/settings'

/** Declares the pages between here and a provider. */
export function providerPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.anyone('get', '/sign-in/with/:provider', async (c) => {
    const provider = await findProvider(machine, c.req.param('provider') ?? '')
    if (!provider) throw new Refusal('not-found')
    const next = safeReturnTo(c.req.query('next'), settings.url) ?? undefined
    return page(c, <WithProviderView frame={frameOf(c, parts, null)} provider={provider} next={next} />)
  })

  door.anyone('post', '/sign-in/with/:provider', async (c) => {
    const form = await readForm(c)
    return go(c, parts, { purpose: 'sign-in', returnTo: safeReturnTo(form.text('next'), settings.url) ?? home })
  })

  door.signIn('post', '/sign-in/with/:provider/step-up', (c, { signIn }) =>
    go(c, parts, { purpose: 'step-up', returnTo: signIn.returnTo }),
  )

  door.signedIn('post', `${settingsPath}/link/:provider`, (c, standing) =>
    // A form that was sent is not sent again after a step-up: the person is led back to it.
    standing.sensitiveStep.at === 'done'
      ? go(c, parts, { purpose: 'link', returnTo: settingsPath })
      : stepUp(c, parts, standing, settingsPath),
  )

  door.signedIn('post', `${settingsPath}/unlink`, async (c, standing) => {
    const identityId = (await readForm(c)).text('identity')
    if (standing.sensitiveStep.at !== 'done') return stepUp(c, parts, standing, settingsPath)
    const { endedOwn } = await unlinkOwnIdentity(machine, standing, { identityId, caller: c.get('caller') })
    return c.redirect(endedOwn ? '/sign-in' : `${settingsPath}?notice=identity-unlinked`, 303)
  })

  door.anyone('get', '/sign-in/with/:provider/callback', async (c) => {
    const error = c.req.query('error')
    return comeBack(c, parts, c.req.query('state') ?? '', {
      by: 'oidc',
      // As the browser was told to come back, whatever this request says of its host.
      address: `${callbackOf(parts, c.req.param('provider') ?? '')}${new URL(c.req.url).search}`,
      error: error === undefined ? null : `${error}: ${c.req.query('error_description') ?? ''}`,
    })
  })

  door.anyone('get', '/sign-in/with/:provider/metadata', async (c) => {
    const provider = await readProvider(machine.db, c.req.param('provider') ?? '')
    if (provider?.kind !== 'saml') throw new Refusal('not-found')
    const metadata = ourMetadata(ourSide(settings.url, provider.id), provider.settings)
    return c.body(metadata, 200, { 'Content-Type': 'application/samlmetadata+xml' })
  })

  // A page elsewhere sends this form, so the browser leaves our cookies out; and nothing is done but to have it sent again from here.
  door.fromElsewhere('/sign-in/with/:provider/acs', async (c) => {
    const form = await readForm(c)
    const [response, state] = [form.text('SAMLResponse'), form.text('RelayState')]
    if (!/^[A-Za-z0-9+/=\s]+$/.test(response) || !/^[\w-]{43}$/.test(state)) throw new Refusal('bad-request')
    const action = `/sign-in/with/${encodeURIComponent(c.req.param('provider') ?? '')}/response`
    const frame = frameOf(c, parts, null)
    return page(c, <BackFromProviderView frame={frame} action={action} response={response} state={state} />)
  })

  door.anyone('post', '/sign-in/with/:provider/response', async (c) => {
    const form = await readForm(c)
    return comeBack(c, parts, form.text('RelayState'), { by: 'saml', response: form.text('SAMLResponse') })
  })
}

async function comeBack(c: DoorContext, parts: PageParts, state: string, said: Answer['said']): Promise<Response> {
  const present = await presentIn(c, parts)
  const answer = { providerId: c.req.param('provider') ?? '', state, said }
  const finished = await finishRoundTrip(parts.machine, present, answer)
  if (finished.is === 'refused') return showRefused(c, parts, finished.because)
  if (finished.is === 'linked') return c.redirect(`${settingsPath}?notice=identity-linked`, 303)
  // Whoever was signed in here before is not any more: one browser, one person at a time.
  if (finished.purpose === 'sign-in') await endCurrent(c, parts)
  return c.redirect(handOver(c, parts, finished.progress), 303)
}

function callbackOf({ settings }: PageParts, providerId: string): string {
  return `${settings.url}/sign-in/with/${encodeURIComponent(providerId)}/callback`
}

async function presentIn(c: DoorContext, { machine, settings }: PageParts): Promise<Present> {
  return {
    browser: readCookie(c, settings, 'round-trip') ?? '',
    standing: await standingOf(c, machine, settings),
    pending: await pendingOf(c, machine, settings),
    caller: c.get('caller'),
  }
}

async function go(
  c: DoorContext,
  parts: PageParts,
  { purpose, returnTo }: { purpose: 'sign-in' | 'step-up' | 'link'; returnTo: string },
): Promise<Response> {
  const { machine } = parts
  const providerId = c.req.param('provider') ?? ''
  const present = { ...(await presentIn(c, parts)), browser: roundTripToken(c, parts) }
  const callback = callbackOf(parts, providerId)
  const begun = await beginRoundTrip(machine, present, { providerId, purpose, returnTo, callback })
  if (begun.is === 'refused') return showRefused(c, parts, begun.because)
  const name = (await findProvider(machine, providerId))?.name ?? ''
  return page(c, <GoingToProviderView frame={frameOf(c, parts, null)} name={name} address={begun.address} />)
}

async function showRefused(c: DoorContext, parts: PageParts, because: ProviderRefusal): Promise<Response> {
  const frame = frameOf(c, parts, c.get('standing')?.account ?? null)
  const { helpContact } = await readPublicSettings(parts.machine.db)
  const view = (
    <ProviderRefusedView
      frame={frame}
      text={frame.t(`withProvider.refused.${because}` satisfies MessageId)}
      status={403}
      requestId={c.get('caller').requestId}
      isSignedIn={c.get('standing') !== null}
      helpContact={helpContact ?? undefined}
    />
  )
  return page(c, view, 403)
}
