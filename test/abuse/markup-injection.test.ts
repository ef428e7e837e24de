// What people type is shown as what they typed: no field, header or address becomes markup, in any page or mail.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { signIn } from '../support/people.ts'
import { makeState, type State } from '../support/states.ts'

/** Each would run a script, break out of an attribute, or change the page, if it were not written as text. */
const payloads = [
  '<script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "'><img src=x onerror=alert(1)>",
  '<img/src=x/onerror=alert(1)>',
  '</title><script>alert(1)</script>',
  '</textarea><svg onload=alert(1)>',
  '" autofocus onfocus="alert(1)',
  "' onmouseover='alert(1)",
  '<style>*{display:none}</style>',
  '<base href="//evil.example/">',
  '<meta http-equiv="refresh" content="0;url=//evil.example">',
  '<form action="//evil.example">',
  '{{7*7}}<%= 7*7 %>#{7*7}',
  '{name}',
  '<b>bold</b>{left, plural, one {x} other {y}}',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  'javascript:alert(1)',
]

/** Longer names than a field takes are refused; these payloads are cut to fit. */
const cut = (payload: string, longest: number) => [...payload].slice(0, longest).join('')

const harmless =
  /^(html|head|body|meta|title|link|script|a|header|nav|main|footer|div|section|h1|h2|h3|h4|p|span|strong|em|b|ul|ol|li|dl|dt|dd|form|label|input|select|option|textarea|button|fieldset|legend|table|thead|tbody|tr|th|td|caption|figure|figcaption|code|svg|rect|path|g|circle|time|details|summary|small|hr|br|output|search|bdi|progress)$/

/** A page has no tag, attribute or script that its payload could have brought along. */
function expectUntouched(html: string, payload: string): void {
  for (const [tag, name = ''] of html.matchAll(/<([a-z][a-z0-9-]*)\b(?:"[^"]*"|'[^']*'|[^"'>])*>/gi)) {
    expect(name, payload).toMatch(harmless)
    const outside = tag.replace(/"[^"]*"/g, '""')
    expect(outside, payload).not.toMatch(/\son[a-z]+\s*=/i)
    expect(outside, payload).not.toMatch(/\sstyle\s*=/i)
    expect(outside, payload).not.toContain("'")
    if (/^(a|form|button|link|script)$/i.test(name))
      expect(tag, payload).not.toMatch(/="\s*(javascript|data|vbscript):/i)
    if (/^(img|base|iframe)$/i.test(name) || /http-equiv/i.test(outside)) throw new Error(`${payload} made ${tag}`)
  }
  expect(
    [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/gi)].map(([, inside]) => inside),
    payload,
  ).toEqual([''])
  expect(html, payload).not.toMatch(/<style|alert\(1\)<\/script>/i)
}

/** The payload stands in the text of the page, or in a field, as it was typed. */
function expectShown(html: string, payload: string): void {
  const values = [...html.matchAll(/\svalue="([^"]*)"/g)].map(([, value = '']) => textOf(value))
  const text = textOf(html)
  const wanted = payload.replace(/\s+/g, ' ').trim()
  expect(text.includes(wanted) || values.includes(wanted), `${payload} is not shown`).toBe(true)
}

describe('a payload', () => {
  let state: State
  beforeAll(async () => {
    state = await makeState('administrator', 'sqlite')
  }, 60_000)
  afterAll(() => state.stop())

  const everyPage = [
    '/my-profile',
    '/my-profile/settings',
    '/my-profile/settings/rename-authenticator',
    '/my-profile/settings/disable-2fa',
    '/recovery-codes',
    '/admin/users',
    '/admin/users/new',
    '/admin/settings',
  ]

  async function expectEveryPageUntouched(browser: Browser, payload: string): Promise<string> {
    let shown = ''
    for (const path of everyPage) {
      const page = await browser.open(path)
      expectUntouched(page.html, `${payload} on ${path}`)
      shown += page.html
    }
    return shown
  }

  test('as the name of an authenticator is text on every page and in the mail', { timeout: 60_000 }, async () => {
    for (const payload of payloads.map((one) => cut(one, 60))) {
      const browser = await state.again()
      const fields = { authenticator: state.ids.authenticator, name: payload }
      const renamed = await browser.send('/my-profile/settings/rename-authenticator', fields)
      expect(renamed.at).toBe('/my-profile/settings?notice=renamed')
      expectShown(await expectEveryPageUntouched(browser, payload), payload)
      await expectMailsUntouched(state, payload)
    }
  })

  test('as the name of an authenticator that is not accepted comes back as text', async () => {
    const browser = await state.again()
    for (const payload of payloads) {
      const typed = `${payload}\u0000`
      const fields = { authenticator: `${payload}`, name: typed }
      const page = await browser.send('/my-profile/settings/rename-authenticator', fields)
      expect(page.status).toBe(422)
      expectUntouched(page.html, payload)
    }
  })

  test('as a person’s name is text on every page and in the mail', { timeout: 60_000 }, async () => {
    for (const payload of payloads) {
      const browser = await state.again()
      await state.running.db.updateTable('users').set({ name: payload }).execute()
      expectShown(await expectEveryPageUntouched(browser, payload), payload)
      await browser.send('/recovery-codes', {})
      await expectMailsUntouched(state, payload)
    }
  })

  test('as the name or address of a new user is text', { timeout: 60_000 }, async () => {
    for (const [index, payload] of payloads.entries()) {
      const browser = await state.again()
      const refused = await browser.send('/admin/users/new', {
        email: payload,
        name: `${payload}\u0000`,
        role: payload,
      })
      expect(refused.status).toBe(422)
      expectUntouched(refused.html, payload)
      const added = await browser.send('/admin/users/new', {
        email: `zoe${index}@example.org`,
        name: payload,
        role: 'member',
      })
      expect(added.status).toBe(200)
      expectUntouched(added.html, payload)
      const users = await browser.open('/admin/users')
      expectUntouched(users.html, payload)
      expectShown(users.html, payload)
      expectUntouched(
        (await browser.open(`/admin/users?search=${encodeURIComponent(payload)}&after=${encodeURIComponent(payload)}`))
          .html,
        payload,
      )
    }
  })

  test('as an address with quotes and marks in it is text, and so it is in the authenticator app’s address', async () => {
    for (const email of [`"'&@example.org`, `a'b&c@example.org`, `{name}@example.org`, `$\{7*7}@example.org`]) {
      const browser = await state.again()
      const page = await browser.send('/admin/users/new', { email, name: '', role: 'member' })
      expectUntouched(page.html, email)
      expect([200, 422]).toContain(page.status)
      await state.running.db.updateTable('users').set({ email }).where('role', '=', 'administrator').execute()
      const setUp = await browser.open('/set-up-mfa?replace=yes')
      expectUntouched(setUp.html, email)
      expect(setUp.html).toContain(encodeURIComponent(email).replaceAll("'", '&#39;'))
    }
  })

  test('as help contact is text, and only a plain address becomes a link', { timeout: 60_000 }, async () => {
    const contacts = [
      ...payloads,
      'mailto:x@evil.example?cc=a',
      'https://x"onclick="alert(1)',
      'https://evil.example/<script>',
      'data:text/html,x',
    ]
    for (const payload of contacts) {
      const browser = await state.again()
      const saved = await browser.send('/admin/settings', { helpContact: payload })
      expect(saved.at).toBe('/admin/settings?notice=saved')
      await expectEveryPageUntouched(browser, payload)
      const { browser: stranger } = { browser: await state.again() }
      await state.running.db.updateTable('installation').set({ help_contact: payload }).execute()
      stranger.forget()
      const person = { id: '', email: 'ada@example.org', password: 'four words nobody would guess' }
      const code = await signIn(stranger, person)
      expect(code.at).toBe('/sign-in/verification-code')
      expectUntouched(code.html, payload)
      expectShown(code.html, payload)
      for (const [, href = ''] of code.html.matchAll(/href="([^"]*)"/g))
        expect(href).not.toMatch(/^(javascript|data|vbscript):/i)
    }
  })

  test('in every field of the sign-in and its steps comes back as text or not at all', {
    timeout: 60_000,
  }, async () => {
    for (const payload of payloads) {
      const browser = await state.again()
      browser.forget()
      const page = await browser.send('/sign-in', { email: payload, password: payload, next: payload })
      expect([422, 429]).toContain(page.status)
      expectUntouched(page.html, payload)
      expect(inputs(page.html, 'email')[0]).toBe(payload)
      expect(page.html).not.toContain('type="password" value="')
      expectUntouched(
        (await browser.open(`/sign-in?next=/${encodeURIComponent(payload)}&notice=${encodeURIComponent(payload)}`))
          .html,
        payload,
      )
      for (const path of ['/set-up', '/accept-invitation'])
        expectUntouched((await browser.open(`${path}?token=${encodeURIComponent(payload)}`)).html, payload)
      expectUntouched((await browser.open(`/${encodeURIComponent(payload)}`)).html, payload)
    }
  })

  test('in a code, a recovery code or a set comes back as text or not at all', { timeout: 60_000 }, async () => {
    for (const payload of payloads) {
      const browser = await state.again()
      browser.forget()
      const person = { id: '', email: 'ada@example.org', password: 'four words nobody would guess' }
      await signIn(browser, person)
      expectUntouched((await browser.send('/sign-in/verification-code', { code: payload })).html, payload)
      expectUntouched((await browser.send('/sign-in/recovery-code', { code: payload })).html, payload)
      const inside = await state.again()
      expectUntouched(
        (await inside.send('/recovery-codes/saved', { code: payload, set: payload, next: payload })).html,
        payload,
      )
      expectUntouched(
        (await inside.send('/recovery-codes/saved', { code: '0000-0000-0000-0000', set: payload, next: `/${payload}` }))
          .html,
        payload,
      )
      expectUntouched((await inside.send('/my-profile/settings', { language: payload, theme: payload })).html, payload)
      expectUntouched((await inside.open(`/my-profile/settings?notice=${encodeURIComponent(payload)}`)).html, payload)
      expectUntouched(
        (await inside.open(`/sign-in/recovery-code-used?next=/${encodeURIComponent(payload)}`)).html,
        payload,
      )
      const settings = await inside.open(
        `/admin/settings?enforce=on&help-contact=${encodeURIComponent(payload)}&notice=${encodeURIComponent(payload)}`,
      )
      expectUntouched(settings.html, payload)
    }
  })

  test('as a recovery code is not written into the file', async () => {
    const browser = await state.again()
    const file = await browser.send('/recovery-codes/download', { code: ['0000-0000-0000-0000', ...payloads] })
    expect(file.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename="[a-z0-9-]+\.txt"$/)
    for (const payload of payloads) expect(file.html).not.toContain(payload)
  })

  test('as a browser’s name is freed of control characters where it is noted, and is nowhere markup', {
    timeout: 60_000,
  }, async () => {
    const agent = '\u001b[31m<script>alert(1)</script>\u009b\u200e'
    const sendable = Buffer.from(agent, 'utf8').toString('latin1')
    const browser = await state.again()
    await browser.send('/recovery-codes', {}, { 'user-agent': sendable })
    for (const path of everyPage) expectUntouched((await browser.open(path, { 'user-agent': sendable })).html, path)
    const { running } = state
    const noted = await running.db.selectFrom('audit_events').select('user_agent').execute()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    for (const { user_agent } of noted) expect(user_agent ?? '').not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200e]/)
    await expectMailsUntouched(state, agent)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    for (const line of running.logged) expect(line).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  })

  test('as a path breaks no line of the log', async () => {
    const browser = await state.again()
    const before = state.running.logged.length
    await browser.open('/nothing%0aFAKE%20LINE%0d%0a%1b[31m')
    const lines = state.running.logged.slice(before)
    expect(lines.length).toBeGreaterThan(0)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f]/)
  })

  test('as the name of an authenticator that is being set up is text', { timeout: 60_000 }, async () => {
    for (const payload of payloads.map((one) => cut(one, 60))) {
      const browser = await state.again()
      const page = await browser.open('/set-up-mfa?replace=yes')
      const key = /data-copy="([A-Z2-7]{32})"/.exec(page.html)?.[1] ?? ''
      const fields = { enrolment: inputs(page.html, 'enrolment')[0] ?? '', name: payload, replace: 'yes' }
      const wrong = await browser.send('/set-up-mfa', { ...fields, code: payload, next: payload })
      expect(wrong.status).toBe(422)
      expectUntouched(wrong.html, payload)
      expect(inputs(wrong.html, 'name')[0]).toBe(payload)
      const codes = await browser.send('/set-up-mfa', { ...fields, code: codeAt(key, state.running.time.now) })
      expect(codes.status).toBe(200)
      expectUntouched(codes.html, payload)
    }
  })
})

/** The tags that mails are laid out with: no attribute in them but those of `src/mail/compose.ts`. */
const ofOurMails =
  /^<(!doctype html|html lang="en"|meta charset="utf-8"|meta name="(viewport|color-scheme)" content="[a-z =-]+"|(body|p) style="[a-zA-Z0-9:;,.% #-]+"|a href="https:\/\/sign-in\.test\/[^"<>\s]*"|\/?(head|body|p|a|html))>$/

/** No mail has markup of anybody's but ours, and no header of it can be broken into two. */
async function expectMailsUntouched(state: State, payload: string): Promise<void> {
  await state.running.deliver()
  expect(state.running.mails.length).toBeGreaterThan(0)
  for (const { to, subject, html } of state.running.mails.splice(0)) {
    expect(`${to}${subject}`).not.toMatch(/[\r\n]/)
    for (const [tag] of html.matchAll(/<[^>]*>/g)) expect(tag, payload).toMatch(ofOurMails)
  }
}
