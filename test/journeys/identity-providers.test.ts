import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { presetNames } from '../../src/identity-providers/presets.ts'
import { readProvider, readProviderSecret } from '../../src/identity-providers/providers.ts'
import { newId } from '../../src/secrets/tokens.ts'
import { minutes } from '../../src/time.ts'
import { eventsOf } from '../support/attack.ts'
import { type Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addProvider, idIn, markTested, providerForm, providers } from '../support/identity-providers.ts'
import { addPerson, addProtectedPerson } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

/** What can be wrong in the form, field by field, and what is said of it. */
const mistakes: readonly (readonly [string, Record<string, string>, string])[] = [
  ['name', { name: '' }, 'Enter a name'],
  ['name', { name: 'x\u202ey' }, 'Enter a name'],
  ['icon', { icon: 'logo' }, 'Choose one of the list.'],
  ['issuer', { issuer: 'id.example.org' }, 'Enter an address that begins with https://'],
  ['issuer', { issuer: 'http://id.example.org' }, 'Enter an address that begins with https://'],
  ['issuer', { issuer: 'https://me:pass@id.example.org' }, 'Enter an address that begins with https://'],
  ['issuer', { issuer: 'https://id.example.org/?tenant=1' }, 'Enter an address that begins with https://'],
  ['issuer', { issuer: 'javascript:alert(1)' }, 'Enter an address that begins with https://'],
  ['clientId', { clientId: ' ' }, 'Enter the client ID'],
  ['authentication', { authentication: 'none at all' }, 'Choose one of the list.'],
  ['secret', { authentication: 'private_key_jwt', secret: 'not a key' }, 'Enter the private key as a JWK'],
  ['secret', { secret: '{"kty":"EC","d":"x"}' }, 'This is a private key.'],
  ['scopes', { scopes: 'open"id' }, 'Enter at most 30 scopes'],
  ['mfa', { mfa: 'maybe' }, 'Choose one of the list.'],
  ['amr', { mfa: 'with-proof' }, 'Name at least one value'],
  ['allowedDomains', { allowedDomains: 'example' }, 'Enter domains such as example.org'],
  ['linking', { linking: 'always' }, 'Choose one of the list.'],
  ['emailVerifiedClaim', { linking: 'verified-email', emailVerifiedClaim: '' }, 'Linking by verified email'],
  ['admission', { admission: 'all' }, 'Choose one of the list.'],
  ['groupsClaim', { groupsClaim: 'x'.repeat(256) }, 'Enter at most 255 characters.'],
]

for (const dialect of dialects) {
  describe(`identity providers on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    let key: string
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, key } = await addProtectedPerson(running, {
        email: 'root@example.org',
        role: 'administrator',
      }))
    })
    afterEach(() => running.stop())

    const read = async (path: string) => {
      const provider = await readProvider(running.db, idIn(path))
      if (provider?.kind !== 'oidc') throw new Error('There is no such provider.')
      return provider
    }
    const secretOf = (path: string) => readProviderSecret(running.db, running.service.machine.sealer, idIn(path))
    const edit = async (path: string, more: Record<string, string | readonly string[]>) =>
      root.send(`${path}/edit`, { ...providerForm, version: String((await read(path)).version), ...more })
    /** A session of somebody who came by this provider. */
    const addSession = async (path: string) => {
      const person = await addPerson(running, { email: `${newId()}@example.org` })
      const provider_id = idIn(path)
      const identity = { id: newId(), provider_id, issuer: 'i', subject: person.id, user_id: person.id, linked_at: 1 }
      await running.db.insertInto('identities').values(identity).execute()
      const [session] = await running.db.selectFrom('sessions').selectAll().limit(1).execute()
      if (!session) throw new Error('There is no session to copy.')
      const { id, token_hash, user_id, identity_id } = {
        id: newId(),
        token_hash: newId(),
        user_id: person.id,
        identity_id: identity.id,
      }
      await running.db
        .insertInto('sessions')
        .values({ ...session, id, token_hash, user_id, identity_id })
        .execute()
      return person
    }
    const sessionsByProviders = async () =>
      (await running.db.selectFrom('sessions').select('id').where('identity_id', 'is not', null).execute()).length

    test('are added from a preset, with the address to enter there, switched off, and the secret sealed', async () => {
      expect(textOf((await root.open(providers)).html)).toContain('There is no identity provider yet.')
      const choice = await root.open(`${providers}/new`)
      for (const name of presetNames) expect(choice.html).toContain(`/new?preset=${name}`)
      const form = await root.open(`${providers}/new?preset=okta`)
      const [id = ''] = inputs(form.html, 'id')
      expect(form.html).toContain(`${origin}/sign-in/with/${id}/callback`)
      expect(inputs(form.html, 'amr')).toEqual(['mfa'])
      expect(inputs(form.html, 'groupsClaim')).toEqual(['groups'])
      const { at, html } = await root.send(`${providers}/new`, {
        ...providerForm,
        ...{ id, preset: 'okta', secret: ' top-secret ', mfa: 'with-proof', amr: 'mfa, hwk', acr: 'phr' },
        ...{ issuer: 'https://id.example.org/.well-known/openid-configuration', allowedDomains: '@Example.org' },
      })
      expect(at).toBe(`${providers}/${id}?notice=created`)
      expect(textOf(html)).toContain('Only with proof (amr: mfa, hwk; acr: phr)')
      expect(html).toContain(`${origin}/sign-in/with/${id}/callback`)
      expect(await read(at)).toMatchObject({
        settings: { issuer: 'https://id.example.org', clientId: 'countersign' },
        mfa: { is: 'with-proof', amr: ['mfa', 'hwk'], acr: ['phr'] },
        ...{ allowedDomains: ['example.org'], enabledAt: null, testedAt: null, hasSecret: true },
      })
      expect(await secretOf(`${providers}/${id}`)).toBe('top-secret')
      expect(await eventsOf(running, 'identity-provider.created')).toEqual([
        { provider: id, providerName: 'Works', kind: 'oidc', mfa: 'with-proof amr: mfa hwk acr: phr' },
      ])
      // The same form once more makes no other.
      expect((await root.send(`${providers}/new`, { ...providerForm, id, preset: 'okta' })).status).toBe(409)
      expect(await running.db.selectFrom('identity_providers').select('id').execute()).toHaveLength(1)
    })

    test('lead groups of the provider into groups here, and tell which line does not', async () => {
      const { at } = await root.send('/admin/groups', { name: 'Field staff' })
      const group = at.split('/')[3] ?? ''
      const path = await addProvider(root, {
        groupsClaim: 'groups',
        groupMapping: 'cn=field,dc=x = field STAFF\r\n\r\n',
        defaultGroups: [group, 'nobody'],
      })
      expect(await read(path)).toMatchObject({
        groupMapping: [{ value: 'cn=field,dc=x', group }],
        defaultGroups: [group],
      })
      expect((await root.open(`${path}/edit`)).html).toContain('cn=field,dc=x = Field staff')
      const wrong = await edit(path, { groupMapping: 'a = Field staff\nb = Nobody' })
      expect([wrong.status, textOf(wrong.html)]).toEqual([422, expect.stringContaining('Line 2 is not a value')])
    })

    test('are not saved with anything wrong, which is told beside its field, with everything else kept but the secret', async () => {
      for (const [field, wrong, words] of mistakes) {
        const sent = { ...providerForm, clientId: 'kept-client', secret: 'never-shown-again', ...wrong }
        const form = await root.send(`${providers}/new`, { ...sent, id: newId(), preset: 'generic' })
        expect([field, form.status]).toEqual([field, 422])
        expect(textOf(form.html)).toContain(words)
        const faulty = /<(?:input|select|textarea)[^>]*aria-invalid="true"[^>]*>/.exec(form.html)?.[0] ?? ''
        expect(faulty).toContain(`name="${field}"`)
        expect(faulty).toContain('autofocus')
        if (field !== 'clientId') expect(inputs(form.html, 'clientId')).toEqual(['kept-client'])
        expect(form.html).not.toContain('never-shown-again')
      }
      expect(await running.db.selectFrom('identity_providers').select('id').execute()).toEqual([])
    })

    test('keep their secret until issuer, client or method are others; then they are off, and it is gone', async () => {
      const path = await addProvider(root, { secret: 'first' })
      const tested = async () => {
        await markTested(running)
        if ((await read(path)).enabledAt === null) await root.send(`${path}/switch-on`, {})
      }
      await tested()
      await addSession(path)
      expect((await edit(path, { name: 'New works' })).at).toContain('notice=saved')
      expect([await secretOf(path), (await read(path)).enabledAt]).toEqual(['first', running.time.now])
      expect((await edit(path, { name: 'New works', scopes: 'openid' })).at).toContain('notice=untested')
      expect([await secretOf(path), (await read(path)).testedAt]).toEqual(['first', null])
      expect(await sessionsByProviders()).toBe(1)
      await tested()
      const moved = await edit(path, { issuer: 'https://elsewhere.example' })
      expect(textOf(moved.html)).toContain('its former secret is gone')
      expect(await read(path)).toMatchObject({ enabledAt: null, testedAt: null, hasSecret: false })
      expect(await sessionsByProviders()).toBe(0)
      await edit(path, { issuer: 'https://elsewhere.example', secret: 'second' })
      expect(await secretOf(path)).toBe('second')
      await edit(path, { issuer: 'https://elsewhere.example', clientId: 'other' })
      expect(await secretOf(path)).toBe(null)
      await edit(path, { issuer: 'https://elsewhere.example', clientId: 'other', secret: 'third' })
      const asKey = { issuer: 'https://elsewhere.example', clientId: 'other', authentication: 'private_key_jwt' }
      expect(textOf((await edit(path, asKey)).html)).toContain('The secret was blanked')
      expect(await secretOf(path)).toBe(null)
      const events = await eventsOf(running, 'identity-provider.changed')
      expect(
        events.map(({ changed, secret, switchedOff, sessions }) => [changed, secret, switchedOff, sessions]),
      ).toEqual([
        [['name'], 'kept', false, 0],
        [['scopes'], 'kept', false, 0],
        [['name', 'issuer', 'scopes'], 'removed', true, 1],
        [['secret'], 'replaced', false, 0],
        [['clientId'], 'removed', false, 0],
        [['secret'], 'replaced', false, 0],
        [['authentication', 'secret'], 'removed', false, 0],
      ])
    })

    test('that two administrators change at once are changed by one; the other is told, with the form as it was', async () => {
      const path = await addProvider(root)
      expect((await edit(path, { name: 'Mine' })).at).toContain('notice=saved')
      const late = await root.send(`${path}/edit`, { ...providerForm, name: 'Theirs', version: '1' })
      expect(late.status).toBe(422)
      expect(textOf(late.html)).toContain('Somebody else has changed this provider')
      expect(inputs(late.html, 'name')).toEqual(['Theirs'])
      expect((await read(path)).name).toBe('Mine')
      const answers = await Promise.all(
        ['A', 'B', 'C'].map((name) => root.send(`${path}/edit`, { ...providerForm, name, version: '2' })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422])
    })

    test('are moved up and down', async () => {
      const [a, b, c] = [
        await addProvider(root, { name: 'A' }),
        await addProvider(root, { name: 'B' }),
        await addProvider(root, { name: 'C' }),
      ]
      const order = async () =>
        [...(await root.open(providers)).html.matchAll(/link-plain[^>]*>([^<]+)</g)].map(([, name]) => name?.trim())
      await root.send(`${c}/move`, { direction: 'up' })
      await root.send(`${a}/move`, { direction: 'up' })
      expect(await order()).toEqual(['A', 'C', 'B'])
      await root.send(`${a}/move`, { direction: 'down' })
      expect(await order()).toEqual(['C', 'A', 'B'])
      expect((await root.send(`${b}/move`, { direction: 'sideways' })).status).toBe(400)
      await Promise.all([a, b, c].flatMap((path) => [root.send(`${path}/move`, { direction: 'down' })]))
      const places = await running.db.selectFrom('identity_providers').select('position').orderBy('position').execute()
      expect(places).toEqual([{ position: 1 }, { position: 2 }, { position: 3 }])
      expect((await eventsOf(running, 'identity-provider.moved')).slice(0, 2)).toEqual([
        { provider: idIn(c), providerName: 'C', from: 3, to: 2 },
        { provider: idIn(a), providerName: 'A', from: 1, to: 2 },
      ])
    })

    test('are switched on only once they were tested; switching off ends what came by them', async () => {
      const path = await addProvider(root)
      expect((await root.open(path)).html).not.toContain('/switch-on')
      expect((await root.send(`${path}/switch-on`, {})).status).toBe(409)
      expect(await eventsOf(running, 'identity-provider.enabled')).toEqual([])
      await markTested(running)
      expect(textOf((await root.send(`${path}/switch-on`, {})).html)).toContain('The identity provider is on.')
      expect((await root.send(`${path}/switch-on`, {})).status).toBe(409)
      await addSession(path)
      await addSession(path)
      expect(textOf((await root.open(`${path}/switch-off`)).html)).toContain('2 sessions that came by it end at once.')
      expect((await root.send(`${path}/switch-off`, {})).at).toBe(`${path}?notice=off`)
      expect(await sessionsByProviders()).toBe(0)
      expect(textOf((await root.open(providers)).html)).toContain('2 people linked')
      expect(await eventsOf(running, 'identity-provider.disabled')).toEqual([
        { provider: idIn(path), providerName: 'Works', sessions: 2 },
      ])
    })

    test('are deleted with their identities and sessions, after it was told what goes', async () => {
      const path = await addProvider(root)
      const person = await addSession(path)
      const question = textOf((await root.open(`${path}/delete`)).html)
      expect(question).toContain('1 session that came by it ends at once.')
      expect(question).toContain('1 person is no longer linked to it.')
      expect((await root.send(`${path}/delete`, {})).at).toBe(`${providers}?notice=deleted`)
      expect(await sessionsByProviders()).toBe(0)
      expect(await running.db.selectFrom('identities').select('id').execute()).toEqual([])
      expect(await running.db.selectFrom('users').select('id').where('id', '=', person.id).execute()).toHaveLength(1)
      expect((await root.open(path)).status).toBe(404)
      expect((await root.send(`${path}/delete`, {})).status).toBe(404)
      expect(await eventsOf(running, 'identity-provider.deleted')).toEqual([
        { provider: idIn(path), providerName: 'Works', sessions: 1, identities: 1 },
      ])
    })

    test('are saved after a confirmation in another tab when filling in took long', async () => {
      running.time.now += minutes(11)
      const sent = { ...providerForm, id: newId(), preset: 'generic', clientId: 'typed-long' }
      const again = await root.send(`${providers}/new`, sent)
      expect(again.status).toBe(422)
      expect(textOf(again.html)).toContain('Nothing you typed is lost')
      expect(inputs(again.html, 'clientId')).toEqual(['typed-long'])
      expect((await root.open(`${providers}/confirm`)).at).toBe('/sign-in/verification-code')
      const confirmed = await root.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(confirmed.at).toBe(`${providers}/confirm`)
      expect((await root.send(`${providers}/new`, sent)).at).toContain('notice=created')
    })

    test('are seen by auditors, without any form, and not by the help desk', async () => {
      const path = await addProvider(root, { secret: 'top-secret' })
      const { browser: auditor } = await addProtectedPerson(running, { email: 'a@example.org', role: 'auditor' })
      for (const at of [providers, path]) {
        const page = await auditor.open(at)
        expect(page.status).toBe(200)
        expect(page.html).not.toContain(`action="${providers}`)
        expect(page.html).not.toContain('/edit')
      }
      const { browser: desk } = await addProtectedPerson(running, { email: 'd@example.org', role: 'help-desk' })
      expect([(await desk.open(providers)).status, (await desk.open(path)).status]).toEqual([403, 403])
    })
  })
}
