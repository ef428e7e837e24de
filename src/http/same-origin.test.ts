import { expect, test } from 'vitest'
import { Refusal } from '../refusal.ts'
import { mustBeSameOrigin } from './same-origin.ts'

const ours = 'https://sign-in.test'

function judge(method: string, headers: Record<string, string>): string {
  try {
    mustBeSameOrigin(new Request(`${ours}/x`, { method, headers }), ours)
    return 'accepted'
  } catch (error) {
    return error instanceof Refusal ? error.code : 'error'
  }
}

test.each(['GET', 'HEAD'])('%s changes nothing and may come from anywhere', (method) => {
  expect(judge(method, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).toBe('accepted')
})

test.each<Record<string, string>>([
  { origin: ours, 'sec-fetch-site': 'same-origin' },
  { origin: ours },
  { 'sec-fetch-site': 'same-origin' },
])('a form of ours with %j is accepted', (headers) => {
  expect(judge('POST', headers)).toBe('accepted')
})

test.each<Record<string, string>>([
  {},
  { origin: 'null' },
  { origin: '' },
  { origin: 'https://evil.example' },
  { origin: 'http://sign-in.test' },
  { origin: 'https://sign-in.test:8443' },
  { origin: 'https://sign-in.test.evil.example' },
  { origin: 'https://SIGN-IN.test' },
  { origin: `${ours}/` },
  { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  { origin: 'null', 'sec-fetch-site': 'same-origin' },
  { origin: ours, 'sec-fetch-site': 'cross-site' },
  { origin: ours, 'sec-fetch-site': 'same-site' },
  { origin: ours, 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site' },
  { referer: `${ours}/sign-in` },
  { host: 'sign-in.test' },
])('a form with %j is refused', (headers) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect(judge(method, headers)).toBe('cross-origin')
})
