/**
 * One person's account as those see it who look after it: how it stands, what protects it, where it is signed in, and what
 * may be done. A role sees only the buttons that it may use.
 */
import type { MessageId } from '../../../messages.ts'
import type { ShownAccessToken } from '../access-tokens/access-tokens.tsx'
import { MfaBadge, type MfaState } from '../parts/badges.tsx'
import { Fact } from '../parts/fact.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { type RoleName, roleNames } from '../parts/roles.ts'
import type { ShownSession } from '../parts/session.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { type AccountStateName, stateNames } from './account-states.ts'
import { UserEvents } from './user-events.tsx'
import { UserSessions } from './user-sessions.tsx'
import { UserTokens } from './user-tokens.tsx'

/** Describes an account and what belongs to it. */
export interface ShownUser {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly role: RoleName
  readonly state: AccountStateName
  readonly deactivatedAt: number | null
  readonly expiresAt: number | null
  readonly invitedUntil: number | null
  readonly createdAt: number
  readonly lastSignInAt: number | null
  readonly passwordChangedAt: number | null
  readonly mfa: MfaState
  /** When somebody else reset their MFA, while that waits for them; and the set-up link that they were given. */
  readonly mfaResetAt: number | null
  readonly setUpLink: { readonly expiresAt: number; readonly usedAt: number | null } | null
  readonly authenticators: readonly {
    readonly name: string
    readonly addedAt: number
    readonly lastUsedAt: number | null
    readonly disabledAt: number | null
  }[]
  readonly recoveryCodes: { readonly left: number; readonly total: number; readonly madeAt: number } | null
  readonly sessions: readonly ShownSession[]
  readonly groups: readonly { readonly id: string; readonly name: string }[]
  /** The newest events about this account; null for whoever may not read the audit log. */
  readonly events: readonly ShownUserEvent[] | null
  readonly tokens: readonly ShownAccessToken[]
}

/** Describes one event, in words. */
export interface ShownUserEvent {
  readonly id: string
  readonly at: number
  readonly words: string
  /** Who did it; null for nobody, or where it is not known. */
  readonly actor: string | null
}

/** Names what may be done on the page; each leads to a page of its own. */
export type UserAct =
  | 'invite-again'
  | 'revoke-invitation'
  | 'edit'
  | 'reset-mfa'
  | 'set-up-link'
  | 'deactivate'
  | 'reactivate'
  | 'delete'
  | 'end-sessions'
  | 'revoke-token'

/** Holds what the page of one user shows. */
export interface AdminUserProps {
  readonly frame: Frame
  readonly user: ShownUser
  /** What whoever looks at the page may do here. */
  readonly acts: readonly UserAct[]
  /** True on one's own account, where most acts make no sense. */
  readonly own: boolean
  readonly now: number
  readonly notice?: Notice | undefined
}

/** Shows one user. */
export function AdminUserView({ frame, user, acts, own, now, notice }: AdminUserProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={user.name ?? user.email}
      notice={notice}
      parent={{ href: '/admin/users', label: t('adminUsers.title') }}
      action={
        acts.includes('edit') && (
          <a href={`/admin/users/${user.id}/edit`} class="btn btn-primary">
            {t('adminUser.edit')}
          </a>
        )
      }
    >
      {own && (
        <NoticeBox kind="info" class="mt-6" quiet>
          <p>{t('adminUser.own')}</p>
        </NoticeBox>
      )}
      <Account frame={frame} user={user} now={now} />
      <TwoFactor frame={frame} user={user} now={now} />
      <UserSessions frame={frame} user={user} mayEnd={acts.includes('end-sessions')} />
      {user.events !== null && <UserEvents frame={frame} userId={user.id} events={user.events} />}
      <UserTokens frame={frame} userId={user.id} tokens={user.tokens} mayRevoke={acts.includes('revoke-token')} />
      <Acts frame={frame} user={user} acts={acts} />
    </SignedInPage>
  )
}

interface SectionProps {
  readonly frame: Frame
  readonly user: ShownUser
}

const tones: Record<AccountStateName, string> = {
  active: 'tag-good',
  invited: 'tag-plain',
  deactivated: 'tag-bad',
  expired: 'tag-bad',
}

function Account({ frame, user, now }: SectionProps & { readonly now: number }) {
  const { t } = frame
  const date = (at: number | null, none: MessageId) => (at === null ? t(none) : frame.formatInstant(at, 'date-time'))
  return (
    <section class="panel mt-8" aria-label={t('adminUser.account')}>
      <dl class="rows">
        <Fact term={t('adminUser.state')}>
          <span class={`tag ${tones[user.state]}`}>{t(stateNames[user.state])}</span>
          <span class="text-sm text-soft">{stateDetail(frame, user, now)}</span>
        </Fact>
        <Fact term={t('field.email')}>{user.email}</Fact>
        <Fact term={t('field.role')}>{t(roleNames[user.role])}</Fact>
        {user.groups.length > 0 && (
          <Fact term={t('adminGroups.title')}>
            {user.groups.map((group) => (
              <a href={`/admin/groups/${group.id}`} class="link-plain break-anywhere">
                {group.name}
              </a>
            ))}
          </Fact>
        )}
        <Fact term={t('adminUsers.created')}>{date(user.createdAt, 'adminUsers.never')}</Fact>
        <Fact term={t('adminUsers.lastSignIn')}>{date(user.lastSignInAt, 'adminUsers.never')}</Fact>
        <Fact term={t('field.password')}>
          {user.passwordChangedAt === null
            ? t('adminUser.noPassword')
            : t('adminUser.passwordSince', { date: frame.formatInstant(user.passwordChangedAt, 'date-time') })}
        </Fact>
      </dl>
    </section>
  )
}

function stateDetail({ t, formatInstant }: Frame, user: ShownUser, now: number): string | null {
  const { state, expiresAt, invitedUntil, deactivatedAt } = user
  const at = (instant: number) => ({ date: formatInstant(instant, 'date-time') })
  if (state === 'deactivated') return deactivatedAt === null ? null : t('adminUser.since', at(deactivatedAt))
  if (state === 'expired') return expiresAt === null ? null : t('adminUser.since', at(expiresAt))
  const end = expiresAt === null ? null : t('adminUser.ends', at(expiresAt))
  if (state === 'active') return end
  const link =
    invitedUntil === null
      ? t('adminUser.invitation.none')
      : t(invitedUntil > now ? 'adminUser.invitation.open' : 'adminUser.invitation.over', at(invitedUntil))
  return [link, end].filter(Boolean).join(' ')
}

function TwoFactor({ frame, user, now }: SectionProps & { readonly now: number }) {
  const { t } = frame
  const { recoveryCodes } = user
  return (
    <section class="mt-8" aria-labelledby="two-factor">
      <h2 id="two-factor" class="section-title">
        {t('mfa.name')}
      </h2>
      <div class="panel mt-4">
        <dl class="rows">
          <Fact term={t('adminUser.state')}>
            <MfaBadge frame={frame} state={user.mfa} />
            {user.mfaResetAt !== null && (
              <span class="text-sm font-normal text-soft">{resetDetail(frame, user, user.mfaResetAt, now)}</span>
            )}
          </Fact>
          {user.authenticators.map((authenticator) => (
            <Fact term={t('settings.authenticatorApp')}>
              <span>{authenticator.name}</span>
              <span class="text-sm font-normal text-soft">{authenticatorDates(frame, authenticator)}</span>
            </Fact>
          ))}
          <Fact term={t('settings.recoveryCodes')}>
            {recoveryCodes === null
              ? t('myProfile.noCodes')
              : t('settings.recoveryCodesLeft', {
                  left: recoveryCodes.left,
                  total: recoveryCodes.total,
                  date: frame.formatInstant(recoveryCodes.madeAt, 'date'),
                })}
          </Fact>
        </dl>
      </div>
    </section>
  )
}

function resetDetail({ t, formatInstant }: Frame, { setUpLink }: ShownUser, resetAt: number, now: number): string {
  const at = (instant: number) => ({ date: formatInstant(instant, 'date-time') })
  const since = t('adminUser.resetSince', at(resetAt))
  if (setUpLink === null) return since
  const { usedAt, expiresAt } = setUpLink
  if (usedAt !== null) return `${since} ${t('adminUser.setUpLink.used', at(usedAt))}`
  return `${since} ${t(expiresAt > now ? 'adminUser.setUpLink.open' : 'adminUser.setUpLink.over', at(expiresAt))}`
}

function authenticatorDates(
  { t, formatInstant }: Frame,
  { addedAt, lastUsedAt, disabledAt }: ShownUser['authenticators'][number],
): string {
  return [
    t('settings.addedAt', { date: formatInstant(addedAt, 'date') }),
    lastUsedAt === null
      ? t('settings.neverUsed')
      : t('settings.lastUsedAt', { date: formatInstant(lastUsedAt, 'date-time') }),
    ...(disabledAt === null ? [] : [t('adminUser.disabledAt', { date: formatInstant(disabledAt, 'date-time') })]),
  ].join(' ')
}

const rows: readonly { act: UserAct; title: MessageId; text: MessageId; danger: boolean }[] = [
  { act: 'invite-again', title: 'adminUser.inviteAgain', text: 'adminUser.inviteAgainText', danger: false },
  {
    act: 'revoke-invitation',
    title: 'adminUser.revokeInvitation',
    text: 'adminUser.revokeInvitationText',
    danger: false,
  },
  { act: 'reset-mfa', title: 'adminUser.resetMfa', text: 'adminUser.resetMfaText', danger: false },
  { act: 'set-up-link', title: 'adminUser.newSetUpLink', text: 'adminUser.newSetUpLinkText', danger: false },
  { act: 'deactivate', title: 'adminUser.deactivate', text: 'adminUser.deactivateText', danger: false },
  { act: 'reactivate', title: 'adminUser.reactivate', text: 'adminUser.reactivateText', danger: false },
  { act: 'delete', title: 'adminUser.delete', text: 'adminUser.deleteText', danger: true },
]

function Acts({ frame: { t }, user, acts }: SectionProps & Pick<AdminUserProps, 'acts'>) {
  const offered = rows.filter(({ act }) => acts.includes(act))
  if (offered.length === 0) return null
  return (
    <section class="mt-8" aria-labelledby="manage">
      <h2 id="manage" class="section-title">
        {t('adminUser.manage')}
      </h2>
      <ul class="panel mt-4 divide-y divide-base-300">
        {offered.map(({ act, title, text, danger }) => (
          <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
            <p class="min-w-0 flex-1 basis-60 text-sm text-soft">{t(text)}</p>
            <a href={`/admin/users/${user.id}/${act}`} class={`btn ${danger ? 'btn-outline btn-error' : ''}`}>
              {t(title)}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}
