// Commands about users: list, add, deactivate, give a role. What each does is decided below the doors; here it is only read
// and told.

import type { Role } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import { addUserFromHost, deactivateFromHost, resetMfaFromHost, setRoleFromHost } from '../sign-in/from-host.ts'
import { longestReason, parseReason } from '../sign-in/reset-mfa.ts'
import { isoTime, isoTimeOrNull } from '../time.ts'
import { emailKey, parseEmail } from '../users/email.ts'
import { parsePersonName } from '../users/names.ts'
import { addressOfLink } from '../users/one-time-links.ts'
import { roles } from '../users/roles.ts'
import { everyUser, type ListedUser, listUsers } from '../users/user-list.ts'
import { type Command, exitCodes, Failure, UsageFault } from './command.ts'
import { changeDatabase, withDatabase } from './opening.ts'
import { jsonLine, table } from './terminal.ts'

const roleOption = {
  name: 'role',
  value: 'ROLE',
  meaning: `One of ${roles.join(', ')}.`,
}

const list: Command = {
  name: 'user list',
  words: [],
  options: [
    { ...roleOption, meaning: `Only users of this role: ${roles.join(', ')}.` },
    { name: 'json', meaning: 'One JSON object a line, for programs.' },
  ],
  summary: 'List the users and how they stand with 2FA.',
  about: ['One line for each user, in the order of their addresses.'],
  examples: ['countersign user list', 'countersign user list --role administrator --json'],
  run: async (given, surroundings) => {
    const filter = { ...everyUser, role: roleFrom(given.option('role')) }
    const now = surroundings.clock()
    await withDatabase(surroundings, async ({ db }) => {
      const users: ListedUser[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof listUsers>> = await listUsers(db, { filter, after, limit: 500, now })
        users.push(...page.users)
        after = page.next
      } while (after !== null)
      const { terminal } = surroundings
      if (given.has('json')) for (const user of users) await terminal.write(jsonLine(programView(user)))
      else if (users.length > 0) await terminal.write(table([heading, ...users.map(rowOf)]))
      else terminal.say('There are no such users.')
    })
    return exitCodes.done
  },
}

const heading = ['EMAIL', 'NAME', 'ROLE', 'STATE', '2FA', 'LAST SIGN-IN']

function rowOf(user: ListedUser): string[] {
  const { email, name, role, state, mfa, lastSignInAt } = user
  return [email, name ?? '-', role, state, mfa, lastSignInAt === null ? 'never' : momentOf(lastSignInAt)]
}

function programView({ id, email, name, role, state, mfa, createdAt, lastSignInAt }: ListedUser) {
  const lastSignIn = isoTimeOrNull(lastSignInAt)
  return { id, email, name, role, state, mfa, created: isoTime(createdAt), lastSignIn }
}

function momentOf(instant: number): string {
  return `${isoTime(instant).slice(0, 16).replace('T', ' ')} UTC`
}

const add: Command = {
  name: 'user add',
  words: ['EMAIL'],
  options: [
    { name: 'name', value: 'NAME', meaning: 'What the person is called.' },
    { ...roleOption, meaning: `${roleOption.meaning} Without it: member.` },
  ],
  summary: 'Add a user, and print the link with which they choose a password.',
  about: [
    'The link works once, for 72 hours. It is not mailed: give it to the person in a way that nobody else can read.',
  ],
  examples: [
    'countersign user add ada@example.org --name "Ada Example"',
    'countersign user add grace@example.org --role administrator',
  ],
  run: async (given, surroundings) => {
    const email = emailFrom(given.words[0])
    const typedName = given.option('name')
    const name = typedName === undefined ? null : parsePersonName(typedName)
    if (typedName !== undefined && name === null)
      throw new UsageFault('NAME must have 1 to 100 characters, none of them invisible.')
    const role = roleFrom(given.option('role')) ?? 'member'
    await changeDatabase(surroundings, async ({ config, machine }) => {
      const { token, expiresAt } = await addUserFromHost(machine, { email, name, role }).catch((error: unknown) => {
        throw error instanceof Refusal && error.code === 'conflict'
          ? new Failure(`There is a user with the address ${email} already.`)
          : error
      })
      surroundings.terminal.say(`Added ${email} as ${role}. This link works once, until ${momentOf(expiresAt)}:`)
      await surroundings.terminal.write(`${addressOfLink(config, 'invitation', token)}\n`)
    })
    return exitCodes.done
  },
}

const deactivate: Command = {
  name: 'user deactivate',
  words: ['EMAIL'],
  options: [],
  summary: 'Keep a user out, from the next request on.',
  about: [
    'Sessions, sign-ins in progress and links end at once. Password and 2FA are kept; an administrator can reactivate the account on its page. The last administrator who can sign in cannot be deactivated.',
  ],
  examples: ['countersign user deactivate ada@example.org'],
  run: async (given, surroundings) => {
    const email = emailFrom(given.words[0])
    await changeDatabase(surroundings, async ({ machine }) => {
      await deactivateFromHost(machine, email).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === 'conflict') throw new Failure(`${email} is deactivated already.`)
        throw unknownUser(error, email)
      })
      surroundings.terminal.say(`Deactivated ${email}.`)
    })
    return exitCodes.done
  },
}

const setRole: Command = {
  name: 'user set-role',
  words: ['EMAIL', 'ROLE'],
  options: [],
  summary: 'Give a user another role.',
  about: [
    `ROLE is one of ${roles.join(', ')}. It holds from the user's next request on. The last administrator who can sign in stays one. An invitation or set-up link that the help desk made stops working when the help desk may not act on the new role.`,
  ],
  examples: ['countersign user set-role ada@example.org administrator'],
  run: async (given, surroundings) => {
    const email = emailFrom(given.words[0])
    const role = roleFrom(given.words[1]) ?? 'member'
    await changeDatabase(surroundings, async ({ machine }) => {
      const before = await setRoleFromHost(machine, email, role).catch((error: unknown) => {
        throw unknownUser(error, email)
      })
      surroundings.terminal.say(
        before === role ? `${email} has the role ${role} already.` : `${email} was ${before} and is ${role} now.`,
      )
    })
    return exitCodes.done
  },
}

const resetMfa: Command = {
  name: 'user reset-mfa',
  words: ['EMAIL'],
  options: [{ name: 'reason', value: 'TEXT', meaning: 'Why, for the audit log.', required: true }],
  summary: 'Take away a user’s second factor, and print the link with which they set up a new one.',
  about: [
    'For somebody who has neither phone nor recovery codes, also the last administrator. Make sure that it is really them first. Their authenticators and recovery codes are removed, they are signed out everywhere, and they are told by mail. Signing in then needs the password and the link; the link works once, for a day at most. It is not mailed: give it to the person in a way that nobody else can read.',
  ],
  examples: ['countersign user reset-mfa ada@example.org --reason "Phone lost, met in person"'],
  run: async (given, surroundings) => {
    const email = emailFrom(given.words[0])
    const reason = parseReason(given.option('reason') ?? '')
    if (reason === null)
      throw new UsageFault(`TEXT must have 1 to ${longestReason} characters, none of them invisible.`)
    await changeDatabase(surroundings, async ({ config, machine }) => {
      const { token, expiresAt } = await resetMfaFromHost(machine, email, reason).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === 'conflict')
          throw new Failure(
            `${email} cannot sign in: deactivated, run out, or no password chosen yet. Mend that first.`,
          )
        throw unknownUser(error, email)
      })
      surroundings.terminal.say(`Reset the MFA of ${email}. This link works once, until ${momentOf(expiresAt)}:`)
      await surroundings.terminal.write(`${addressOfLink(config, 'set-up-mfa', token)}\n`)
    })
    return exitCodes.done
  },
}

/** Reads an address; throws for what is none. */
function emailFrom(typed = ''): string {
  const email = parseEmail(typed)
  if (email === null) throw new UsageFault(`"${typed}" is not an email address.`)
  return email
}

/** Says of whom it was said that there is no such user; any other error stays what it is. */
function unknownUser(error: unknown, email: string): unknown {
  return error instanceof Refusal && error.code === 'not-found'
    ? new Failure(`There is no user with the address ${emailKey(email)}.`)
    : error
}

function roleFrom(typed: string | undefined): Role | null {
  if (typed === undefined) return null
  const role = roles.find((known) => known === typed)
  if (!role) throw new UsageFault(`"${typed}" is not a role. The roles are ${roles.join(', ')}.`)
  return role
}

export const userCommands: readonly Command[] = [list, add, deactivate, setRole, resetMfa]
