// People are brought in: where there is a mail server by a mailed link, which nobody else gets to see. Whoever invites sees
// how it stands, invites again, and takes it back.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { hours } from '../../src/time.ts'
import { callBySession } from '../support/api.ts'
import { dumpOf, enforceMfa, eventsOf } from '../support/attack.ts'
import { Browser, textOf } from '../support/browser.ts'
import { type MailServer, partOf, startMailServer } from '../support/mail-server.ts'
import { addPerson, addProtectedPerson, enrol, password, saveCodes } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const bob = { email: 'bob@example.org', name: 'Bob', role: 'member' }

for (const dialect of dialects) {
  describe(`an invitation on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: MailServer
    let root: Browser
    beforeEach(async () => {
      server = await startMailServer()
      const mailer = await smtpMailer(`smtp://${server.address}`, 'no-reply@example.org')
      running = await startService({ dialect, hasMailServer: true, mailer })
      root = (await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })).browser
      await running.deliver()
      server.received.splice(0)
    })
    afterEach(async () => {
      await running.stop()
      await server.close()
    })

    async function mailedLink(): Promise<string> {
      await running.deliver()
      const mail = server.received.at(-1)
      return (/https:\S+/.exec(mail ? partOf(mail, 'text/plain') : '')?.[0] ?? '').replace(origin, '')
    }
    const tokenOf = (link: string) => new URL(link, origin).searchParams.get('token') ?? ''
    const pageOf = async (email = bob.email) => {
      const row = await running.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()
      return `/admin/users/${row.id}`
    }
    const accept = (link: string, browser = new Browser(running)) =>
      browser.send('/accept-invitation', { token: tokenOf(link), password })

    test('goes to one address three times, then once an hour, also for an account that is made anew', async () => {
      await root.send('/admin/users/new', bob)
      const page = await pageOf()
      for (let count = 0; count < 2; count += 1) await root.send(`${page}/invite-again`, {})
      const id = page.slice('/admin/users/'.length)
      const again = await callBySession(root, `POST /api/v1/users/${id}/invitation`, {})
      expect(again).toMatchObject({ status: 429, body: { code: 'too-many-attempts' } })
      expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(3000)
      expect((await root.send(`${page}/invite-again`, {})).status).toBe(429)
      expect((await callBySession(root, `DELETE /api/v1/users/${id}`)).status).toBe(204)
      expect((await callBySession(root, 'POST /api/v1/users', { email: 'BOB@example.org' })).status).toBe(429)
      await running.deliver()
      expect(server.received.map(({ to }) => to)).toEqual(Array(3).fill(['bob@example.org']))
      running.time.now += hours(1)
      const other = (await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })).browser
      expect((await callBySession(other, 'POST /api/v1/users', { email: bob.email })).status).toBe(201)
    })

    test('goes to the person by mail, and to nobody else', async () => {
      expect(textOf((await root.open('/admin/users/new')).html)).toContain('They get a link by mail.')
      const added = await root.send('/admin/users/new', bob)
      expect(textOf(added.html)).toContain('A link to choose a password is on its way to bob@example.org.')
      expect(added.html).not.toContain('token=')
      const link = await mailedLink()
      expect(server.received.map(({ to }) => to)).toEqual([['bob@example.org']])
      const [mail] = server.received
      if (!mail) throw new Error('nothing arrived')
      const text = partOf(mail, 'text/plain')
      expect(text).toContain('You have been invited to Countersign. Your account is bob@example.org.')
      expect(text).toContain('until November 27, 2026')
      expect(text).not.toContain('192.0.2.1')
      expect(mail.raw).toMatch(/^Subject: You are invited to Countersign\r$/m)
      expect(partOf(mail, 'text/html')).toMatch(/<p style="[^"]*word-break:break-all[^"]*"><a href="https:/)
      expect(link).toMatch(/^\/accept-invitation\?token=[\w-]{43}$/)
      for (const value of await dumpOf(running)) expect(value).not.toContain(tokenOf(link))
      expect((await root.open(await pageOf())).html).not.toContain(tokenOf(link))
      const arrived = new Browser(running)
      expect((await arrived.open(link)).status).toBe(200)
      expect((await accept(link, arrived)).at).toBe('/my-profile')
      expect((await accept(link)).status).toBe(404)
    })

    test('leads through the set-up of 2FA where that is enforced, and then in', async () => {
      await enforceMfa(running)
      await root.send('/admin/users/new', bob)
      const browser = new Browser(running)
      expect((await accept(await mailedLink(), browser)).at).toBe('/set-up-mfa')
      expect((await saveCodes(browser, await enrol(running, browser))).at).toBe('/my-profile')
    })

    test('shows on the person’s page how it stands', async () => {
      await root.send('/admin/users/new', bob)
      const state = async () => textOf((await root.open(await pageOf())).html)
      expect(await state()).toContain('Invited')
      expect(await state()).toContain('November 27, 2026')
      expect(await state()).toContain('Invite again')
      expect(await state()).toContain('Revoke invitation')
      await accept(await mailedLink())
      expect(await state()).toContain('Active')
      expect(await state()).not.toContain('Invite again')
      expect(await state()).not.toContain('Revoke invitation')
    })

    test('that has run out can be renewed, but not revoked', async () => {
      await root.send('/admin/users/new', bob)
      const late = await mailedLink()
      running.time.now += hours(72)
      const { browser } = await addProtectedPerson(running, { email: 'admin@example.org', role: 'administrator' })
      const text = textOf((await browser.open(await pageOf())).html)
      expect(text).toContain('Invite again')
      expect(text).not.toContain('Revoke invitation')
      expect((await accept(late)).status).toBe(404)
      await browser.send(`${await pageOf()}/invite-again`, {})
      expect((await accept(await mailedLink())).at).toBe('/my-profile')
    })

    test('voids the older when it is sent again', async () => {
      await root.send('/admin/users/new', bob)
      const older = await mailedLink()
      const asked = await root.open(`${await pageOf()}/invite-again`)
      expect(textOf(asked.html)).toContain('A new one goes to bob@example.org by mail.')
      const sent = await root.send(`${await pageOf()}/invite-again`, {})
      expect(textOf(sent.html)).toContain('Invited again')
      expect(sent.html).not.toContain('token=')
      const newer = await mailedLink()
      expect(newer).not.toBe(older)
      expect((await accept(older)).status).toBe(404)
      expect((await accept(newer)).at).toBe('/my-profile')
      expect(await eventsOf(running, 'invitation.created')).toHaveLength(2)
    })

    test('sent again many times at once leaves one that works', async () => {
      await root.send('/admin/users/new', bob)
      const path = `${await pageOf()}/invite-again`
      await Promise.all(Array.from({ length: 10 }, () => root.send(path, {})))
      await running.deliver()
      const links = server.received.map((mail) => /https:\S+/.exec(partOf(mail, 'text/plain'))?.[0] ?? '')
      const opened = await Promise.all(links.map((link) => new Browser(running).open(link.replace(origin, ''))))
      expect(opened.filter(({ status }) => status === 200)).toHaveLength(1)
    })

    test('can be taken back, once, and given again', async () => {
      await root.send('/admin/users/new', bob)
      const link = await mailedLink()
      expect(textOf((await root.open(`${await pageOf()}/revoke-invitation`)).html)).toContain('stops working at once')
      const revoked = await root.send(`${await pageOf()}/revoke-invitation`, {})
      expect(revoked.at).toBe(`${await pageOf()}?notice=invitation-revoked`)
      expect(textOf(revoked.html)).toContain('The invitation is revoked.')
      expect((await new Browser(running).open(link)).status).toBe(404)
      expect((await accept(link)).status).toBe(404)
      expect((await root.send(`${await pageOf()}/revoke-invitation`, {})).status).toBe(409)
      expect(await eventsOf(running, 'invitation.revoked')).toHaveLength(1)
      await root.send(`${await pageOf()}/invite-again`, {})
      expect((await accept(await mailedLink())).at).toBe('/my-profile')
    })

    test('is for who has no password yet: it is no way to set somebody else’s', async () => {
      await addPerson(running, { email: 'ada@example.org' })
      for (const act of ['invite-again', 'revoke-invitation'])
        expect((await root.send(`${await pageOf('ada@example.org')}/${act}`, {})).status).toBe(409)
      await running.deliver()
      expect(server.received).toEqual([])
    })

    test('of somebody who was deactivated or deleted is neither sent nor of use', async () => {
      await root.send('/admin/users/new', bob)
      const link = await mailedLink()
      await root.send(`${await pageOf()}/deactivate`, {})
      expect((await accept(link)).status).toBe(404)
      expect((await root.send(`${await pageOf()}/invite-again`, {})).status).toBe(409)
    })

    test('is in the hands of the help desk for members, and of nobody for those above', async () => {
      const desk = (await addProtectedPerson(running, { email: 'desk@example.org', role: 'help-desk' })).browser
      const auditor = (await addProtectedPerson(running, { email: 'audit@example.org', role: 'auditor' })).browser
      await root.send('/admin/users/new', bob)
      await root.send('/admin/users/new', { email: 'boss@example.org', name: 'Boss', role: 'administrator' })
      for (const act of ['invite-again', 'revoke-invitation']) {
        const path = `${await pageOf('boss@example.org')}/${act}`
        expect((await desk.open(path)).status).toBe(403)
        expect((await desk.send(path, {})).status).toBe(403)
        expect((await auditor.send(`${await pageOf()}/${act}`, {})).status).toBe(403)
      }
      expect(textOf((await desk.open(await pageOf('boss@example.org'))).html)).not.toContain('Invite again')
      expect(textOf((await auditor.open(await pageOf())).html)).not.toContain('Invite again')
      expect((await desk.send(`${await pageOf()}/invite-again`, {})).status).toBe(200)
      expect((await desk.send(`${await pageOf()}/revoke-invitation`, {})).status).toBe(200)
    })
  })

  describe(`an invitation without a mail server on ${dialect}`, { timeout: 60_000 }, () => {
    test('is a link to hand over, the first time and again', async () => {
      const running = await startService({ dialect })
      const root = (await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })).browser
      const linkOn = (html: string) => /data-copy="([^"]+)"/.exec(html)?.[1]?.replace(origin, '') ?? ''
      const first = linkOn((await root.send('/admin/users/new', bob)).html)
      const row = await running.db.selectFrom('users').select('id').where('email', '=', bob.email).executeTakeFirst()
      const again = linkOn((await root.send(`/admin/users/${row?.id}/invite-again`, {})).html)
      expect((await new Browser(running).open(first)).status).toBe(404)
      expect((await new Browser(running).open(again)).status).toBe(200)
      await running.deliver()
      expect(running.mails.filter(({ to }) => to === bob.email)).toEqual([])
      await running.stop()
    })
  })
}
