// How people arrive: the first administrator by the printed link, everybody else by an invitation. Opening a link consumes
// nothing; choosing a password does, once. Both lead into a sign-in like any other, with the password as its first proof.

import { record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { setPassword } from '../passwords/passwords.ts'
import { minimumAlone, type PasswordProblem, passwordProblem } from '../passwords/rules.ts'
import { Refusal } from '../refusal.ts'
import { type Account, readAccount } from '../sign-in/account.ts'
import { minimumLengthFor, newPasswordProblem } from '../sign-in/new-password.ts'
import { beginSignIn } from '../sign-in/sign-in.ts'
import { parseEmail } from '../users/email.ts'
import { createFirstAdministrator, mayCreateFirstAdministrator } from '../users/first-administrator.ts'
import { consumeInvitation, findInvitation } from '../users/invitations.ts'
import { parsePersonName } from '../users/names.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { endCurrent, handOver, home } from './passage.ts'
import { passwordWords } from './password-words.ts'
import { AcceptInvitationView } from './views/arrival/accept-invitation.tsx'
import { FirstAdministratorView } from './views/arrival/first-administrator.tsx'
import { LinkInvalidView, type LinkKind } from './views/arrival/link-invalid.tsx'
import type { Problems } from './views/parts/frame.ts'

/** Declares the pages of the two links by which people arrive. */
export function arrivalPages(door: Door, parts: PageParts): void {
  firstAdministratorPages(door, parts)
  invitationPages(door, parts)
}

function firstAdministratorPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.anyone('get', '/set-up', async (c) => {
    const token = c.req.query('token') ?? ''
    if (!(await mayCreateFirstAdministrator(machine.db, machine.keys, token))) return showInvalid(c, parts, 'set-up')
    return page(c, <FirstAdministratorView frame={frameOf(c, parts, null)} token={token} minLength={minimumAlone} />)
  })

  door.anyone('post', '/set-up', async (c) => {
    const form = await readForm(c)
    const token = form.text('token')
    if (!(await mayCreateFirstAdministrator(machine.db, machine.keys, token))) return showInvalid(c, parts, 'set-up')
    const frame = frameOf(c, parts, null)
    const typed = { email: form.text('email'), name: form.text('name'), password: form.text('password') }
    const email = parseEmail(typed.email)
    const name = parsePersonName(typed.name)
    const words = [settings.serviceName, typed.email, typed.name]
    const password = await passwordProblem(typed.password, { mfaRequired: false, words })
    if (email === null || name === null || password !== null) {
      const problems: Problems<'email' | 'name' | 'password'> = {
        email: email === null ? frame.t('problem.email') : undefined,
        name: name === null ? frame.t('problem.name') : undefined,
        password: password === null ? undefined : passwordWords(frame, password, minimumAlone),
      }
      const view = (
        <FirstAdministratorView
          frame={frame}
          token={token}
          email={typed.email}
          name={typed.name}
          problems={problems}
          minLength={minimumAlone}
        />
      )
      return page(c, view, 422)
    }
    const passwordHash = await machine.hashing.hashPassword(typed.password, c.get('caller'))
    const now = machine.clock()
    const progress = await machine.db.transaction().execute(async (trx) => {
      const caller = c.get('caller')
      const userId = await createFirstAdministrator(trx, {
        email,
        name,
        passwordHash,
        by: 'first-administrator',
        caller,
        now,
      })
      return beginWithPassword(trx, parts, c, { userId, by: 'first-administrator' })
    })
    await endCurrent(c, parts)
    return c.redirect(handOver(c, parts, progress), 303)
  })
}

function invitationPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.anyone('get', '/accept-invitation', async (c) => {
    const token = c.req.query('token') ?? ''
    const account = await findInvited(parts, token)
    if (!account) return showInvalid(c, parts, 'invitation')
    return showInvitation(c, parts, { token, account, problem: null })
  })

  door.anyone('post', '/accept-invitation', async (c) => {
    const form = await readForm(c)
    const token = form.text('token')
    const account = await findInvited(parts, token)
    if (!account) return showInvalid(c, parts, 'invitation')
    const password = form.text('password')
    const problem = await newPasswordProblem(machine, account, password)
    if (problem !== null) return showInvitation(c, parts, { token, account, problem })
    const userId = account.user.id
    const hash = await machine.hashing.hashPassword(password, c.get('caller'))
    const now = machine.clock()
    const progress = await machine.db.transaction().execute(async (trx) => {
      if (!(await consumeInvitation(trx, token, now))) throw new Refusal('link-invalid')
      const about = { now, caller: c.get('caller'), actor: userId, subject: userId }
      await record(trx, { name: 'invitation.accepted', details: {} }, about)
      await setPassword(trx, userId, hash, now)
      return beginWithPassword(trx, parts, c, { userId, by: 'invitation' })
    })
    await endCurrent(c, parts)
    return c.redirect(handOver(c, parts, progress), 303)
  })
}

/** The password has just been chosen, which proves it: the sign-in goes on from there, and asks for whatever else is owed. */
async function beginWithPassword(
  trx: DatabaseTransaction,
  parts: PageParts,
  c: DoorContext,
  { userId, by }: { userId: string; by: 'invitation' | 'first-administrator' },
) {
  const now = parts.machine.clock()
  const caller = c.get('caller')
  await record(trx, { name: 'password.set', details: { by } }, { now, caller, actor: userId, subject: userId })
  return beginSignIn(trx, parts.machine, { userId, proof: { by: 'password', at: now }, returnTo: home, caller, now })
}

/** Finds whose invitation it is, if it may still be used. */
async function findInvited({ machine }: PageParts, token: string): Promise<Account | null> {
  const now = machine.clock()
  const invitation = await findInvitation(machine.db, token, now)
  return invitation && readAccount(machine.db, invitation.userId, now)
}

async function showInvitation(
  c: DoorContext,
  parts: PageParts,
  { token, account, problem }: { token: string; account: Account; problem: PasswordProblem | null },
): Promise<Response> {
  const frame = frameOf(c, parts, null)
  const minLength = await minimumLengthFor(parts.machine, parts.machine.db, account)
  const problems = problem === null ? undefined : { password: passwordWords(frame, problem, minLength) }
  const view = (
    <AcceptInvitationView
      frame={frame}
      token={token}
      email={account.user.email}
      problems={problems}
      minLength={minLength}
    />
  )
  return page(c, view, problem === null ? 200 : 422)
}

function showInvalid(c: DoorContext, parts: PageParts, kind: LinkKind): Promise<Response> {
  return page(c, <LinkInvalidView frame={frameOf(c, parts, null)} kind={kind} />, 404)
}
