import { BlockList } from 'node:net'
import { expect, test } from 'vitest'
import { callerOf } from './caller.ts'

const trusted = new BlockList()
trusted.addSubnet('10.0.0.0', 8)
trusted.addSubnet('2001:db8::', 32, 'ipv6')

const addressOf = (remoteAddress: string, forwarded?: string) =>
  callerOf(new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }), { remoteAddress }, trusted)
    .address

test.each([
  ['nobody forwards', '192.0.2.1', undefined, '192.0.2.1'],
  ['a stranger claims another address', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['a stranger claims to be a proxy', '192.0.2.1', '10.0.0.1', '192.0.2.1'],
  ['a proxy forwards', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a proxy says nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['two proxies forward', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['a client has made up what stands left of it', '10.0.0.1', '198.51.100.7, 203.0.113.9', '203.0.113.9'],
  ['a client has made up a proxy', '10.0.0.1', '10.9.9.9, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['only proxies are named', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['the hop is not an address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['a hop in the middle is not an address', '10.0.0.1', '203.0.113.9, what, 10.0.0.2', '10.0.0.2'],
  ['the header is empty', '10.0.0.1', '', '10.0.0.1'],
  ['the header is commas', '10.0.0.1', ' , ,', '10.0.0.1'],
  ['the proxy speaks IPv6', '2001:db8::1', '2001:db9::7', '2001:db9::7'],
  ['the socket writes IPv4 as IPv6', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['the proxy’s IPv4 comes over an IPv6 socket', '::ffff:10.0.0.1', '::FFFF:203.0.113.9', '203.0.113.9'],
  ['the address has a zone', 'fe80::1%eth0', undefined, 'fe80::1'],
])('%s', (_, peer, forwarded, address) => {
  expect(addressOf(peer, forwarded)).toBe(address)
})

test('without proxies nothing that is forwarded is believed', () => {
  const headers = new Headers({
    'x-forwarded-for': '203.0.113.9',
    forwarded: 'for=203.0.113.9',
    'x-real-ip': '203.0.113.9',
  })
  expect(callerOf(headers, { remoteAddress: '127.0.0.1' }, new BlockList()).address).toBe('127.0.0.1')
})

test('a connection that is not known has no address, and every request has a number of its own', () => {
  const headers = new Headers({ 'user-agent': 'Browser', 'x-request-id': 'chosen-by-the-client' })
  const [one, other] = [callerOf(headers, undefined, trusted), callerOf(headers, undefined, trusted)]
  expect(one).toMatchObject({ address: 'unknown', userAgent: 'Browser' })
  expect(one.requestId).toMatch(/^[0-9a-f]{16}$/)
  expect(other.requestId).not.toBe(one.requestId)
})

const numberOf = (remoteAddress: string, given: string) =>
  callerOf(new Headers({ 'x-request-id': given }), { remoteAddress }, trusted).requestId

test('a proxy says which number a request has', () => {
  for (const given of [
    '0123456789abcdef0123456789abcdef',
    '3b241101-e2bb-4255-8caf-4136c566a962',
    'a.b_c-d8',
    'x'.repeat(64),
  ])
    for (const proxy of ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1']) expect(numberOf(proxy, given)).toBe(given)
})

test('nobody else says so, and nothing is taken for a number that is none', () => {
  for (const stranger of ['192.0.2.1', '127.0.0.1', 'unknown'])
    expect(numberOf(stranger, 'chosen-by-the-client')).toMatch(/^[0-9a-f]{16}$/)
  for (const odd of [
    '',
    'short',
    'x'.repeat(65),
    'with a space',
    'with"quotes"',
    'one,two,three',
    '<b>bold</b>',
    'ümlautümlaut',
  ])
    expect(numberOf('10.0.0.1', odd)).toMatch(/^[0-9a-f]{16}$/)
})
