// The pages of identity providers but for their forms: the list with the order of the buttons, each provider, switching it on
// and off, and deleting it. Whoever may see the settings sees them; what may be done is decided and guarded in
// `sign-in/manage-identity-providers.ts`.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { countIdentities } from '../../identity-providers/identities.ts'
import type { Provider } from '../../identity-providers/provider.ts'
import { readProviders } from '../../identity-providers/providers.ts'
import { Refusal } from '../../refusal.ts'
import { countSessionsOfProvider } from '../../sessions/sessions.ts'
import {
  moveIdentityProvider,
  removeIdentityProvider,
  switchIdentityProviderOff,
  switchIdentityProviderOn,
} from '../../sign-in/manage-identity-providers.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { listGroups } from '../../users/groups.ts'
import { frameOf, noticeNamed, type PageParts, page } from '../page-parts.ts'
import { stepUp } from '../passage.ts'
import { ConfirmProviderActView } from '../views/identity-providers/confirm.tsx'
import { ProviderView } from '../views/identity-providers/provider.tsx'
import { ProvidersView } from '../views/identity-providers/providers.tsx'
import { editProviderPages } from './edit.tsx'
import { factsOf } from './facts.ts'
import { hasProved, list, mustFindProvider, mustHaveProved, one, redirectUriOf } from './found.ts'
import { testConnectionPage } from './test-connection.tsx'

/** Declares the pages of identity providers. */
export function identityProviderPages(door: Door, parts: PageParts): void {
  listPage(door, parts)
  editProviderPages(door, parts)
  providerPage(door, parts)
  testConnectionPage(door, parts)
  switchPages(door, parts)
  deletePages(door, parts)
}

function listPage(door: Door, parts: PageParts): void {
  const { db } = parts.machine

  door.permitted('settings.read', 'get', list, async (c, standing) => {
    const frame = frameOf(c, parts, standing.account)
    const providers = await Promise.all(
      (await readProviders(db)).map(async ({ id, name, icon, mfa, enabledAt, testedAt }) => ({
        ...{ id, name, icon, mfa: mfa.is },
        isOn: enabledAt !== null,
        isTested: testedAt !== null,
        people: await countIdentities(db, id),
      })),
    )
    const notice = noticeNamed(frame, listNotices, c.req.query('notice'))
    return page(c, <ProvidersView frame={frame} providers={providers} notice={notice} />)
  })

  door.permitted('identity-providers.manage', 'post', `${one}/move`, async (c, standing) => {
    const form = await readForm(c)
    const { id } = await mustFindProvider(c, parts)
    const direction = form.text('direction')
    if (direction !== 'up' && direction !== 'down') throw new Refusal('bad-request')
    if (!hasProved(standing)) return stepUp(c, parts, standing, list)
    await moveIdentityProvider(parts.machine, standing, { providerId: id, direction, caller: c.get('caller') })
    return c.redirect(`${list}?notice=moved`, 303)
  })
}

const listNotices = { deleted: 'identityProviders.notice.deleted', moved: 'identityProviders.notice.moved' } as const

const notices = {
  created: 'identityProvider.notice.created',
  saved: 'identityProvider.notice.saved',
  untested: 'identityProvider.notice.untested',
  'secret-gone': 'identityProvider.notice.secretGone',
  'switched-off': 'identityProvider.notice.movedAway',
  on: 'identityProvider.notice.on',
  off: 'identityProvider.notice.off',
} as const

function providerPage(door: Door, parts: PageParts): void {
  const { db } = parts.machine

  door.permitted('settings.read', 'get', one, async (c, standing) => {
    const provider = await mustFindProvider(c, parts)
    const frame = frameOf(c, parts, standing.account)
    const { id, name, kind, enabledAt, testedAt, hasSecret } = provider
    const shown = {
      ...{ id, name, testedAt, hasSecret },
      isOidc: kind === 'oidc',
      isOn: enabledAt !== null,
      people: await countIdentities(db, id),
      redirectUri: redirectUriOf(parts.settings, id),
      facts: factsOf(frame, provider, await listGroups(db)),
    }
    const notice = noticeNamed(frame, notices, c.req.query('notice'))
    return page(c, <ProviderView frame={frame} provider={shown} notice={notice} />)
  })
}

function switchPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('identity-providers.manage', 'post', `${one}/switch-on`, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFindProvider(c, parts)
    if (!hasProved(standing)) return stepUp(c, parts, standing, `${list}/${id}`)
    await switchIdentityProviderOn(machine, standing, { providerId: id, caller: c.get('caller') })
    return c.redirect(`${list}/${id}?notice=on`, 303)
  })

  door.permitted('identity-providers.manage', 'get', `${one}/switch-off`, async (c, standing) => {
    const provider = await mustFindProvider(c, parts)
    if (provider.enabledAt === null) return c.redirect(`${list}/${provider.id}`, 303)
    return ask(c, parts, standing, { provider, act: 'switch-off' })
  })

  door.permitted('identity-providers.manage', 'post', `${one}/switch-off`, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFindProvider(c, parts)
    await switchIdentityProviderOff(machine, standing, { providerId: id, caller: c.get('caller') })
    return c.redirect(`${list}/${id}?notice=off`, 303)
  })
}

function deletePages(door: Door, parts: PageParts): void {
  door.permitted('identity-providers.manage', 'get', `${one}/delete`, async (c, standing) =>
    ask(c, parts, standing, { provider: await mustFindProvider(c, parts), act: 'delete' }),
  )

  door.permitted('identity-providers.manage', 'post', `${one}/delete`, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFindProvider(c, parts)
    await removeIdentityProvider(parts.machine, standing, { providerId: id, caller: c.get('caller') })
    return c.redirect(`${list}?notice=deleted`, 303)
  })
}

/** Asks before an act that ends something, and tells what. */
async function ask(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { provider, act }: { provider: Provider; act: 'switch-off' | 'delete' },
): Promise<Response> {
  mustHaveProved(standing)
  const { db } = parts.machine
  const frame = frameOf(c, parts, standing.account)
  const { t } = frame
  const sessions = t('confirmProvider.sessions', { count: await countSessionsOfProvider(db, provider.id) })
  const people = t('confirmProvider.people', { count: await countIdentities(db, provider.id) })
  const isDelete = act === 'delete'
  const view = (
    <ConfirmProviderActView
      frame={frame}
      provider={provider}
      title={t(isDelete ? 'identityProvider.delete' : 'identityProvider.switchOff')}
      points={
        isDelete
          ? [sessions, people, t('confirmProvider.accountsStay'), t('confirmProvider.secretGoes')]
          : [sessions, t('confirmProvider.buttonGoes'), t('confirmProvider.linksStay')]
      }
      danger={isDelete}
      act={act}
    />
  )
  return page(c, view)
}
