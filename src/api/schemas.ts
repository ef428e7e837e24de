// What is sent and answered, as schemas: the parts that several operations share. Fields are written in snake case, moments
// as ISO 8601 in UTC, and what there is none of as null.

import { z } from 'zod'
import type { AccessToken as Token } from '../access-tokens/access-tokens.ts'
import { scopes } from '../access-tokens/scopes.ts'
import { deviceFrom } from '../sessions/device.ts'
import type { ListedSession } from '../sessions/sessions.ts'
import { isoTime, isoTimeOrNull } from '../time.ts'
import { parseName, parsePersonName } from '../users/names.ts'
import { roles } from '../users/roles.ts'

export const id = z.uuid()
export const moment = z.iso.datetime()
export const role = z.enum(roles).meta({ id: 'Role' })
export const scope = z.enum(scopes).meta({ id: 'Scope' })

/** The name of a thing of one's own, as the pages take it. */
export const thingName = z
  .string()
  .min(1)
  .max(200)
  .refine((typed) => parseName(typed) !== null, 'Expected 1 to 60 visible characters on one line.')
  .describe('1 to 60 visible characters on one line.')

/** The name of a person or a group, as the pages take it; it comes out tidied. */
export const personName = z
  .string()
  .min(1)
  .max(300)
  .refine((typed) => parsePersonName(typed) !== null, 'Expected 1 to 100 visible characters on one line.')
  .overwrite((typed) => parsePersonName(typed) ?? typed)
  .describe('1 to 100 visible characters on one line.')

/** Text in a query: nothing that could not be looked for. */
export const queryText = z
  .string()
  .max(300)
  .refine((text) => !/\p{Cc}/u.test(text) && text.isWellFormed(), 'Expected text without control characters.')

/** Where a page ends. */
export const next = z
  .string()
  .nullable()
  .describe('What to give as `after` to get the next page; null on the last one.')

export const AccessToken = z
  .object({
    id,
    name: z.string(),
    scopes: z.array(scope),
    created_at: moment,
    expires_at: moment,
    last_used_at: moment.nullable().describe('To the minute.'),
  })
  .meta({ id: 'AccessToken' })

/** Writes a token, without the token itself. */
export function accessTokenOf(token: Token): z.input<typeof AccessToken> {
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    created_at: isoTime(token.createdAt),
    expires_at: isoTime(token.expiresAt),
    last_used_at: isoTimeOrNull(token.lastUsedAt),
  }
}

export const Session = z
  .object({
    id,
    address: z.string(),
    browser: z.string().nullable(),
    system: z.string().nullable(),
    proved_by: z.array(z.enum(['password', 'totp', 'recovery-code', 'set-up-link', 'identity-provider'])),
    created_at: moment,
    last_seen_at: moment.describe('To the minute.'),
  })
  .meta({ id: 'Session' })

export const OwnSession = Session.extend({
  current: z.boolean().describe('True for the session that asks.'),
}).meta({ id: 'OwnSession' })

/** Writes a session. */
export function sessionOf(session: ListedSession): z.input<typeof Session> {
  return {
    id: session.id,
    address: session.address,
    ...deviceFrom(session.userAgent),
    proved_by: session.proofs.map(({ by }) => by),
    created_at: isoTime(session.createdAt),
    last_seen_at: isoTime(session.lastSeenAt),
  }
}

export const Problem = z
  .object({
    type: z.string().describe('`urn:countersign:problem:` and the code.'),
    title: z.string().describe('For developers, in English.'),
    status: z.int(),
    code: z.string().describe('What a program goes by.'),
    request_id: z.string().describe('The number under which the request is in the log.'),
    set_up: z.url().optional().describe('Where the person ends what they owe: 2FA, or saving their recovery codes.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional().describe('Where in the body, as a JSON pointer in a fragment.'),
          parameter: z.string().optional().describe('Which parameter of the query.'),
          detail: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' })
