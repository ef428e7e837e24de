// The description of the API as OpenAPI 3.1, made from the declarations of the operations. zod writes JSON Schema 2020-12,
// which is what OpenAPI 3.1 is built on, so nothing is translated and nothing gets lost.

import { z } from 'zod'
import { type RefusalCode, refusals } from '../refusal.ts'
import type { Operation } from './operation.ts'
import { problemTitles } from './problems.ts'
import { Problem } from './schemas.ts'

type Json = Record<string, unknown>

/** Describes all operations. The same for every installation, so it names no address. */
export function describeApi(operations: readonly Operation[]): Json {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation, components) }
  }
  // Referred to by every refusal.
  schemaOf(Problem, 'output', components)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Countersign',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'What people and administrators do, for programs. Requests bear a personal access token, or come from a page of the service with its session cookie. Refusals are problems as in RFC 9457; go by `code`.',
    },
    servers: [{ url: '/', description: 'The address at which the service is reached.' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'cs_pat_…',
          description: 'A personal access token. What is listed with it is the scope that it needs.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-countersign-session',
          description:
            'The session of a browser. Requests that change something must come from the origin of the service.',
        },
      },
    },
  }
}

function describeOperation(operation: Operation, components: Json): Json {
  const { id, tag, summary, description, scope, body, answer } = operation
  const parameters = parametersOf(operation, components)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: [...(scope === null ? [] : [{ token: [scope] }]), { session: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input', components) } },
          },
        }
      : {}),
    responses: {
      [answer.status]: {
        description: answer.what,
        ...(answer.status === 204
          ? {}
          : { content: { 'application/json': { schema: schemaOf(answer.schema, 'output', components) } } }),
      },
      ...refusalsOf(operation),
    },
  }
}

function parametersOf({ path, query }: Operation, components: Json): Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  }))
  const shape: Record<string, z.ZodType> = query?.shape ?? {}
  const inQuery = Object.entries(shape).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema, 'input', components)
    return { name, in: 'query', ...(description ? { description } : {}), schema: rest }
  })
  return [...inPath, ...inQuery]
}

/** What any operation may be refused for, and what only this one. */
function refusalsOf({ method, path, scope, access, fresh, refusals: own = [] }: Operation): Json {
  const codes: RefusalCode[] = [
    'signed-out',
    'invalid-token',
    ...(fresh ? (['step-up-needed'] as const) : []),
    'enrolment-owed',
    'recovery-codes-owed',
    ...(access === 'signed-in' ? [] : (['not-allowed'] as const)),
    scope === null ? 'not-for-tokens' : 'scope-missing',
    ...(method === 'get' ? [] : (['cross-origin', 'bad-request', 'too-large', 'not-json'] as const)),
    'validation-failed',
    ...(path.includes(':') ? (['not-found'] as const) : []),
    ...own,
  ]
  const byStatus = Map.groupBy(new Set(codes), (code) => refusals[code])
  const described = [...byStatus].map(([status, of]) => [
    status,
    {
      description: of.map((code) => `\`${code}\`: ${problemTitles[code] ?? ''}`).join('\n\n'),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ])
  return Object.fromEntries(described)
}

/** Writes a schema; those that have a name of their own go to the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const written = z.toJSONSchema(schema, { io, unrepresentable: 'throw' })
  const text = JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')
  const { $schema: _, $defs, id, ...rest } = JSON.parse(text) as Json & { $defs?: Record<string, Json>; id?: string }
  for (const [name, { id: __, ...definition }] of Object.entries($defs ?? {})) components[name] = definition
  if (id === undefined) return rest
  components[id] = rest
  return { $ref: `#/components/schemas/${id}` }
}
