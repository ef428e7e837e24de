// What is sent and answered, as schemas: the parts that several operations share. Fields are written in snake case, moments
// as ISO 8601 in UTC, and what there is none of as null.

import { z } from 'zod'
import { scopes } from '../access-tokens/scopes.ts'
import type { Instant } from '../time.ts'
import { parseName } from '../users/names.ts'
import { roles } from '../users/roles.ts'

/** Writes a moment. */
export const written = (at: Instant) => new Date(at).toISOString()
/** Writes a moment that may not have come. */
export const writtenOrNull = (at: Instant | null) => (at === null ? null : written(at))

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
