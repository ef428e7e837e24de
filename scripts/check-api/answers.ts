/** Whether an answer of the API is as its description says: status, type and content. */
import { z } from 'zod'

type Json = Record<string, unknown>

export interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: Json }> }>
}

export interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Json }
}

export interface Answer {
  status: number
  /** The media type, without parameters; empty where there is none. */
  type: string
  text: string
}

/** Makes a check of a schema of the document. zod looks for what is referred to in `$defs` only. */
function schemaFrom({ components }: Description, schema: Json): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: components.schemas })
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('"#/components/schemas/', '"#/$defs/')))
}

/** Says what is wrong with an answer of an operation; null when it is as described. */
export function faultOf(description: Description, operation: Operation, { status, type, text }: Answer): string | null {
  const described = operation.responses[status]
  if (described === undefined) return `answered ${status}, which is not described: ${text.slice(0, 300)}`
  if (described.content === undefined)
    return text === '' ? null : `answered ${status} with a body, and none is described`
  const content = described.content[type]
  if (content === undefined) return `answered ${status} as ${type || 'nothing'}, which is not described`
  const read = schemaFrom(description, content.schema).safeParse(JSON.parse(text))
  return read.success ? null : `answered ${status} with what does not fit its schema: ${z.prettifyError(read.error)}`
}

/** Finds the operation behind a request; undefined where none is described. */
export function operationAt({ paths }: Description, method: string, path: string): Operation | undefined {
  const parts = path.split('?')[0]?.split('/') ?? []
  const fits = (pattern: string) => {
    const wanted = pattern.split('/')
    return wanted.length === parts.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at])
  }
  // A path that is written out comes before one that leaves something open.
  const found = Object.keys(paths)
    .filter(fits)
    .sort((a, b) => a.split('{').length - b.split('{').length)
  return paths[found[0] ?? '']?.[method.toLowerCase()]
}
