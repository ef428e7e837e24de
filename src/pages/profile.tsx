// My profile and its settings: what a person sees and changes of their own account. Every change of factors asks for a
// fresh proof first, and happens in `sign-in/protect.ts`.

import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { availableLanguages } from '../messages.ts'
import { countCodes } from '../recovery-codes/recovery-codes.ts'
import { Refusal } from '../refusal.ts'
import { listOwnIdentities } from '../sign-in/link-identity.ts'
import { changeOwnProfile } from '../sign-in/own-profile.ts'
import { disableMfa, renameOwnAuthenticator } from '../sign-in/protect.ts'
import type { Standing } from '../sign-in/standing.ts'
import { listAuthenticators } from '../totp/authenticators.ts'
import { parseName } from '../users/names.ts'
import { frameOf, noticeNamed, type PageParts, page } from './page-parts.ts'
import { handOverContinued } from './passage.ts'
import type { Problems, Theme } from './views/parts/frame.ts'
import { MyProfileView } from './views/profile/my-profile.tsx'
import { SettingsView } from './views/profile/settings.tsx'
import { DisableMfaView } from './views/two-factor/disable-mfa.tsx'
import { RenameAuthenticatorView } from './views/two-factor/rename-authenticator.tsx'

const settingsPath = '/my-profile/settings'
const themes: readonly Theme[] = ['system', 'light', 'dark']

/** Declares the profile, its settings, and what is changed from there. */
export function profilePages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.signedIn('get', '/my-profile', (c, { account }) => {
    const { user, enrolled, recoveryCodes } = account
    return page(
      c,
      <MyProfileView
        frame={frameOf(c, parts, account)}
        email={user.email}
        name={user.name}
        role={user.role}
        createdAt={user.createdAt}
        mfa={enrolled.length === 0 ? 'off' : enrolled.some(({ disabled }) => !disabled) ? 'on' : 'disabled'}
        recoveryCodesLeft={enrolled.length === 0 ? null : recoveryCodes.left}
      />,
    )
  })

  door.signedIn('get', settingsPath, (c, standing) => showSettings(c, parts, standing, {}))

  door.signedIn('post', settingsPath, async (c, standing) => {
    const form = await readForm(c)
    const { t } = frameOf(c, parts, standing.account)
    const language = form.text('language')
    const theme = themes.find((known) => known === form.text('theme'))
    const knownLanguage = language === '' || availableLanguages.some(({ tag }) => tag === language)
    if (!theme || !knownLanguage) {
      const problems = {
        ...(theme ? {} : { theme: t('problem.choice') }),
        ...(knownLanguage ? {} : { language: t('problem.choice') }),
      }
      return showSettings(c, parts, standing, { problems })
    }
    await changeOwnProfile(machine, standing, { language: language || null, theme }, c.get('caller'))
    return c.redirect(`${settingsPath}?notice=preferences-saved`, 303)
  })

  door.signedIn('get', `${settingsPath}/rename-authenticator`, async (c, standing) => {
    mustHaveFreshProof(standing)
    const authenticator = await ownAuthenticator(parts, standing, c.req.query('authenticator'))
    const { id, name } = authenticator
    return page(
      c,
      <RenameAuthenticatorView frame={frameOf(c, parts, standing.account)} authenticatorId={id} name={name} />,
    )
  })

  door.signedIn('post', `${settingsPath}/rename-authenticator`, async (c, standing) => {
    const form = await readForm(c)
    const id = form.text('authenticator')
    const typed = form.text('name')
    const name = parseName(typed)
    const frame = frameOf(c, parts, standing.account)
    if (name === null) {
      const problem = frame.t('problem.authenticatorName')
      return page(c, <RenameAuthenticatorView frame={frame} authenticatorId={id} name={typed} problem={problem} />, 422)
    }
    const continued = await renameOwnAuthenticator(machine, standing, { id, name, caller: c.get('caller') })
    handOverContinued(c, parts, continued)
    return c.redirect(`${settingsPath}?notice=renamed`, 303)
  })

  door.signedIn('get', `${settingsPath}/disable-2fa`, async (c, standing) => {
    if (standing.account.enrolled.length === 0) return c.redirect(settingsPath, 303)
    if (standing.requirement.level !== 'nothing') throw new Refusal('mfa-enforced')
    mustHaveFreshProof(standing)
    const [authenticator] = await listAuthenticators(machine.db, standing.account.user.id)
    return page(
      c,
      <DisableMfaView frame={frameOf(c, parts, standing.account)} authenticatorName={authenticator?.name ?? ''} />,
    )
  })

  door.signedIn('post', `${settingsPath}/disable-2fa`, async (c, standing) => {
    const continued = await disableMfa(machine, standing, c.get('caller'))
    handOverContinued(c, parts, continued)
    return c.redirect(`${settingsPath}?notice=mfa-disabled`, 303)
  })
}

/** Asks before a sensitive page is shown; the act itself is guarded again where it happens. */
function mustHaveFreshProof(standing: Standing): void {
  if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
}

async function ownAuthenticator(parts: PageParts, standing: Standing, id: string | undefined) {
  const authenticators = await listAuthenticators(parts.machine.db, standing.account.user.id)
  const found = id === undefined ? authenticators[0] : authenticators.find((authenticator) => authenticator.id === id)
  if (!found) throw new Refusal('not-found')
  return found
}

const notices = {
  'preferences-saved': 'settings.notice.preferencesSaved',
  renamed: 'settings.notice.renamed',
  'mfa-disabled': 'settings.notice.mfaDisabled',
  'password-changed': 'settings.notice.passwordChanged',
  'email-asked': 'settings.notice.emailAsked',
  'email-changed': 'settings.notice.emailChanged',
  'identity-linked': 'settings.notice.identityLinked',
  'identity-unlinked': 'settings.notice.identityUnlinked',
  'codes-saved': 'settings.notice.codesSaved',
} as const

async function showSettings(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { problems }: { problems?: Problems<'language' | 'theme'> },
): Promise<Response> {
  const { db } = parts.machine
  const { account, requirement } = standing
  const providers = await parts.machine.providers.now(db)
  const identities = await listOwnIdentities(parts.machine, standing)
  const frame = frameOf(c, parts, account)
  const [authenticator] = await listAuthenticators(db, account.user.id)
  const codes = authenticator ? await countCodes(db, account.user.id) : null
  const { user } = account
  const view = (
    <SettingsView
      frame={frame}
      security={{
        mfa: authenticator ? { authenticator, disabledByFailures: authenticator.disabledAt !== null } : null,
        recoveryCodes: codes,
        enforced: requirement.level !== 'nothing',
        passwordChangedAt: user.passwordChangedAt,
        email: user.email,
        identities,
        providers: providers.filter(({ id }) => identities.every(({ providerId }) => providerId !== id)),
      }}
      preferences={{ languages: availableLanguages, language: user.language ?? '', theme: user.theme }}
      notice={noticeNamed(frame, notices, c.req.query('notice'))}
      problems={problems}
    />
  )
  return page(c, view, problems ? 422 : 200)
}
