// Adding an OpenID Connect provider and changing it. The form is long: when the proof of the person has grown old meanwhile, it
// comes back as it was filled in, and is sent again once they have confirmed in another tab that it is them.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { isPresetName, type PresetName, presetNames, presets } from '../../identity-providers/presets.ts'
import type { OidcProvider } from '../../identity-providers/provider.ts'
import { Refusal } from '../../refusal.ts'
import { newId } from '../../secrets/tokens.ts'
import { addIdentityProvider, changeIdentityProvider } from '../../sign-in/manage-identity-providers.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { listGroups } from '../../users/groups.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { ChoosePresetView } from '../views/identity-providers/choose-preset.tsx'
import { ConfirmedView } from '../views/identity-providers/confirm.tsx'
import { ProviderFormView } from '../views/identity-providers/provider-form.tsx'
import type { Frame } from '../views/parts/frame.ts'
import { valuesOfPreset, valuesOfProvider } from './form-values.ts'
import {
  hasProved,
  isConflict,
  isProviderId,
  list,
  mustFindOidcProvider,
  mustHaveProved,
  one,
  redirectUriOf,
} from './found.ts'
import { type ReadForm, readProviderForm } from './read-form.ts'

/** Declares the forms. */
export function editProviderPages(door: Door, parts: PageParts): void {
  newPages(door, parts)
  changePages(door, parts)
}

function newPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  // Before the pages of a provider, whose address these would fit.
  door.permitted('identity-providers.manage', 'get', `${list}/confirm`, (c, standing) => {
    mustHaveProved(standing)
    return page(c, <ConfirmedView frame={frameOf(c, parts, standing.account)} />)
  })

  door.permitted('identity-providers.manage', 'get', `${list}/new`, async (c, standing) => {
    mustHaveProved(standing)
    const name = c.req.query('preset')
    if (!isPresetName(name))
      return page(
        c,
        <ChoosePresetView
          frame={frameOf(c, parts, standing.account)}
          presets={presetChoices(frameOf(c, parts, standing.account))}
        />,
      )
    const shown = { id: newId(), preset: name, values: valuesOfPreset(presets[name]), problems: {} }
    return showNew(c, parts, standing, shown)
  })

  door.permitted('identity-providers.manage', 'post', `${list}/new`, async (c, standing) => {
    const form = await readForm(c)
    const frame = frameOf(c, parts, standing.account)
    const [id, preset] = [form.text('id'), form.text('preset')]
    if (!isProviderId(id) || !isPresetName(preset)) throw new Refusal('bad-request')
    const read = readProviderForm(form, { frame, groups: await listGroups(machine.db), was: null })
    if (!read.wording || !hasProved(standing)) return showNew(c, parts, standing, { id, preset, ...read })
    await addIdentityProvider(machine, standing, { id, wording: read.wording, caller: c.get('caller') })
    return c.redirect(`${list}/${id}?notice=created`, 303)
  })
}

function presetChoices({ t }: Frame) {
  return presetNames.map((name) => ({ name, label: t(`preset.${name}`), hint: t(`preset.${name}.hint`) }))
}

async function showNew(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { id, preset, values, problems }: Pick<ReadForm, 'values' | 'problems'> & { id: string; preset: PresetName },
): Promise<Response> {
  const frame = frameOf(c, parts, standing.account)
  const { t } = frame
  const isSent = c.req.method === 'POST'
  const view = (
    <ProviderFormView
      frame={frame}
      title={t('providerForm.newTitle', { product: t(`preset.${preset}`) })}
      action={`${list}/new`}
      cancel={list}
      hidden={{ id, preset }}
      redirectUri={redirectUriOf(parts.settings, id)}
      values={values}
      problems={problems}
      hasSecret={false}
      issuerExample={presets[preset].issuerExample}
      advice={t(`preset.${preset}.advice`)}
      groups={await listGroups(parts.machine.db)}
      notice={isSent ? { kind: 'info', text: t('providerForm.secretAgain') } : undefined}
      mustConfirm={isSent && !hasProved(standing)}
    />
  )
  return page(c, view, isSent ? 422 : 200)
}

function changePages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('identity-providers.manage', 'get', `${one}/edit`, async (c, standing) => {
    const provider = await mustFindOidcProvider(c, parts)
    mustHaveProved(standing)
    const values = valuesOfProvider(provider, await listGroups(machine.db))
    return showChange(c, parts, standing, { provider, version: provider.version, values, problems: {} })
  })

  door.permitted('identity-providers.manage', 'post', `${one}/edit`, async (c, standing) => {
    const form = await readForm(c)
    const provider = await mustFindOidcProvider(c, parts)
    const frame = frameOf(c, parts, standing.account)
    const version = /^\d{1,9}$/.test(form.text('version')) ? Number(form.text('version')) : 0
    const read = readProviderForm(form, { frame, groups: await listGroups(machine.db), was: provider })
    if (!read.wording || !hasProved(standing)) return showChange(c, parts, standing, { provider, version, ...read })
    try {
      const of = { providerId: provider.id, version, caller: c.get('caller') }
      const became = await changeIdentityProvider(machine, standing, { ...of, wording: read.wording })
      const notice = became.switchedOff
        ? 'switched-off'
        : became.secretGone
          ? 'secret-gone'
          : became.untested
            ? 'untested'
            : 'saved'
      return c.redirect(`${list}/${provider.id}?notice=${notice}`, 303)
    } catch (error) {
      if (!isConflict(error)) throw error
      // Shown with the version of now: whoever saves again has been told what they overwrite.
      const shown = { provider, version: provider.version, ...read, changedMeanwhile: true }
      return showChange(c, parts, standing, shown)
    }
  })
}

async function showChange(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  {
    provider,
    version,
    values,
    problems,
    changedMeanwhile = false,
  }: Pick<ReadForm, 'values' | 'problems'> & { provider: OidcProvider; version: number; changedMeanwhile?: boolean },
): Promise<Response> {
  const frame = frameOf(c, parts, standing.account)
  const { t } = frame
  const isSent = c.req.method === 'POST'
  const kept = changedMeanwhile ? 'providerForm.changedMeanwhile' : 'providerForm.secretAgain'
  const view = (
    <ProviderFormView
      frame={frame}
      title={t('providerForm.editTitle', { name: provider.name })}
      action={`${list}/${provider.id}/edit`}
      cancel={`${list}/${provider.id}`}
      hidden={{ version: String(version) }}
      redirectUri={redirectUriOf(parts.settings, provider.id)}
      values={values}
      problems={problems}
      hasSecret={provider.hasSecret}
      issuerExample={presets.generic.issuerExample}
      groups={await listGroups(parts.machine.db)}
      notice={isSent ? { kind: changedMeanwhile ? 'warning' : 'info', text: t(kept) } : undefined}
      mustConfirm={isSent && !hasProved(standing)}
    />
  )
  return page(c, view, isSent ? 422 : 200)
}
