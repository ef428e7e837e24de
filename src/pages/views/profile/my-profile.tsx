/**
 * Who I am here: name, e-mail, role, since when, and the state of 2FA at a glance. Settings are one button away.
 */

import { MfaBadge, type MfaState } from '../parts/badges.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { type RoleName, roleNames } from '../parts/roles.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the profile shows. */
export interface MyProfileProps {
  readonly frame: Frame
  readonly email: string
  readonly name: string | null
  readonly role: RoleName
  readonly createdAt: number
  readonly mfa: MfaState
  /** How many recovery codes are left; null where there is no set. */
  readonly recoveryCodesLeft: number | null
  readonly notice?: Notice | undefined
}

/** Shows the profile with the button "Settings". */
export function MyProfileView({ frame, notice, ...person }: MyProfileProps) {
  const { t } = frame
  const facts = [
    [t('field.name'), person.name ?? t('myProfile.noName')],
    [t('field.email'), person.email],
    [t('field.role'), t(roleNames[person.role])],
    [t('myProfile.since'), frame.formatInstant(person.createdAt, 'date')],
  ]
  return (
    <SignedInPage
      frame={frame}
      title={t('myProfile.title')}
      notice={notice}
      action={
        <a href="/my-profile/settings" class="btn btn-primary">
          {t('settings.title')}
        </a>
      }
    >
      <section class="panel mt-8" aria-label={t('myProfile.title')}>
        <dl class="rows">
          {facts.map(([term, value]) => (
            <div>
              <dt class="text-soft">{term}</dt>
              <dd class="font-medium break-anywhere">{value}</dd>
            </div>
          ))}
          <div>
            <dt class="text-soft">{t('mfa.name')}</dt>
            <dd class="flex flex-wrap items-center gap-x-3 gap-y-1">
              <MfaBadge frame={frame} state={person.mfa} />
              <span class="text-sm text-soft">{describeMfa(frame, person)}</span>
            </dd>
          </div>
        </dl>
      </section>
    </SignedInPage>
  )
}

function describeMfa({ t }: Frame, { mfa, recoveryCodesLeft }: Omit<MyProfileProps, 'frame'>): string {
  if (mfa === 'off') return t('myProfile.mfaOff')
  return recoveryCodesLeft === null ? t('myProfile.noCodes') : t('recoveryCodes.left', { left: recoveryCodesLeft })
}
