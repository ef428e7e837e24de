import { expect, test } from 'vitest'
import { asRequest } from './http/current-request.ts'
import { createLog } from './log.ts'

function logOf(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  write(createLog('info', { write: (line) => void lines.push(line) }))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a line that is written while a request is answered has its number, and no other has one', async () => {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  await asRequest('number-one', async () => {
    await Promise.resolve()
    log.info({}, 'inside')
    log.info({ requestId: 'number-two' }, 'told')
  })
  log.info({}, 'outside')
  expect(lines.map(({ msg, requestId }) => [msg, requestId])).toEqual([
    ['inside', 'number-one'],
    ['told', 'number-two'],
    ['outside', undefined],
  ])
})

test('of an error, what it says and where, and nothing that others have hung on it', () => {
  const fault = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ada@example.org)' })
  const [line] = logOf((log) => log.error({ err: new Error('a change failed', { cause: fault }) }, 'failed'))
  expect(line).toMatchObject({
    err: { type: 'Error', message: 'a change failed', cause: { message: 'duplicate key', code: '23505' } },
  })
  expect(JSON.stringify(line)).toContain('log.test.ts')
  expect(JSON.stringify(line)).not.toContain('ada@example.org')
})

test('an error that is its own cause, or no error at all, is logged as well', () => {
  const own = new Error('round and round')
  own.cause = own
  const lines = logOf((log) => {
    log.error({ err: own }, 'failed')
    log.error({ err: 'a text with a secret' }, 'failed')
  })
  expect(lines).toHaveLength(2)
  expect(JSON.stringify(lines[1])).not.toContain('secret"')
})
