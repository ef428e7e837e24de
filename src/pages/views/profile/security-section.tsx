/**
 * The Security section of the settings: whether 2FA is on, with what, how many recovery codes are left, and the
 * password. Every change here asks for a fresh proof first, which the routes see to.
 */
import type { Child } from 'hono/jsx'
import { MfaBadge } from '../parts/badges.tsx'
import type { Frame } from '../parts/frame.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { NoticeBox } from '../parts/notices.tsx'

/** Describes the security of an account, for the person it belongs to. */
export interface SecurityState {
  readonly mfa: null | {
    readonly authenticator: {
      readonly id: string
      readonly name: string
      readonly addedAt: number
      readonly lastUsedAt: number | null
    }
    /** True when too many wrong codes in a row have switched the authenticator off. */
    readonly disabledByFailures: boolean
  }
  /** `madeAt` is when the set was made; `left` counts codes not yet used. Null where no set counts yet. */
  readonly recoveryCodes: { readonly left: number; readonly total: number; readonly madeAt: number } | null
  /** True while an administrator requires MFA of this person, so that it cannot be turned off. */
  readonly enforced: boolean
  readonly passwordChangedAt: number | null
  readonly email: string
  readonly identities: readonly {
    readonly id: string
    readonly providerName: string
    readonly email: string | null
    readonly linkedAt: number
    readonly mayBeUnlinked: boolean
  }[]
  /** Those that could be linked. */
  readonly providers: readonly { readonly id: string; readonly name: string }[]
}

interface SecuritySectionProps {
  readonly frame: Frame
  readonly security: SecurityState
}

/** Shows the section; off: the button "Enable 2FA"; on: the authenticator, the codes and the way to turn it off. */
export function SecuritySection({ frame, security }: SecuritySectionProps) {
  const { t } = frame
  const changedAt = security.passwordChangedAt
  return (
    <section class="mt-8" aria-labelledby="security">
      <h2 id="security" class="section-title">
        {t('settings.security')}
      </h2>
      <div class="panel mt-4 divide-y divide-base-300">
        {security.mfa === null ? (
          <MfaOff frame={frame} enforced={security.enforced} />
        ) : (
          <MfaOn {...{ frame, security }} />
        )}
        <LinkRow
          icon="lock"
          title={t('settings.password')}
          href="/my-profile/settings/change-password"
          link={t('settings.changePassword')}
        >
          <p class="text-sm text-soft">
            {changedAt === null
              ? t('settings.passwordNeverChanged')
              : t('settings.passwordChanged', { date: frame.formatInstant(changedAt, 'date') })}
          </p>
        </LinkRow>
        <Identities frame={frame} security={security} />
        <LinkRow
          icon="mail"
          title={t('field.email')}
          href="/my-profile/settings/change-email"
          link={t('settings.changeEmail')}
        >
          <p class="text-sm text-soft break-anywhere">{security.email}</p>
        </LinkRow>
        <LinkRow
          icon="phone"
          title={t('settings.sessions')}
          href="/my-profile/sessions"
          link={t('settings.showSessions')}
        >
          <p class="text-sm text-soft">{t('settings.sessionsText')}</p>
        </LinkRow>
        <LinkRow icon="key" title={t('accessTokens.title')} href="/my-profile/tokens" link={t('settings.showTokens')}>
          <p class="max-w-prose text-sm text-soft">{t('settings.tokens')}</p>
        </LinkRow>
      </div>
    </section>
  )
}

function MfaOff({ frame, enforced }: { readonly frame: Frame; readonly enforced: boolean }) {
  const { t } = frame
  return (
    <Row icon="shield" title={t('mfa.name')} badge={<MfaBadge frame={frame} state="off" />}>
      <p class="max-w-prose text-sm text-soft">{t('settings.mfaOff')}</p>
      {enforced && <p class="mt-2 text-sm font-medium">{t('settings.mfaEnforced')}</p>}
      <form method="get" action="/set-up-mfa" class="mt-4">
        <button type="submit" class="btn btn-primary">
          {t('mfa.enable')}
        </button>
      </form>
    </Row>
  )
}

function MfaOn({ frame, security }: SecuritySectionProps) {
  const { t } = frame
  const { mfa, enforced } = security
  if (mfa === null) return null
  const { id, name, addedAt, lastUsedAt } = mfa.authenticator
  const state = mfa.disabledByFailures ? 'disabled' : security.recoveryCodes === null ? 'codes-unsaved' : 'on'
  return (
    <>
      <Row icon="shield" title={t('mfa.name')} badge={<MfaBadge frame={frame} state={state} />}>
        <p class="max-w-prose text-sm text-soft">{t('settings.mfaOn')}</p>
        {mfa.disabledByFailures && (
          <NoticeBox kind="error" class="mt-4" quiet>
            <p>{t('settings.disabledByFailures')}</p>
          </NoticeBox>
        )}
      </Row>
      <Row
        icon="phone"
        title={name}
        subtitle={t('settings.authenticatorApp')}
        action={
          <a
            href={`/my-profile/settings/rename-authenticator?authenticator=${encodeURIComponent(id)}`}
            class="btn btn-sm"
            aria-label={t('settings.renameNamed', { name })}
          >
            {t('settings.rename')}
          </a>
        }
      >
        <p class="text-sm text-soft">
          {t('settings.addedAt', { date: frame.formatInstant(addedAt, 'date') })}{' '}
          {lastUsedAt === null
            ? t('settings.neverUsed')
            : t('settings.lastUsedAt', { date: frame.formatInstant(lastUsedAt, 'date-time') })}
        </p>
        <form method="get" action="/set-up-mfa" class="mt-3">
          <input type="hidden" name="replace" value="yes" />
          <button type="submit" class="btn btn-sm">
            {t('settings.replace')}
          </button>
        </form>
      </Row>
      <RecoveryCodesRow frame={frame} security={security} />
      <Row icon="warning" title={t('mfa.disable')}>
        {enforced ? (
          <p class="text-sm text-soft">{t('settings.cannotDisable')}</p>
        ) : (
          <>
            <p class="text-sm text-soft">{t('settings.disableText')}</p>
            <a href="/my-profile/settings/disable-2fa" class="btn btn-outline btn-error mt-3">
              {t('mfa.disable')}
            </a>
          </>
        )}
      </Row>
    </>
  )
}

function RecoveryCodesRow({ frame, security: { recoveryCodes } }: SecuritySectionProps) {
  const { t } = frame
  const few = recoveryCodes === null || recoveryCodes.left <= 3
  return (
    <Row icon="key" title={t('settings.recoveryCodes')}>
      <p class="text-sm text-soft">
        {recoveryCodes === null
          ? t('settings.noRecoveryCodes')
          : t('settings.recoveryCodesLeft', {
              left: recoveryCodes.left,
              total: recoveryCodes.total,
              date: frame.formatInstant(recoveryCodes.madeAt, 'date'),
            })}
      </p>
      {few && (
        <NoticeBox kind="warning" class="mt-3" quiet>
          <p>{t('settings.fewRecoveryCodes')}</p>
        </NoticeBox>
      )}
      <a href="/recovery-codes" class={`btn mt-3 ${few ? 'btn-primary' : ''}`}>
        {t('newRecoveryCodes.button')}
      </a>
    </Row>
  )
}

/** What signs in here from elsewhere; nothing where nobody has set that up. */
function Identities({ frame, security: { identities, providers } }: SecuritySectionProps) {
  const { t } = frame
  if (identities.length === 0 && providers.length === 0) return null
  return (
    <Row icon="key" title={t('identities.title')}>
      <p class="text-sm text-soft">{t(identities.length === 0 ? 'identities.none' : 'identities.text')}</p>
      {identities.map(({ id, providerName: name, email, linkedAt, mayBeUnlinked }) => (
        <div class="mt-4 flex flex-wrap items-center justify-between gap-3">
          <div class="min-w-0">
            <p class="font-medium break-anywhere">{name}</p>
            <p class="text-sm text-soft break-anywhere">
              {email} {t('identities.linkedAt', { date: frame.formatInstant(linkedAt, 'date') })}
            </p>
            {!mayBeUnlinked && <p class="text-sm text-soft">{t('identities.last')}</p>}
          </div>
          {mayBeUnlinked && (
            <form method="post" action="/my-profile/settings/unlink">
              <input type="hidden" name="identity" value={id} />
              <button type="submit" class="btn btn-sm" aria-label={t('identities.unlinkNamed', { name })}>
                {t('identities.unlink')}
              </button>
            </form>
          )}
        </div>
      ))}
      {providers.map(({ id, name }) => (
        <form method="post" action={`/my-profile/settings/link/${id}`} class="mt-3">
          <button type="submit" class="btn btn-sm break-anywhere">
            {t('identities.link', { name })}
          </button>
        </form>
      ))}
    </Row>
  )
}

interface RowProps {
  readonly icon: IconName
  readonly title: string
  readonly subtitle?: string
  readonly badge?: Child
  readonly action?: Child
  readonly children?: Child
}

function Row({ icon, title, subtitle, badge, action, children }: RowProps) {
  return (
    <div class="flex gap-4 p-5 sm:p-7">
      <Icon name={icon} class="mt-0.5 hidden size-6 text-soft sm:block" />
      <div class="min-w-0 grow">
        <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <div class="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
            <h3 class="font-semibold break-anywhere">{title}</h3>
            {badge}
            {subtitle && <span class="text-sm text-soft">{subtitle}</span>}
          </div>
          {action}
        </div>
        <div class="mt-1">{children}</div>
      </div>
    </div>
  )
}

type LinkRowProps = Pick<RowProps, 'icon' | 'title' | 'children'> & { readonly href: string; readonly link: string }

/** A row that leads to a page of its own. */
function LinkRow({ href, link, ...row }: LinkRowProps) {
  return (
    <Row
      {...row}
      action={
        <a href={href} class="btn btn-sm">
          {link}
        </a>
      }
    />
  )
}
