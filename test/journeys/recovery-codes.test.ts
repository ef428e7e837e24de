import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { Browser, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`recovery codes on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const left = async () =>
      (await running.db.selectFrom('recovery_codes').where('used_at', 'is', null).selectAll().execute()).length
    const use = async (person: Parameters<typeof signIn>[1], code: string | undefined, next?: string) => {
      const browser = new Browser(running)
      await signIn(browser, person, next)
      return { browser, page: await browser.send('/sign-in/recovery-code', { code: code ?? '' }) }
    }

    test('cannot be passed without the tick; the page keeps the codes and says why', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const { codes, setId } = await enrol(running, browser)
      const refused = await browser.send('/recovery-codes/saved', { set: setId, code: codes, next: '/my-profile' })
      expect(refused.status).toBe(422)
      expect(textOf(refused.html)).toContain('Tick the box once you have saved the codes')
      expect(inputs(refused.html, 'code')).toEqual(codes)
      expect(inputs(refused.html, 'set')).toEqual([setId])
      expect(inputs(refused.html, 'next')).toEqual(['/my-profile'])
      expect(refused.html).toMatch(/<input[^>]*id="saved"[^>]*aria-invalid="true"/)
      expect((await browser.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
      const done = await saveCodes(browser, { key: '', codes: inputs(refused.html, 'code'), setId }, '/my-profile')
      expect(done.at).toBe('/my-profile')
    })

    test('that were not sent along are not made up', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const { setId } = await enrol(running, browser)
      expect((await browser.send('/recovery-codes/saved', { set: setId })).at).toBe('/recovery-codes')
      const forged = await browser.send('/recovery-codes/saved', {
        set: setId,
        code: ['<script>', 'x'.repeat(50), '0'],
      })
      expect(forged.at).toBe('/recovery-codes')
    })

    test('are downloaded as a text file that names service, account and date', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const { codes, setId } = await enrol(running, browser)
      const file = await browser.send('/recovery-codes/download', { set: setId, code: codes })
      expect(file.status).toBe(200)
      expect(file.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(file.headers.get('content-disposition')).toBe(
        'attachment; filename="countersign-recovery-codes-2026-11-24.txt"',
      )
      expect(file.headers.get('cache-control')).toBe('no-store')
      for (const said of ['Countersign', 'https://sign-in.test', 'ada@example.org', 'November 24, 2026', ...codes])
        expect(file.html).toContain(said)
      expect(file.html).toMatch(/^ 1\. /m)
      expect(file.html).toMatch(/^10\. /m)
      expect(file.html.split('\r\n').length).toBe(file.html.split('\n').length)
      expect((await browser.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
    })

    test('are downloaded with nothing in the file but codes', async () => {
      const { browser } = await addProtectedPerson(running)
      expect((await browser.send('/recovery-codes/download', {})).status).toBe(400)
      expect((await browser.send('/recovery-codes/download', { code: ['<script>alert(1)</script>'] })).status).toBe(400)
      const many = Array.from({ length: 30 }, () => '0000-1111-2222-3333')
      const file = await browser.send('/recovery-codes/download', { code: many })
      expect(file.html.match(/0000-1111-2222-3333/g)).toHaveLength(10)
    })

    test('of a set that has been replaced are not saved by its tick', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const old = await enrol(running, browser)
      const shown = await browser.send('/recovery-codes', {})
      const fresh = { key: '', codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' }
      expect(fresh.setId).not.toBe(old.setId)
      expect((await saveCodes(browser, old)).at).toMatch(/^\/recovery-codes/)
      expect((await browser.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
      expect((await saveCodes(browser, fresh)).at).toBe('/my-profile/settings?notice=codes-saved')
    })

    test('of somebody else are not saved', async () => {
      const [ada, bob] = [new Browser(running), new Browser(running)]
      await signIn(ada, await addPerson(running))
      await signIn(bob, await addPerson(running, { email: 'bob@example.org' }))
      const theirs = await enrol(running, ada)
      await enrol(running, bob)
      await saveCodes(bob, theirs)
      expect((await ada.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
      expect((await bob.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
    })

    test('that were saved in another tab already need no second tick', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled, '/my-profile')
      expect((await saveCodes(browser, enrolled, '/my-profile')).at).toBe('/my-profile')
    })

    test('are never shown twice', async () => {
      const { browser, codes } = await addProtectedPerson(running)
      for (const path of ['/recovery-codes', '/my-profile/settings', '/my-profile', '/set-up-mfa']) {
        const page = await browser.open(path)
        for (const code of codes) expect(page.html).not.toContain(code)
      }
    })

    test('whoever leaves before the tick reads why there are new ones', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const first = await enrol(running, browser)
      const page = await browser.open('/my-profile/settings')
      expect(page.at).toBe('/recovery-codes?next=%2Fmy-profile%2Fsettings')
      expect(textOf(page.html)).toContain('You left before confirming that you saved your recovery codes.')
      for (const code of first.codes) expect(page.html).not.toContain(code)
      expect(page.html).not.toMatch(/href="\/my-profile/)
    })

    test('are counted down: a warning at three, and new ones must be made after the last', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      for (const [index, code] of codes.entries()) {
        const remaining = 9 - index
        const { browser, page } = await use(person, code, '/my-profile/settings')
        expect(await left()).toBe(remaining)
        if (remaining === 0) {
          expect(page.at).toBe('/recovery-codes')
          expect(textOf(page.html)).toContain('You have used your last recovery code.')
          expect(browser.session).toBeUndefined()
          const shown = await browser.send('/recovery-codes', {})
          const fresh = { key, codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' }
          const done = await saveCodes(browser, fresh)
          expect(done.at).toBe('/my-profile/settings')
          expect(await left()).toBe(10)
          continue
        }
        expect(page.at).toBe('/sign-in/recovery-code-used?next=%2Fmy-profile%2Fsettings')
        const words = remaining === 1 ? 'You have 1 recovery code left.' : `You have ${remaining} recovery codes left.`
        expect(textOf(page.html)).toContain(words)
        expect(textOf(page.html).includes('Create new ones before you run out.')).toBe(remaining <= 3)
        expect(page.html).toContain('href="/my-profile/settings"')
      }
      await running.deliver()
      const used = running.mails.filter(({ subject }) => subject === 'A recovery code was used')
      expect(used).toHaveLength(10)
      expect(used.at(-1)?.text).toContain('There are none left')
    })

    test('whoever leaves after the last one is still asked for new ones at the next sign-in', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      for (const code of codes) await use(person, code)
      running.time.now += minutes(1)
      const browser = new Browser(running)
      const page = await signInFully(running, browser, person, key)
      expect(page.at).toBe('/recovery-codes')
      expect(browser.session).toBeUndefined()
    })

    test('few of them are pointed out in the settings', async () => {
      const { person, codes, key } = await addProtectedPerson(running)
      for (const code of codes.slice(0, 7)) await use(person, code)
      const browser = new Browser(running)
      await signInFully(running, browser, person, key)
      const page = await browser.open('/my-profile/settings')
      expect(textOf(page.html)).toContain('3 of 10 codes left.')
      expect(textOf(page.html)).toContain('Without recovery codes, a lost phone locks you out.')
    })

    test.each([
      ['in capitals', (code: string) => code.toUpperCase()],
      ['without dashes', (code: string) => code.replaceAll('-', '')],
      ['with spaces and long dashes', (code: string) => ` ${code.replaceAll('-', ' \u2013 ')} `],
      ['with look-alikes', (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l')],
    ])('work %s', async (_, typed) => {
      const { person, codes } = await addProtectedPerson(running)
      expect((await use(person, typed(codes[0] ?? ''))).page.at).toMatch(/^\/sign-in\/recovery-code-used/)
    })

    test('that are wrong are refused in the same words as one that was used', async () => {
      const { person, codes } = await addProtectedPerson(running)
      await use(person, codes[0])
      for (const wrong of [codes[0], '0000-0000-0000-0000', 'nonsense', '']) {
        const { page } = await use(person, wrong)
        expect(page.status).toBe(422)
        expect(textOf(page.html)).toContain('This recovery code is not right, or it has been used already.')
      }
      expect(await left()).toBe(9)
    })
  })
}
