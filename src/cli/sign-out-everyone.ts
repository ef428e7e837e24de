// The command for an emergency: signs everybody out. It asks once more before it does, or wants to be told beforehand that
// it need not ask.

import { longestReason, parseReason } from '../sign-in/reset-mfa.ts'
import { type SignedOut, signOutEveryone } from '../sign-in/sign-out-everyone.ts'
import { type Command, exitCodes, Failure, UsageFault } from './command.ts'
import { changeDatabase } from './opening.ts'

export const signOutEveryoneCommand: Command = {
  name: 'sign-out-everyone',
  words: [],
  options: [
    { name: 'reason', value: 'TEXT', meaning: 'Why, for the audit log.', required: true },
    { name: 'yes', meaning: 'Do not ask once more; needed where nobody can answer.' },
    { name: 'revoke-tokens', meaning: 'Revoke all personal access tokens as well.' },
    { name: 'forget-browsers', meaning: 'Make all known browsers unknown again as well.' },
  ],
  summary: 'In an emergency: sign everybody out at once, and void all open links.',
  about: [
    'Ends all sessions, and all sign-ins and step-ups in progress, from the next request on, whether the service runs or not. Links to reset a password, to confirm an address or to set up MFA, invitations, and mails that wait with such a link are void: people ask for new ones, administrators invite again.',
    'Passwords, authenticators and recovery codes stay: everybody can sign in again. Personal access tokens work on unless you say --revoke-tokens.',
  ],
  examples: [
    'countersign sign-out-everyone --reason "Backup of the database was stolen"',
    'countersign sign-out-everyone --reason "Server taken over" --revoke-tokens --forget-browsers --yes',
  ],
  run: async (given, surroundings) => {
    const { terminal } = surroundings
    const reason = parseReason(given.option('reason') ?? '')
    if (reason === null)
      throw new UsageFault(`TEXT must have 1 to ${longestReason} characters, none of them invisible.`)
    const wish = { reason, revokeTokens: given.has('revoke-tokens'), forgetBrowsers: given.has('forget-browsers') }
    await changeDatabase(surroundings, async ({ machine }) => {
      if (!given.has('yes')) {
        const answer = await terminal.ask('This signs everybody out, you included. Type yes to go on: ')
        if (answer === null) throw new UsageFault('Nobody can be asked here: say --yes.')
        if (answer.trim() !== 'yes') throw new Failure('Nobody was signed out.')
      }
      for (const line of tell(await signOutEveryone(machine, wish))) terminal.say(line)
    })
    return exitCodes.done
  },
}

function tell({ sessions, signIns, links, invitations, mails, accessTokens }: SignedOut): string[] {
  return [
    `Ended ${many(sessions, 'session')}, and ${many(signIns, 'sign-in or step-up', 'sign-ins and step-ups')} in progress.`,
    `Voided ${many(links, 'link')} and ${many(invitations, 'invitation')}, and gave up ${many(mails, 'mail')} with a link.`,
    accessTokens === null
      ? 'Personal access tokens work on; --revoke-tokens revokes them.'
      : `Revoked ${many(accessTokens, 'personal access token')}.`,
  ]
}

function many(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`
}
