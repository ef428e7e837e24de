/**
 * Holds the running service to the committed description of its API (`npm run check:api`): starts the built service,
 * compares its document with `docs/reference/openapi.json`, calls every operation that this describes, in every way that
 * it can be refused as well, and checks each answer with the schemas of the document.
 *
 * Invariant: the exit code is 0 only if every operation was called and nothing differed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess } from '../test/support/process.ts'
import { type Description, faultOf, type Operation } from './check-api/answers.ts'
import { calls, notReached } from './check-api/calls.ts'
import { differences } from './check-api/differences.ts'
import { becomeAdministrator, type Caller } from './check-api/session.ts'

const committedFile = 'docs/reference/openapi.json'
const committed = JSON.parse(readFileSync(join(import.meta.dirname, '..', committedFile), 'utf8')) as Description

interface Found {
  method: string
  path: string
  operation: Operation
}

async function checkOperation({ method, path, operation }: Found, caller: Caller): Promise<string[]> {
  const faults: string[] = []
  const seen = new Set<number>()
  for (const call of calls[operation.operationId] ?? []) {
    const response = await caller.send(method.toUpperCase(), path, call)
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const { status } = response
    seen.add(status)
    const fault = faultOf(committed, operation, { status, type, text: await response.text() })
    if (fault !== null) faults.push(`${call.what}: ${fault}`)
    else if (status !== call.status) faults.push(`${call.what}: answered ${status} instead of ${call.status}`)
  }
  const success = Object.keys(operation.responses)
    .map(Number)
    .find((status) => status < 300)
  if (success !== undefined && !seen.has(success) && notReached[operation.operationId] === undefined)
    faults.push(`was never called so that it answers ${success}`)
  return faults
}

const service = await startProcess({})
const order = Object.keys(calls)
const faults: string[] = []
let called = 0
try {
  const running = (await (await fetch(`${service.url}/api/openapi.json`)).json()) as Description
  faults.push(...differences(committed, running).map((line) => `the document differs from ${committedFile}: ${line}`))
  const caller = await becomeAdministrator(service)
  const described = new Map<string, Found>()
  for (const [path, operations] of Object.entries(committed.paths))
    for (const [method, operation] of Object.entries(operations))
      described.set(operation.operationId, { method, path, operation })
  // In the order in which the calls are written: what one makes, another changes, and a third deletes.
  for (const [id, found] of [...described].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))) {
    called += 1
    if (calls[id] === undefined) faults.push(`${id} is not called by scripts/check-api/calls.ts`)
    for (const fault of await checkOperation(found, caller))
      faults.push(`${found.method.toUpperCase()} ${found.path}: ${fault}`)
  }
  for (const id of order) if (!described.has(id)) faults.push(`${id} is called, and is not an operation`)
} finally {
  await service.stop()
}

if (faults.length > 0) {
  console.error(`The API is not as ${committedFile} says:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
  console.error('If the change is meant, run "npm run docs" and commit the document.')
  process.exit(1)
}
console.log(`All ${called} operations are as ${committedFile} says.`)
