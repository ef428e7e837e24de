/**
 * Holds the running service to the committed description of its API (`npm run check:api`): starts the built service,
 * compares its document with `docs/reference/openapi.json`, calls every operation that this describes, in every way that
 * it can be refused as well, and checks each answer with the schemas of the document.
 *
 * Invariant: the exit code is 0 only if every operation was called and nothing differed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { startProcess } from '../test/support/process.ts'
import { callsFor } from './check-api/calls.ts'
import { differences } from './check-api/differences.ts'
import { becomeAdministrator, type Caller } from './check-api/session.ts'

type Json = Record<string, unknown>
interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: Json }> }>
}
interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Json }
}

const committedFile = 'docs/reference/openapi.json'
const committed = JSON.parse(readFileSync(join(import.meta.dirname, '..', committedFile), 'utf8')) as Description

/** Makes a check of a schema of the document. zod looks for what is referred to in `$defs` only. */
function schemaFrom(schema: Json): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: committed.components.schemas })
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('"#/components/schemas/', '"#/$defs/')))
}

/** Says what is wrong with an answer; null when it is as the document describes it. */
async function faultOf(operation: Operation, response: Response): Promise<string | null> {
  const text = await response.text()
  const described = operation.responses[response.status]
  if (described === undefined) return `answered ${response.status}, which is not described: ${text.slice(0, 300)}`
  if (described.content === undefined)
    return text === '' ? null : `answered ${response.status} with a body, and none is described`
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const content = described.content[type]
  if (content === undefined) return `answered ${response.status} as ${type || 'nothing'}, which is not described`
  const schema = schemaFrom(content.schema)
  const read = schema.safeParse(JSON.parse(text))
  return read.success
    ? null
    : `answered ${response.status} with what does not fit its schema: ${z.prettifyError(read.error)}`
}

async function checkOperation(method: string, path: string, operation: Operation, caller: Caller): Promise<string[]> {
  const calls = callsFor(operation.operationId)
  if (calls === undefined) return ['is not called by scripts/check-api/calls.ts']
  const faults: string[] = []
  const seen = new Set<number>()
  for (const call of calls) {
    const response = await caller.send(method.toUpperCase(), path, call)
    seen.add(response.status)
    const fault = await faultOf(operation, response)
    if (fault !== null) faults.push(`${call.what}: ${fault}`)
    else if (response.status !== call.status)
      faults.push(`${call.what}: answered ${response.status} instead of ${call.status}`)
  }
  const success = Object.keys(operation.responses)
    .map(Number)
    .find((status) => status < 300)
  if (success !== undefined && !seen.has(success)) faults.push(`was never called so that it answers ${success}`)
  return faults
}

const service = await startProcess({})
const faults: string[] = []
let called = 0
try {
  const running = (await (await fetch(`${service.url}/api/openapi.json`)).json()) as Description
  faults.push(...differences(committed, running).map((line) => `the document differs from ${committedFile}: ${line}`))
  const caller = await becomeAdministrator(service)
  for (const [path, operations] of Object.entries(committed.paths))
    for (const [method, operation] of Object.entries(operations)) {
      called += 1
      for (const fault of await checkOperation(method, path, operation, caller))
        faults.push(`${method.toUpperCase()} ${path}: ${fault}`)
    }
} finally {
  await service.stop()
}

if (faults.length > 0) {
  console.error(`The API is not as ${committedFile} says:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
  console.error('If the change is meant, run "npm run docs" and commit the document.')
  process.exit(1)
}
console.log(`All ${called} operations are as ${committedFile} says.`)
