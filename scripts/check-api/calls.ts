/** How each operation is called to see that it does what its description says: rightly, and in ways that it must refuse. */
import type { Call, Known } from './session.ts'

const nobody: Call = { what: 'as nobody', as: 'nobody', status: 401 }
const oddQuery: Call = { what: 'with an unknown parameter', as: 'session', query: '?nonsense=1', status: 422 }
const byToken: Call = { what: 'with a token', as: 'token', status: 200 }
const bySession: Call = { what: 'with a session', as: 'session', status: 200 }
const noToken: Call = { what: 'with a token', as: 'token', status: 403 }
const unknownId = '00000000-0000-4000-8000-000000000000'

/** For an operation that only reads. */
const reading = [nobody, oddQuery, bySession, byToken]

/** Ways to send a body that is none. */
const oddBodies = (more: Partial<Call> = {}): Call[] => [
  { what: 'with no JSON', as: 'session', body: '{', status: 400, ...more },
  { what: 'with a form', as: 'session', body: 'a=b', type: 'application/x-www-form-urlencoded', status: 415, ...more },
  { what: 'with an unknown field', as: 'session', body: { nonsense: 1 }, status: 422, ...more },
  { what: 'with too much', as: 'session', body: ' '.repeat(70_000), status: 413, ...more },
]

const idFrom = (name: string) => (known: Known) => ({ id: known.get(name) ?? '' })

const calls: Record<string, readonly Call[]> = {
  getMe: reading,
  listMyTokens: [nobody, oddQuery, bySession, noToken],
  createMyToken: [
    nobody,
    ...oddBodies(),
    { ...noToken, body: {} },
    {
      what: 'rightly',
      as: 'session',
      body: { name: 'Made by the check', scopes: ['profile:read'], expires_in_days: 1 },
      status: 201,
      keep: ({ id }, known) => known.set('made', String(id)),
    },
  ],
  revokeMyToken: [
    { ...nobody, ids: idFrom('made') },
    { ...noToken, ids: idFrom('made') },
    { what: 'of nobody', as: 'session', ids: () => ({ id: unknownId }), status: 404 },
    { what: 'rightly', as: 'session', ids: idFrom('made'), status: 204 },
  ],
}

/** The calls of an operation, in order; undefined where none are written down. */
export function callsFor(operationId: string): readonly Call[] | undefined {
  return calls[operationId]
}
