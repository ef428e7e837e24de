// The API's operations about enforcement. Reading is for tokens as well; switching and confirming are done in person, with a
// fresh proof, exactly as on the page.

import { z } from 'zod'
import { readEveryonePolicy } from '../../enforcement/policies.ts'
import { type EnforcementPreview, previewEnforcement } from '../../enforcement/preview.ts'
import { enforcementOf } from '../../enforcement/requirement.ts'
import { Refusal } from '../../refusal.ts'
import { changeServiceSettings, confirmEnforcement, switchEnforcementOn } from '../../sign-in/enforce.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { isoTimeOrNull } from '../../time.ts'
import type { Operations } from '../operation.ts'
import { id, moment } from '../schemas.ts'

const tag = 'Policy'

const Policy = z
  .object({
    enforce_mfa: z
      .enum(['off', 'unconfirmed', 'on', 'reverted'])
      .describe('Reverted: it is off again, because nobody confirmed it in time.'),
    since: moment.nullable(),
    confirm_by: moment.nullable().describe('Until when somebody must confirm it from a new sign-in.'),
  })
  .meta({ id: 'Policy' })

const count = z.int()
const Preview = z
  .object({
    will_be_asked: count,
    never_signed_in: count,
    protected: count,
    inactive: count,
    tokens_refused: count,
    first_to_be_asked: z.array(z.object({ id, email: z.string(), name: z.string().nullable() })),
  })
  .meta({ id: 'PolicyPreview' })

const PolicyChange = z.strictObject({ enforce_mfa: z.boolean() }).meta({ id: 'PolicyChange' })

/** Declares them. */
export function policyOperations(operations: Operations, machine: SignInParts): void {
  const reading = { method: 'get', tag, access: 'settings.read', scope: 'settings:read' } as const

  operations.add(
    {
      ...reading,
      path: '/api/v1/policy',
      id: 'getPolicy',
      summary: 'How “Enforce MFA for all users” stands',
      answer: { status: 200, schema: Policy, what: 'As it stands now.' },
    },
    () => policyNow(machine),
  )

  operations.add(
    {
      ...reading,
      path: '/api/v1/policy/preview',
      id: 'previewPolicy',
      summary: 'What enforcing would do now',
      answer: { status: 200, schema: Preview, what: 'Every user is in one of the four groups.' },
    },
    async () => previewOf(await previewEnforcement(machine.db, machine.clock())),
  )

  changeOperations(operations, machine)
}

function changeOperations(operations: Operations, machine: SignInParts): void {
  const changing = { tag, access: 'settings.change', scope: null, fresh: true } as const

  operations.add(
    {
      ...changing,
      method: 'put',
      path: '/api/v1/policy',
      id: 'changePolicy',
      summary: 'Switch “Enforce MFA for all users”',
      description: 'Switched on, it lapses after 15 minutes unless it is confirmed from a newer sign-in.',
      body: PolicyChange,
      answer: { status: 200, schema: Policy, what: 'As it stands now.' },
      refusals: ['mfa-needed-first'],
    },
    async ({ c, standing, body }) => {
      const { helpContact } = standing.account
      if (body.enforce_mfa) await switchEnforcementOn(machine, standing, c.get('caller'))
      else await changeServiceSettings(machine, standing, { endEnforcement: true, helpContact }, c.get('caller'))
      return policyNow(machine)
    },
  )

  operations.add(
    {
      ...changing,
      method: 'post',
      path: '/api/v1/policy/confirm',
      id: 'confirmPolicy',
      summary: 'Confirm that signing in works',
      answer: { status: 200, schema: Policy, what: 'As it stands now.' },
      refusals: ['conflict'],
    },
    async ({ c, standing }) => {
      if (!(await confirmEnforcement(machine, standing, c.get('caller')))) throw new Refusal('conflict')
      return policyNow(machine)
    },
  )
}

async function policyNow({ db, clock }: SignInParts): Promise<z.input<typeof Policy>> {
  const stands = enforcementOf(await readEveryonePolicy(db), clock())
  const since = 'since' in stands ? stands.since : 'at' in stands ? stands.at : null
  return {
    enforce_mfa: stands.is,
    since: isoTimeOrNull(since),
    confirm_by: isoTimeOrNull(stands.is === 'unconfirmed' ? stands.confirmBy : null),
  }
}

function previewOf({ groups, tokens }: EnforcementPreview): z.input<typeof Preview> {
  return {
    will_be_asked: groups['will-be-asked'].count,
    never_signed_in: groups['never-signed-in'].count,
    protected: groups.protected.count,
    inactive: groups.inactive.count,
    tokens_refused: tokens.count,
    first_to_be_asked: [...groups['will-be-asked'].first],
  }
}
