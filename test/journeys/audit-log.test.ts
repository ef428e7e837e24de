// The page of the audit log: what it shows and to whom, how it is narrowed, and what is taken out of it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyChain } from '../../src/audit/verify.ts'
import { newId } from '../../src/secrets/tokens.ts'
import { hours, minutes } from '../../src/time.ts'
import { Browser, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the page of the audit log on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root } = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' }))
    })
    afterEach(() => running.stop())

    interface Row {
      words: string
      text: string
      href: string
    }
    const rowsOf = (html: string): Row[] =>
      [...html.matchAll(/<tr>\s*<th scope="row">[\s\S]*?<\/tr>/g)].map(([row]) => {
        const [link = ''] = /<a [^>]*>[\s\S]*?<\/a>/.exec(row) ?? []
        return { words: textOf(link), text: textOf(row), href: /href="([^"]+)"/.exec(link)?.[1] ?? '' }
      })
    const logWith = async (query: Record<string, string>) => {
      const page = await root.open(`/admin/audit?${new URLSearchParams(query)}`)
      return { ...page, rows: rowsOf(page.html) }
    }
    const wordsWith = async (query: Record<string, string>) => (await logWith(query)).rows.map(({ words }) => words)
    const put = (rows: { name?: string; at?: number; [column: string]: unknown }[]) =>
      running.db
        .insertInto('audit_events')
        .values(rows.map((row) => ({ id: newId(), at: running.time.now, name: 'sign-out', details: '{}', ...row })))
        .execute()
    const exported = async (format: string, fields: Record<string, string> = {}) => {
      const response = await root.request('/admin/audit/export', {
        method: 'POST',
        body: new URLSearchParams({ format, ...fields }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: 'https://sign-in.test',
          'sec-fetch-site': 'same-origin',
        },
      })
      return { response, text: await response.text() }
    }

    test('shows what has happened, newest first, in words and with the people by their address', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      running.time.now += minutes(1)
      await new Browser(running, '198.51.100.7').send('/sign-in', { email: bob.email, password: 'wrong' })
      running.time.now += minutes(1)
      await signIn(new Browser(running, '198.51.100.7'), bob)
      const { rows } = await logWith({ subject: 'bob' })
      expect(rows.map(({ words }) => words)).toEqual([
        'Signed in',
        'Entered the right password',
        'Password refused',
        'Password set',
        'User added',
      ])
      expect(rows[0]?.text).toMatch(/Nov 24, 2026.*\d\d:\d\d:\d\d UTC.*bob@example\.org.*198\.51\.100\.7/)
      expect(rows[2]?.text).toContain('Nobody, or not known')
    })

    test('shows one event with everything that was recorded, as text', async () => {
      const details = JSON.stringify({ because: '<b>wrong</b>', left: 3, amr: ['pwd', 'otp'], off: null })
      const id = newId()
      await put([{ id, details, user_agent: '<script>alert(1)</script>', address: '203.0.113.9', request_id: 'r-1' }])
      const { rows } = await logWith({ address: '203.0.113.9' })
      expect(rows.map(({ href }) => href)).toEqual([`/admin/audit/${id}`])
      const page = await root.open(`/admin/audit/${id}`)
      expect(page.status).toBe(200)
      for (const text of [
        '<b>wrong</b>',
        '3',
        'pwd, otp',
        'null',
        '<script>alert(1)</script>',
        'r-1',
        id,
        'Not linked yet',
      ])
        expect(textOf(page.html)).toContain(text)
      expect(page.html).not.toContain('<b>')
      expect(page.html).not.toContain('<script>')
      await running.service.linkAudit()
      expect(textOf((await root.open(`/admin/audit/${id}`)).html)).toMatch(/Link \d+/)
    })

    test('shows what it cannot read, and events that it does not know', async () => {
      await put([
        { name: 'from.another-version', details: 'no JSON', address: '203.0.113.9' },
        { name: 'sign-out', details: '[1]', address: '203.0.113.9' },
      ])
      const { rows } = await logWith({ address: '203.0.113.9' })
      expect(rows.map(({ words }) => words).sort()).toEqual(['Signed out', 'from.another-version'])
      for (const { href } of rows) expect((await root.open(href)).status).toBe(200)
    })

    test('shows a user who is gone by id, and still finds what concerned them', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      await running.db.deleteFrom('users').where('id', '=', bob.id).execute()
      const { rows, html } = await logWith({ subject: bob.id })
      expect(rows.map(({ words }) => words).sort()).toEqual(['Password set', 'User added'])
      expect(textOf(html)).toContain(`Deleted user ${bob.id}`)
    })

    test('knows no event that is not there', async () => {
      for (const path of ['nothing', newId(), 'export', '%00', 'x'.repeat(100), '..%2Fusers', "'%20or%201=1"])
        expect((await root.open(`/admin/audit/${path}`)).status).toBe(404)
    })

    test('goes through thousands of events page by page, each once, also while more come in', async () => {
      const rows = Array.from({ length: 130 }, (_, index) => ({
        at: running.time.now - (index % 40),
        name: 'totp.renamed',
        address: '203.0.113.9',
      }))
      await put(rows)
      const seen: string[] = []
      const pages: number[] = []
      let next: string | undefined = '/admin/audit?event=totp.renamed'
      while (next) {
        const { html }: { html: string } = await root.open(next)
        const found = rowsOf(html)
        pages.push(found.length)
        seen.push(...found.map(({ href }) => href))
        next = /<a href="([^"]+)"[^>]*rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
        expect(html.includes('>Newest<')).toBe(pages.length > 1)
        await put([{ at: running.time.now + 1, name: 'totp.renamed' }])
      }
      expect(pages).toEqual([50, 50, 30])
      expect(new Set(seen).size).toBe(130)
    })

    test('is narrowed by event, group, person, address and period, by each and by all', async () => {
      const day = Date.parse('2026-03-01T00:00:00Z')
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      await put([
        { at: day, name: 'totp.renamed', actor_id: bob.id, subject_id: bob.id, address: '203.0.113.9' },
        {
          at: day + hours(24) - 1,
          name: 'totp.removed',
          actor_id: bob.id,
          subject_id: bob.id,
          address: '203.0.113.99',
        },
        { at: day + hours(24), name: 'totp-like.renamed', subject_id: bob.id, address: '2001:db8::1' },
        { at: day - 1, name: 'sign-out', actor_id: bob.id, address: '203.0.114.9' },
      ])
      const may = { since: '2026-02-01', until: '2026-03-02' }
      expect(await wordsWith(may)).toHaveLength(4)
      expect(await wordsWith({ since: '2026-03-01', until: '2026-03-01' })).toEqual([
        'Authenticator removed',
        'Authenticator renamed',
      ])
      expect(await wordsWith({ ...may, event: 'totp.*' })).toEqual(['Authenticator removed', 'Authenticator renamed'])
      expect(await wordsWith({ ...may, event: 'totp.renamed' })).toEqual(['Authenticator renamed'])
      expect(await wordsWith({ ...may, event: 'sign-out.*' })).toEqual(['Signed out'])
      expect(await wordsWith({ ...may, actor: 'BOB@' })).toHaveLength(3)
      expect(await wordsWith({ ...may, actor: bob.id })).toHaveLength(3)
      expect(await wordsWith({ ...may, subject: 'bob' })).toHaveLength(3)
      expect(await wordsWith({ ...may, actor: 'root' })).toEqual([])
      expect(await wordsWith({ ...may, address: '203.0.113.9' })).toHaveLength(2)
      expect(await wordsWith({ ...may, address: '203.0.' })).toHaveLength(3)
      expect(await wordsWith({ ...may, address: '2001:DB8' })).toEqual(['totp-like.renamed'])
      const all = {
        event: 'totp.*',
        actor: 'bob',
        subject: 'bob',
        address: '203.0.113.99',
        since: '2026-03-01',
        until: '2026-03-01',
      }
      expect(await wordsWith(all)).toEqual(['Authenticator removed'])
      expect(await wordsWith({ ...all, until: '2026-03-05', since: '2026-03-02' })).toEqual([])
      const { html } = await logWith(all)
      for (const field of ['actor', 'subject', 'address', 'since', 'until'] as const)
        expect(inputs(html, field)).toEqual([all[field], all[field]])
      expect(html).toMatch(/<option value="totp\.\*" selected/)
    })

    test('finds nothing by a pattern or by a piece of SQL, and fails at none', async () => {
      await put([{ address: '203.0.113.9', actor_id: 'x' }])
      for (const text of [
        '%',
        '_',
        "' or 1=1 --",
        '\\',
        '"; drop table users; --',
        "') or ('1'='1",
        '{{7*7}}',
        '<b>',
        '\ud83d\ude00',
      ]) {
        for (const field of ['actor', 'subject', 'address']) {
          const { status, rows, html } = await logWith({ [field]: text })
          expect([text, field, status, rows]).toEqual([text, field, 200, []])
          expect(inputs(html, field)).toEqual([text])
        }
      }
      expect(await wordsWith({ address: '203.0.113.9' })).toHaveLength(1)
    })

    test.each([
      ['event', 'no.such-event', 'Choose one of the list'],
      ['event', "totp.*' or 1=1", 'Choose one of the list'],
      ['event', 'totp.%', 'Choose one of the list'],
      ['actor', 'a\0b', 'Enter at most 200 characters of plain text.'],
      ['subject', 'x'.repeat(201), 'Enter at most 200 characters of plain text.'],
      ['address', 'a\nb', 'Enter at most 200 characters of plain text.'],
      ['since', '2026-02-30', 'Enter a day that is in the calendar.'],
      ['since', 'yesterday', 'Enter a day that is in the calendar.'],
      ['until', '2026-1-1', 'Enter a day that is in the calendar and not before the first one.'],
      ['until', '2026-01-01\0', 'Enter a day that is in the calendar and not before the first one.'],
    ])('says what is wrong with %s %j, and keeps what was typed', async (field, text, words) => {
      const page = await logWith({ [field]: text, ...(field === 'subject' ? {} : { subject: 'root' }) })
      expect(page.status).toBe(422)
      expect(textOf(page.html)).toContain(words)
      expect(page.rows).toEqual([])
      expect(page.html.match(/autofocus/g)).toHaveLength(1)
      if (field !== 'subject') expect(inputs(page.html, 'subject')).toEqual(['root'])
      const sent = await exported('csv', { [field]: text.replace('\0', '\u0001') })
      expect(sent.response.status).toBe(422)
    })

    test('says so when the last day is before the first', async () => {
      const { status, html } = await logWith({ since: '2026-03-02', until: '2026-03-01' })
      expect(status).toBe(422)
      expect(textOf(html)).toContain('not before the first one')
    })

    test('begins at the newest for a place that it did not write', async () => {
      const newest = (await logWith({})).rows
      for (const after of ['x', '_', '1_', '_x', '99999999999999999999_x', "1_'", '1_\0', '-'])
        expect((await logWith({ after })).rows).toEqual(newest)
    })

    test('is for whoever may read it, and for nobody else', async () => {
      for (const role of ['auditor', 'help-desk', 'member'] as const) {
        const { browser } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
        const status = role === 'auditor' ? 200 : 403
        expect((await browser.open('/admin/audit')).status).toBe(status)
        expect((await browser.send('/admin/audit/export', { format: 'csv' })).status).toBe(status)
        const start = await browser.open(role === 'member' ? '/my-profile' : '/admin/users')
        expect(start.html.includes('href="/admin/audit"')).toBe(role === 'auditor')
      }
    })

    describe('exported', () => {
      test('as CSV has a line an event, oldest first, and is an event itself', async () => {
        const { response, text } = await exported('csv', { subject: 'root', event: 'user.created' })
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
        expect(response.headers.get('content-disposition')).toBe('attachment; filename="audit-2026-11-24.csv"')
        expect(response.headers.get('content-security-policy')).toBeTruthy()
        expect(response.headers.get('cache-control')).toContain('no-store')
        const [heading, line, ...more] = text.split('\r\n')
        expect(heading).toContain('"time","event","actor_id","actor_email","subject_id","subject_email"')
        expect(line).toMatch(/^"2026-11-24T09:00:10\.000Z","user\.created","[\w-]{36}","root@example\.org",/)
        expect(more).toEqual([''])
        const [event] = await running.db
          .selectFrom('audit_events')
          .selectAll()
          .where('name', '=', 'audit.exported')
          .execute()
        expect(JSON.parse(event?.details ?? '')).toEqual({ format: 'csv', by: 'page', filters: ['event', 'subject'] })
        expect(event?.actor_id).toMatch(/[\w-]{36}/)
      })

      test('as JSON lines has an object a line', async () => {
        await running.service.linkAudit()
        const { response, text } = await exported('jsonl')
        expect(response.headers.get('content-type')).toBe('application/jsonl; charset=utf-8')
        const lines = text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
        expect(lines[0]).toMatchObject({ name: 'user.created', time: '2026-11-24T09:00:10.000Z', link: 1 })
        expect(lines[0]?.subject).toMatchObject({ email: 'root@example.org' })
        const times = lines.map(({ time }) => String(time))
        expect(times).toEqual([...times].sort())
      })

      test('holds thousands of events, and none twice', async () => {
        await put(
          Array.from({ length: 1700 }, (_, index) => ({ at: running.time.now - (index % 300), name: 'totp.renamed' })),
        )
        const { text } = await exported('jsonl', { event: 'totp.renamed' })
        const ids = text
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { id: string }).id)
        expect(ids).toHaveLength(1700)
        expect(new Set(ids).size).toBe(1700)
      })

      test('as CSV begins no formula, whoever wrote it', async () => {
        const formulas = ['=HYPERLINK("https://evil.example")', '+1', '-1', '@SUM(A1)', '\t=1']
        await put(formulas.map((user_agent) => ({ name: 'totp.renamed', user_agent, address: '=1+1' })))
        const { text } = await exported('csv', { event: 'totp.renamed' })
        expect(text).toContain(`"'=HYPERLINK(""https://evil.example"")"`)
        expect(text).not.toMatch(/(^|,|\n)"?[=+\-@\t\r]/)
      })

      test('in no form that there is not', async () => {
        for (const format of ['', 'xlsx', '../csv']) {
          const before = await running.db
            .selectFrom('audit_events')
            .select('id')
            .where('name', '=', 'audit.exported')
            .execute()
          const { response } = await exported(format)
          expect(response.headers.get('content-type')).toMatch(/^text\/html/)
          const after = await running.db
            .selectFrom('audit_events')
            .select('id')
            .where('name', '=', 'audit.exported')
            .execute()
          expect(after).toEqual(before)
        }
      })
    })

    test('fifty sign-ins at once are all linked, each once, and none waits for the chain', async () => {
      const people = await Promise.all(
        Array.from({ length: 50 }, (_, index) => addPerson(running, { email: `p${index}@example.org` })),
      )
      let done = false
      const linking = (async () => {
        while (!done) {
          await running.service.linkAudit()
          await new Promise((later) => setImmediate(later))
        }
      })()
      const pages = await Promise.all(
        people.map((person, index) =>
          new Browser(running, `198.51.100.${index}`).send('/sign-in', { email: person.email, password }),
        ),
      )
      done = true
      await linking
      expect(pages.map(({ at }) => at)).toEqual(people.map(() => '/my-profile'))
      await running.service.linkAudit()
      const found = await verifyChain(running.db, running.service.machine.keys)
      const { n } = await running.db
        .selectFrom('audit_events')
        .select((e) => e.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
      expect(found).toMatchObject({ links: Number(n), pending: 0, found: 0 })
    })
  })
}
