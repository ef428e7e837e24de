/** How each operation is called to see that it does what its description says: rightly, and in ways that it must refuse. */
import type { Call, Known } from './session.ts'

const nobody: Call = { what: 'as nobody', as: 'nobody', status: 401 }
const oddQuery: Call = { what: 'with an unknown parameter', as: 'session', query: '?nonsense=1', status: 422 }
const byToken: Call = { what: 'with a token', as: 'token', status: 200 }
const bySession: Call = { what: 'with a session', as: 'session', status: 200 }
const noToken: Call = { what: 'with a token', as: 'token', status: 403 }
const unknownId = '00000000-0000-4000-8000-000000000000'

/** For an operation that only reads. `of` names what is read, as the path has it. */
const reading = (of: Record<string, string> = {}): Call[] => [
  ...[nobody, oddQuery, bySession, byToken].map((call) => ({ ...call, ids: ids(of) })),
  ...Object.keys(of).map((part) => ({
    ...bySession,
    what: `of no ${part}`,
    ids: ids({ ...of, [part]: unknownId }),
    status: 404,
  })),
]

/** For an operation that changes something and takes nothing with it: as nobody, rightly, and for what is not there. */
const doing = (of: Record<string, string>, rightly: Partial<Call> = {}): Call[] => [
  { ...nobody, ids: ids(of) },
  {
    what: 'of nothing',
    as: 'session',
    ids: ids(Object.fromEntries(Object.keys(of).map((part) => [part, unknownId]))),
    type: 'application/json',
    status: 404,
  },
  {
    what: 'with a body that it takes none of',
    as: 'session',
    ids: ids(of),
    body: { role: 'administrator' },
    status: 422,
  },
  { what: 'rightly', as: 'session', ids: ids(of), type: 'application/json', status: 204, ...rightly },
]

async function acceptInvitation(known: Known, url: string): Promise<void> {
  const token = new URL(known.get('link') ?? url).searchParams.get('token') ?? ''
  const form = new URLSearchParams({ token, password: 'another four words entirely' })
  await fetch(`${url}/accept-invitation`, { method: 'POST', body: form, headers: { origin: url }, redirect: 'manual' })
}

const keepUser: Call['keep'] = ({ user, link }, known) => known.set('user', String(user)).set('link', String(link))

/** Ways to send a body that is none. */
const oddBodies = (more: Partial<Call> = {}): Call[] => [
  { what: 'with no JSON', as: 'session', body: '{', status: 400, ...more },
  { what: 'with a form', as: 'session', body: 'a=b', type: 'application/x-www-form-urlencoded', status: 415, ...more },
  { what: 'with an unknown field', as: 'session', body: { nonsense: 1 }, status: 422, ...more },
  { what: 'with too much', as: 'session', body: ' '.repeat(70_000), status: 413, ...more },
]

/** Puts ids that were kept, or are written here, into a path. */
const ids = (names: Record<string, string>) => (known: Known) =>
  Object.fromEntries(Object.entries(names).map(([part, name]) => [part, known.get(name) ?? name]))

/** The calls of each operation, in the order in which they are made. */
export const calls: Readonly<Record<string, readonly Call[]>> = {
  getMe: reading(),
  changeMe: [
    nobody,
    ...oddBodies(),
    { what: 'with an e-mail address', as: 'session', body: { email: 'other@example.org' }, status: 422 },
    { what: 'by token', as: 'token', body: { name: 'Admin Example', theme: 'dark', language: null }, status: 204 },
  ],
  getMyFactors: reading(),
  listMySessions: reading(),
  endMyOtherSessions: [
    { ...nobody, status: 401 },
    { what: 'rightly', as: 'session', status: 204 },
  ],
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
  revokeMyToken: [{ ...noToken, ids: ids({ token: 'made' }) }, ...doing({ token: 'made' })],
  addUser: [
    nobody,
    ...oddBodies(),
    { what: 'with a password', as: 'session', body: { email: 'bob@example.org', password: 'x' }, status: 422 },
    {
      what: 'an administrator, by token',
      as: 'token',
      body: { email: 'bob@example.org', role: 'administrator' },
      status: 403,
    },
    { what: 'by token', as: 'token', body: { email: 'bob@example.org', name: 'Bob' }, status: 201, keep: keepUser },
    { what: 'twice', as: 'token', body: { email: 'BOB@example.org' }, status: 409 },
  ],
  listUsers: [
    ...reading(),
    { what: 'twice the same parameter', as: 'session', query: '?search=a&search=b', status: 422 },
    {
      what: 'with a filter',
      as: 'token',
      query: '?search=bob&role=member&state=invited&mfa=off&seen=never',
      status: 200,
    },
  ],
  getUser: reading({ user: 'user' }),
  inviteAgain: doing({ user: 'user' }, { status: 201, keep: keepUser }),
  revokeInvitation: doing({ user: 'user' }),
  changeUser: [
    { ...nobody, ids: ids({ user: 'user' }) },
    ...oddBodies({ ids: ids({ user: 'user' }) }),
    {
      what: 'an end that is over',
      as: 'session',
      ids: ids({ user: 'user' }),
      body: { expires_at: '2020-01-01T00:00:00Z' },
      status: 422,
    },
    { what: 'of nobody', as: 'session', ids: ids({ user: unknownId }), body: { name: 'X' }, status: 404 },
    { what: 'another role, by token', as: 'token', ids: ids({ user: 'user' }), body: { role: 'auditor' }, status: 403 },
    {
      what: 'by token',
      as: 'token',
      ids: ids({ user: 'user' }),
      body: { name: 'Bobby', expires_at: null },
      status: 204,
    },
  ],
  addGroup: [
    nobody,
    ...oddBodies(),
    {
      what: 'by token',
      as: 'token',
      body: { name: 'Night shift' },
      status: 201,
      keep: ({ id }, known) => known.set('group', String(id)),
    },
    { what: 'twice', as: 'token', body: { name: 'NIGHT  shift' }, status: 409 },
  ],
  addToGroup: doing({ group: 'group', user: 'user' }),
  listGroups: reading(),
  removeFromGroup: doing({ group: 'group', user: 'user' }),
  renameGroup: [
    { ...nobody, ids: ids({ group: 'group' }) },
    ...oddBodies({ ids: ids({ group: 'group' }) }),
    { what: 'by token', as: 'token', ids: ids({ group: 'group' }), body: { name: 'Day shift' }, status: 204 },
  ],
  deleteGroup: doing({ group: 'group' }),
  listSessions: reading({ user: 'user' }),
  endSession: doing({ user: 'user', session: unknownId }, { what: 'of no session', status: 404 }),
  endSessions: doing({ user: 'user' }),
  listTokens: [
    { ...nobody, ids: ids({ user: 'user' }) },
    { ...bySession, ids: ids({ user: 'user' }) },
    { ...noToken, ids: ids({ user: 'user' }) },
  ],
  revokeToken: doing({ user: 'user', token: unknownId }, { what: 'of no token', status: 404 }),
  resetMfa: [
    { ...nobody, ids: ids({ user: 'user' }) },
    ...oddBodies({ ids: ids({ user: 'user' }) }),
    { ...noToken, ids: ids({ user: 'user' }), body: { reason: 'Lost phone' } },
    {
      what: 'of somebody without a password',
      as: 'session',
      ids: ids({ user: 'user' }),
      body: { reason: 'Lost phone' },
      status: 409,
    },
    {
      what: 'rightly',
      as: 'session',
      before: async (known, url) => {
        const again = await fetch(`${url}/api/v1/users/${known.get('user')}/invitation`, {
          method: 'POST',
          headers: { authorization: `Bearer ${known.get('token')}` },
        })
        known.set('link', String(((await again.json()) as { link: string }).link))
        await acceptInvitation(known, url)
      },
      ids: ids({ user: 'user' }),
      body: { reason: 'Lost phone' },
      status: 201,
    },
  ],
  renewSetUpLink: doing({ user: 'user' }, { status: 201 }),
  reactivateUser: [
    { what: 'who is active', as: 'session', ids: ids({ user: 'user' }), type: 'application/json', status: 409 },
  ],
  deactivateUser: doing({ user: 'user' }),
  deleteUser: doing({ user: 'user' }),
  endMySession: doing({ session: unknownId }, { what: 'of no session', status: 404 }),
  getPolicy: reading(),
  previewPolicy: reading(),
  changePolicy: [
    nobody,
    ...oddBodies(),
    { ...noToken, body: { enforce_mfa: false } },
    { what: 'without MFA of one’s own', as: 'session', body: { enforce_mfa: true }, status: 403 },
    { what: 'rightly', as: 'session', body: { enforce_mfa: false }, status: 200 },
  ],
  confirmPolicy: [
    nobody,
    noToken,
    { what: 'with nothing to confirm', as: 'session', type: 'application/json', status: 409 },
  ],
  listAuditEvents: [
    ...reading(),
    {
      what: 'with a filter',
      as: 'token',
      query: '?event=access-token.*&since=2026-01-01&until=2099-12-31',
      status: 200,
      keep: ({ events }, known) => known.set('event', String((events as { id: string }[])[0]?.id)),
    },
    { what: 'with days in the wrong order', as: 'token', query: '?since=2026-01-02&until=2026-01-01', status: 422 },
    { what: 'with a cursor that is none', as: 'token', query: '?after=1', status: 422 },
  ],
  getAuditEvent: reading({ event: 'event' }),
}

/** What cannot come about here, and which test sees it instead. */
export const notReached: Readonly<Record<string, string>> = {
  endMySession: 'there is one session, and it is needed',
  endSession: 'nobody else is signed in',
  revokeToken: 'nobody else has a token',
  reactivateUser: 'test/journeys/api-administration.test.ts',
  confirmPolicy: 'needs MFA and a second sign-in: test/journeys/api-administration.test.ts',
}
