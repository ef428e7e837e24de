import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOutbound, largestAnswer, type OutboundFault, OutboundRefused } from './outbound.ts'

const isRefused = (because: OutboundFault) => (error: unknown) =>
  error instanceof OutboundRefused && error.because === because
/** A name that means these addresses. */
const meaning = (...addresses: string[]) => ({
  resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
})

describe('where providers may be', () => {
  test.each([
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:a00:1::1',
  ])('a name that means %s is not asked', async (address) => {
    const outbound = createOutbound({ allowsPrivate: false, ...meaning(address) })
    await expect(outbound('https://provider.example')).rejects.toSatisfy(isRefused('private-address'))
    const literal = address.includes(':') ? `[${address}]` : address
    await expect(outbound(`https://${literal}/`)).rejects.toSatisfy(isRefused('private-address'))
  })

  test('one private address among public ones is one too many', async () => {
    const outbound = createOutbound({ allowsPrivate: false, ...meaning('8.8.8.8', '10.0.0.1') })
    await expect(outbound('https://provider.example')).rejects.toSatisfy(isRefused('private-address'))
  })

  test.each(['https://2130706433/', 'https://0x7f.1/', 'https://017700000001/', 'https://127.1/', 'https://[::1]/'])(
    'other ways of writing this machine are found out: %s',
    async (address) => {
      await expect(createOutbound({ allowsPrivate: false })(address)).rejects.toSatisfy(isRefused('private-address'))
    },
  )

  test('where private providers are allowed, what hands out credentials of the cloud still is not', async () => {
    for (const address of ['169.254.169.254', '0.0.0.0', 'fe80::1', '::ffff:169.254.169.254'])
      await expect(
        createOutbound({ allowsPrivate: true, ...meaning(address) })('https://provider.example'),
      ).rejects.toSatisfy(isRefused('private-address'))
  })

  test.each<[string, OutboundFault]>([
    ['nonsense', 'not-an-address'],
    ['file:///etc/passwd', 'not-https'],
    ['ftp://provider.example/', 'not-https'],
    ['data:application/json,{}', 'not-https'],
    ['https://me:secret@provider.example/', 'has-credentials'],
    ['http://provider.example/', 'not-https'],
  ])('%s is not asked: %s', async (address, because) => {
    const outbound = createOutbound({ allowsPrivate: true, ...meaning('10.0.0.1') })
    await expect(outbound(address)).rejects.toSatisfy(isRefused(because))
  })

  test('a name that means nothing is said to', async () => {
    const failing = { resolve: () => Promise.reject(new Error('ENOTFOUND')) }
    await expect(createOutbound({ allowsPrivate: true, ...failing })('https://no.example')).rejects.toSatisfy(
      isRefused('unknown-host'),
    )
    await expect(createOutbound({ allowsPrivate: true, ...meaning() })('https://no.example')).rejects.toSatisfy(
      isRefused('unknown-host'),
    )
  })
})

describe('what is asked', () => {
  let asked: string[]
  let address: string
  let close: () => void
  beforeEach(async () => {
    asked = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.host}`)
      if (request.url === '/elsewhere') response.writeHead(302, { location: '/secret' }).end('gone')
      else if (request.url === '/large') response.end(Buffer.alloc(largestAnswer + 1))
      else if (request.url === '/just') response.end(Buffer.alloc(largestAnswer))
      else request.pipe(response)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    address = `http://provider.test:${(server.address() as AddressInfo).port}`
    close = () => void server.close()
  })
  afterEach(() => close())
  const here = createOutbound({ allowsPrivate: true, ...meaning('127.0.0.1') })

  test('goes to the address that was judged, under its own name, and comes back whole', async () => {
    const answer = await here(`${address}/token?x=1`, { method: 'POST', body: new URLSearchParams({ code: 'c' }) })
    expect([answer.status, await answer.text()]).toEqual([200, 'code=c'])
    expect(asked).toEqual([`POST /token?x=1 ${new URL(address).host}`])
  })

  test('is not led elsewhere', async () => {
    const answer = await here(`${address}/elsewhere`)
    expect(answer.status).toBe(302)
    expect(asked).toHaveLength(1)
  })

  test('is cut off where it is too much', async () => {
    expect((await (await here(`${address}/just`)).arrayBuffer()).byteLength).toBe(largestAnswer)
    await expect(here(`${address}/large`)).rejects.toSatisfy(isRefused('too-large'))
  })

  test('is not asked over http where private providers are not allowed', async () => {
    const strict = createOutbound({ allowsPrivate: false, ...meaning('127.0.0.1') })
    await expect(strict(`${address}/token`)).rejects.toSatisfy(isRefused('private-address'))
    expect(asked).toEqual([])
  })

  test('ends when whoever asks has had enough', async () => {
    await expect(here(`${address}/token`, { signal: AbortSignal.abort() })).rejects.toSatisfy(isRefused('unreachable'))
  })
})
