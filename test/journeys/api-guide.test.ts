// The examples of the guide to the API, run as somebody would who pastes them into a shell, against the built service.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { becomeAdministrator } from '../../scripts/check-api/session.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'

const guide = readFileSync(new URL('../../docs/guides/api.md', import.meta.url), 'utf8')
const examples = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text)

let service: ServiceProcess
let environment: Record<string, string>
beforeAll(async () => {
  service = await startProcess()
  const { token } = await becomeAdministrator(service)
  environment = { PATH: process.env.PATH ?? '', URL: service.url, TOKEN: token }
}, 60_000)
afterAll(async () => void (await service.stop()))

test('there are examples', () => {
  expect(examples.length).toBeGreaterThan(4)
})

test.each(examples)('%s', { timeout: 30_000 }, (example) => {
  const output = execFileSync('sh', ['-euc', example], { env: environment, encoding: 'utf8' })
  expect(output).toMatch(/"email":"(admin|bob)@example\.org"|"link":"http|"enforce_mfa":/)
  expect(output).not.toContain('urn:countersign:problem')
})
