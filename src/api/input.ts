// What programs send: a JSON body and query parameters, held to a schema each. Nothing that the schema does not name comes
// through: an unknown field, a parameter that is given twice, and `__proto__` are faults, each named where it stands.

import type { Context } from 'hono'
import type { z } from 'zod'
import { contentType } from '../http/form.ts'
import { Refusal } from '../refusal.ts'

/** One fault: where it stands (RFC 9457 §3: a pointer into the body, or a parameter), and what is wrong, in English. */
export type InputError = { pointer: string; detail: string } | { parameter: string; detail: string }

/** The refusal of input that does not fit its schema. */
export class InvalidInput extends Refusal {
  readonly errors: readonly InputError[]

  constructor(errors: readonly InputError[]) {
    super('validation-failed')
    this.errors = errors.slice(0, 20)
  }
}

/** Throws `not-json` for a body of another type. */
export function mustBeJson(c: Context): void {
  if (contentType(c) !== 'application/json') throw new Refusal('not-json')
}

/** Reads the body. Throws `not-json`, `bad-request` or `validation-failed`. */
export async function readBody<Schema extends z.ZodType>(c: Context, schema: Schema): Promise<z.output<Schema>> {
  mustBeJson(c)
  const read = schema.safeParse(parseJson(await c.req.text()))
  if (read.success) return read.data
  throw new InvalidInput(
    faultsIn(read.error, (path) => ({ pointer: `#${path.map((part) => `/${escapePointer(part)}`).join('')}` })),
  )
}

/** Reads the query. Throws `validation-failed`. */
export function readQuery<Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> {
  const given = [...new URL(c.req.url).searchParams]
  const twice = given.map(([name]) => name).find((name, index, names) => names.indexOf(name) < index)
  if (twice !== undefined) throw new InvalidInput([{ parameter: printable(twice), detail: 'This is given twice.' }])
  const read = schema.safeParse(Object.fromEntries(given))
  if (read.success) return read.data
  throw new InvalidInput(faultsIn(read.error, (path) => ({ parameter: printable(path.join('.')) })))
}

/**
 * U+0000 and half a surrogate pair are in nothing that anybody means, and no database can hold both; `__proto__` is in no
 * schema, at any depth.
 */
function parseJson(text: string): unknown {
  const faults: InputError[] = []
  const check = (key: string, value: unknown) => {
    if (key === '__proto__' || key.includes('\0')) faults.push({ pointer: '#', detail: 'No field has such a name.' })
    if (typeof value === 'string' && value.includes('\0'))
      faults.push({ pointer: '#', detail: 'No text holds U+0000.' })
    if (typeof value === 'string' && !value.isWellFormed())
      faults.push({ pointer: '#', detail: 'No text holds half a surrogate pair.' })
    return value
  }
  let value: unknown
  try {
    value = JSON.parse(text, check)
  } catch {
    throw new Refusal('bad-request')
  }
  if (faults.length > 0) throw new InvalidInput(faults)
  return value
}

function faultsIn<Where extends { pointer: string } | { parameter: string }>(
  { issues }: z.ZodError,
  at: (path: readonly PropertyKey[]) => Where,
): (Where & { detail: string })[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ ...at([...issue.path, key]), detail: 'This is not known here.' }))
      : [{ ...at(issue.path), detail: issue.message }],
  )
}

/** Writes one part of a JSON pointer as the fragment of an address (RFC 6901 §6). */
function escapePointer(part: PropertyKey): string {
  return encodeURIComponent(printable(String(part)).replaceAll('~', '~0').replaceAll('/', '~1'))
}

function printable(text: string): string {
  return text.toWellFormed().slice(0, 100)
}
