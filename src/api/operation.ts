// An operation of the API: one declaration from which the route, its gate, the check of what is sent and the description
// in OpenAPI are made, so that none of them can say something else than the others.

import { z } from 'zod'
import type { Scope } from '../access-tokens/scopes.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { Refusal, type RefusalCode } from '../refusal.ts'
import type { AnyStanding, Standing } from '../sign-in/standing.ts'
import type { Permission } from '../users/roles.ts'
import { mustBeJson, readBody, readQuery } from './input.ts'

export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As the door writes it: `/api/v1/me/tokens/:id`. Every part that is left open is the id of a row. */
  path: string
  /** The name by which generated clients call it. */
  id: string
  tag: string
  summary: string
  description?: string
  access: 'signed-in' | Permission
  /** The scope that a token needs; null for what is done in person only. */
  scope: Scope | null
  /** True where a session needs a fresh proof. */
  fresh?: boolean
  query?: z.ZodObject
  body?: z.ZodObject
  answer: { status: 200 | 201; schema: z.ZodType; what: string } | { status: 204; what: string }
  /** What it may be refused for, besides what every operation may. */
  refusals?: readonly RefusalCode[]
}

/** The names of the open parts of a path. */
type Open<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Open<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

/** Neither JSON nor a query can say undefined: a field is there or it is not. */
type Sent<Value> = { [Name in keyof Value]: Exclude<Value[Name], undefined> }

interface Given<O extends Operation> {
  c: DoorContext
  standing: O['scope'] extends null ? Standing : AnyStanding
  ids: Record<Open<O['path']>, string>
  query: O['query'] extends z.ZodObject ? Sent<z.output<O['query']>> : undefined
  body: O['body'] extends z.ZodObject ? Sent<z.output<O['body']>> : undefined
}

type Answered<O extends Operation> = O['answer'] extends { schema: infer S extends z.ZodType } ? z.input<S> : null

export interface Operations {
  /** Adds an operation: to the door, and to the description. */
  add<const O extends Operation>(operation: O, handle: (given: Given<O>) => Answered<O> | Promise<Answered<O>>): void
  declared: readonly Operation[]
}

/** Begins a list of operations on a door. */
export function operationsOn(door: Door): Operations {
  const declared: Operation[] = []
  return {
    declared,
    add<const O extends Operation>(
      operation: O,
      handle: (given: Given<O>) => Answered<O> | Promise<Answered<O>>,
    ): void {
      declared.push(operation)
      const { access, scope, method, path } = operation
      const answer = async (c: DoorContext, standing: AnyStanding) => {
        const given: unknown = { c, standing, ...(await readInput(c, operation, standing)) }
        const value = await handle(given as Given<O>)
        return operation.answer.status === 204 ? c.body(null, 204) : c.json(value as object, operation.answer.status)
      }
      if (scope === null) door.inPerson(access, method, path, answer)
      else door.program(access, scope, method, path, answer)
    },
  }
}

/** What an operation takes that declares nothing. */
const nothing = z.strictObject({})

const rowId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function readInput(c: DoorContext, { method, query, body }: Operation, { via }: AnyStanding) {
  const ids = c.req.param() as Record<string, string>
  // What is no id names nothing.
  if (!Object.values(ids).every((id) => rowId.test(id))) throw new Refusal('not-found')
  return {
    ids,
    query: readQuery(c, query ?? nothing),
    body: method === 'get' ? undefined : body ? await readBody(c, body) : await mustBeEmpty(c, method, via),
  }
}

/** Nothing comes with the request, or an empty object. From a browser it is called JSON all the same: no form can say that. */
async function mustBeEmpty(c: DoorContext, method: Operation['method'], via: AnyStanding['via']): Promise<undefined> {
  if (via === 'session' && method !== 'delete') mustBeJson(c)
  if ((await c.req.text()) !== '') await readBody(c, nothing)
}
