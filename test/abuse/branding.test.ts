// Branding as a way in: markup in the name, style in the colour, script in the logo, files that are something else as well,
// files that are too much; and whoever may not set it at all.

import { deflateSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contrastOnLight, isReadable, onDark, parseColor, styleSheet } from '../../src/branding/color.ts'
import { inspectLogo } from '../../src/branding/logo.ts'
import { minutes } from '../../src/time.ts'
import { eventsOf } from '../support/attack.ts'
import { Browser, inputs, textOf } from '../support/browser.ts'
import { addProtectedPerson, keyOn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

/** A whole PNG of this size, all of one colour; checksums do not matter to who only reads the chunks. */
function png(width = 64, height = 64, between: Buffer = Buffer.alloc(0)): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, Buffer.from(name, 'latin1'), data, Buffer.alloc(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc(height * 65)))
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([start, chunk('IHDR', header), chunk('tEXt', between), pixels, chunk('IEND', Buffer.alloc(0))])
}
const jpeg = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0000b080040004001011100ffda0008010100003f00aaffd9',
  'hex',
)
const webp = Buffer.concat([
  Buffer.from('RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0', 'latin1'),
  Buffer.from([0, 0, 0, 0, 63, 0, 0, 63, 0, 0]),
])

describe('a logo', () => {
  test('is what its bytes are', () => {
    expect(inspectLogo(png())).toEqual({ ok: true, type: 'image/png' })
    expect(inspectLogo(jpeg)).toEqual({ ok: true, type: 'image/jpeg' })
    expect(inspectLogo(webp)).toEqual({ ok: true, type: 'image/webp' })
  })

  const script = '<script>alert(1)</script>'
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['SVG', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
    ['HTML', Buffer.from(`<!doctype html>${script}`)],
    ['a GIF', Buffer.from('GIF89a@\0@\0;', 'latin1')],
    ['a PNG with a page behind it', Buffer.concat([png(), Buffer.from(script)])],
    ['a JPEG with a page behind it', Buffer.concat([jpeg, Buffer.from(script)])],
    ['a WebP with an archive behind it', Buffer.concat([webp, Buffer.from('PK\x03\x04')])],
    ['half a PNG', png().subarray(0, 60)],
    ['a PNG whose chunk says it is endless', Buffer.concat([png().subarray(0, 33), Buffer.alloc(8, 0xff)])],
    ['a JPEG without a frame', Buffer.from('ffd8ffe000104a46494600010100000100010000ffda0008ffd9', 'hex')],
    ['the first bytes of one', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
  ])('is not %s', (_, bytes) => {
    expect(inspectLogo(bytes)).toEqual({ ok: false, because: 'not-an-image' })
  })

  test('is neither huge nor tiny', () => {
    expect(inspectLogo(png(2049, 64))).toEqual({ ok: false, because: 'measures' })
    expect(inspectLogo(png(64, 100_000))).toEqual({ ok: false, because: 'measures' })
    expect(inspectLogo(png(1, 1))).toEqual({ ok: false, because: 'measures' })
    expect(inspectLogo(Buffer.alloc(256 * 1024 + 1))).toEqual({ ok: false, because: 'too-large' })
  })

  test('of bytes that mean nothing is refused and never a fault of ours', () => {
    const heads = [png().subarray(0, 40), jpeg.subarray(0, 24), webp.subarray(0, 20), Buffer.alloc(0)]
    for (let seed = 1; seed < 2000; seed += 1) {
      const tail = Buffer.from(Array.from({ length: seed % 97 }, (_, index) => (seed * (index + 7) * 31) % 256))
      expect(() => inspectLogo(Buffer.concat([heads[seed % 4] ?? Buffer.alloc(0), tail]))).not.toThrow()
    }
  })
})

describe('a colour', () => {
  test.each([
    'red',
    '#fff',
    '#12345',
    '#1234567',
    '#12345g',
    'rgb(0,0,0)',
    '#000000}body{display:none',
    '#000000;--x:url(//evil.test)',
    '/**/#000000',
    '#00000０',
    'expression(alert(1))',
  ])('is not %s', (text) => {
    expect(parseColor(text)).toBeNull()
  })

  test('is six digits, and goes into the style sheet as nothing else', () => {
    expect(parseColor(' #1F4FA3 ')).toBe('#1f4fa3')
    expect(styleSheet('#1f4fa3').replace(/#[0-9a-f]{6}/g, '#')).toBe(
      styleSheet('#000000').replace(/#[0-9a-f]{6}/g, '#'),
    )
    expect(styleSheet(null)).toBe('')
  })

  test('can be read on light pages, and is lightened until it can on dark ones', () => {
    expect(isReadable('#1f4fa3')).toBe(true)
    expect(isReadable('#ffcc00')).toBe(false)
    expect(isReadable('#777777')).toBe(false)
    expect(contrastOnLight('#000000')).toBeGreaterThan(18)
    expect(onDark('#000000')).not.toBe('#000000')
    for (const color of ['#000000', '#1f4fa3', '#7a0019', '#00501e']) expect(isReadable(onDark(color))).toBe(false)
  })
})

for (const dialect of dialects) {
  describe(`branding on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect })
      root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator', name: 'Root' })
    })
    afterEach(() => running.stop())

    const path = '/admin/settings/branding'
    async function upload(browser: Browser, fields: Record<string, string | Buffer | readonly Buffer[]>) {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields))
        for (const one of Array.isArray(value) ? value : [value])
          if (typeof one === 'string') form.append(name, one)
          else form.append(name, new File([new Uint8Array(one)], '../../evil.svg', { type: 'image/svg+xml' }))
      const packed = new Response(form)
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await running.fetch(path, {
        method: 'POST',
        body: await packed.arrayBuffer(),
        headers: {
          cookie,
          origin,
          'sec-fetch-site': 'same-origin',
          'content-type': packed.headers.get('content-type') ?? '',
        },
      })
      return { status: response.status, at: response.headers.get('location'), text: textOf(await response.text()) }
    }
    const stored = () =>
      running.db.selectFrom('installation').select(['brand_name', 'brand_color', 'brand_version']).executeTakeFirst()
    const untouched = { brand_name: null, brand_color: null, brand_version: 1 }

    test('name, colour and logo are shown on every page, and the name in mails and apps, in every process', async () => {
      const done = await upload(root.browser, { name: 'Acme Login', color: '#7A0019', logo: png() })
      expect(done).toMatchObject({ status: 303, at: `${path}?notice=saved` })
      expect(await eventsOf(running, 'settings.changed')).toEqual([{ setting: 'branding' }])
      const page = await new Browser(running).open('/sign-in')
      expect(page.html).toContain('Acme Login')
      expect(page.html).toContain('href="/brand.css?v=2"')
      expect(page.html).toContain('src="/brand-logo?v=2"')
      running.restart()
      expect((await new Browser(running).open('/sign-in')).html).toContain('Acme Login')
      const setUp = await root.browser.open('/set-up-mfa?replace=yes')
      expect(setUp.html).toContain('issuer=Acme%20Login')
      expect(keyOn(setUp.html)).toHaveLength(32)
      await root.browser.send('/recovery-codes', {})
      await running.deliver()
      expect(running.mails.at(-1)?.text).toContain('Acme Login')
    })

    test('the files come from here, with a type of ours, and are kept only as long as they are right', async () => {
      await upload(root.browser, { name: '', color: '#7a0019', logo: png() })
      const logo = await running.fetch('/brand-logo?v=2')
      expect(logo.headers.get('content-type')).toBe('image/png')
      expect(logo.headers.get('x-content-type-options')).toBe('nosniff')
      expect(logo.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(logo.headers.get('cache-control')).toContain('immutable')
      expect(Buffer.from(await logo.arrayBuffer())).toEqual(png())
      expect((await running.fetch('/brand-logo?v=1')).headers.get('cache-control')).toBe('no-store')
      const style = await running.fetch('/brand.css?v=2')
      expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
      expect(await style.text()).toContain('--color-primary:#7a0019')
    })

    test('a new logo takes the place of the old one, none keeps it, a tick removes it', async () => {
      await upload(root.browser, { name: '', color: '', logo: png() })
      await upload(root.browser, { name: '', color: '', logo: jpeg })
      expect((await running.fetch('/brand-logo')).headers.get('content-type')).toBe('image/jpeg')
      await upload(root.browser, { name: 'Acme', color: '' })
      expect((await running.fetch('/brand-logo')).status).toBe(200)
      await upload(root.browser, { name: 'Acme', color: '', removeLogo: 'yes' })
      expect((await running.fetch('/brand-logo')).status).toBe(404)
      expect((await new Browser(running).open('/sign-in')).html).not.toContain('brand-logo')
    })

    test('a name is text, whatever is in it', async () => {
      await upload(root.browser, { name: '<script>alert(1)</script>"&', color: '' })
      for (const browser of [new Browser(running), root.browser]) {
        const { html } = await browser.open('/')
        expect(html).not.toContain('<script>alert')
        expect(html).toContain('&lt;script&gt;alert')
      }
    })

    test.each([
      ['a line break', { name: 'Acme\r\nBcc: x@evil.test', color: '' }, 'plain text'],
      ['a bidirectional override', { name: 'Acme\u202e', color: '' }, 'plain text'],
      ['a long name', { name: 'x'.repeat(61), color: '' }, 'at most 60'],
      ['style in the colour', { name: '', color: '#000000}*{display:none' }, 'six hexadecimal digits'],
      ['a colour that nobody can read', { name: '', color: '#ffee00' }, 'Choose a darker one'],
      ['SVG', { name: '', color: '', logo: Buffer.from('<svg onload="alert(1)"/>') }, 'PNG, JPEG or WebP picture'],
      ['a huge picture', { name: '', color: '', logo: png(5000, 5000) }, '2048 pixels'],
      ['a large file', { name: '', color: '', logo: Buffer.alloc(257 * 1024) }, 'larger than 256 KiB'],
    ])('refuses %s, says why, and changes nothing', async (_, fields, words) => {
      const refused = await upload(root.browser, fields)
      expect(refused.status).toBe(422)
      expect(refused.text).toContain(words)
      expect(await stored()).toEqual(untouched)
    })

    test('tells several problems at once, and keeps what was typed', async () => {
      const refused = await upload(root.browser, { name: 'x'.repeat(61), color: 'red', logo: Buffer.from('x') })
      expect(refused.text).toMatch(/at most 60.*six hexadecimal digits.*PNG, JPEG or WebP picture/)
    })

    test('U+0000, a field given twice and two files count as absent', async () => {
      expect((await upload(root.browser, { name: 'Ac\0me', color: '', logo: [png(), png()] })).status).toBe(303)
      expect(await stored()).toEqual({ ...untouched, brand_version: 2 })
      expect((await running.fetch('/brand-logo')).status).toBe(404)
    })

    test('more than the form may hold is refused, and other forms may hold no more than before', async () => {
      expect((await upload(root.browser, { name: '', logo: Buffer.alloc(330 * 1024) })).status).toBe(413)
      const large = await root.browser.send('/admin/settings', { helpContact: 'x'.repeat(70 * 1024) })
      expect(large.status).toBe(413)
      expect((await root.browser.send(path, { name: 'Acme' })).status).toBe(415)
      expect(await stored()).toEqual(untouched)
    })

    test('what is not a form at all is refused', async () => {
      const cookie = [...root.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
        const headers = { cookie, origin, 'sec-fetch-site': 'same-origin', 'content-type': type }
        expect((await running.fetch(path, { method: 'POST', body: 'nonsense', headers })).status).toBe(400)
      }
    })

    test('only administrators set it, with a fresh proof', async () => {
      for (const role of ['member', 'help-desk', 'auditor'] as const) {
        const { browser } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
        expect((await upload(browser, { name: 'Mine' })).status).toBe(403)
      }
      running.time.now += minutes(11)
      expect((await upload(root.browser, { name: 'Mine' })).at).toBe('/sign-in/verification-code')
      expect(await stored()).toEqual(untouched)
      expect((await root.browser.open(path)).at).toBe('/sign-in/verification-code')
    })

    test('the page shows what is set', async () => {
      await upload(root.browser, { name: 'Acme', color: '#7a0019', logo: png() })
      const { html } = await root.browser.open(`${path}?notice=saved`)
      expect(inputs(html, 'name')).toEqual(['Acme'])
      expect(inputs(html, 'color')).toEqual(['#7a0019'])
      expect(html).toContain('name="removeLogo"')
    })
  })
}
