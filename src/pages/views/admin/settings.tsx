/**
 * What holds for everyone: whether MFA is enforced, and whom people ask for help. Says before the switch is used what
 * it will do, and to how many.
 */
import { Field, FieldProblem, firstFaulty } from '../parts/field.tsx'
import type { Frame, Notice, Problems } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the administrator's settings show. */
export interface AdminSettingsProps {
  readonly frame: Frame
  /** What holds now. */
  readonly enforced: boolean
  /** What the form asked for, where it is shown again without having been saved. */
  readonly wanted?: boolean | undefined
  /** Without MFA of their own an administrator cannot switch it on. */
  readonly actorHasMfa: boolean
  readonly usersWithoutMfa: number
  readonly helpContact: string
  /** What was typed, where the form is shown again. */
  readonly values?: { readonly helpContact: string } | undefined
  readonly problems?: Problems<'enforce' | 'helpContact'> | undefined
  readonly notice?: Notice | undefined
}

const order = ['enforce', 'helpContact'] as const

/** Shows the settings; posts `enforce` (`on` when ticked), `shown` (how the switch stood) and `helpContact` to `/admin/settings`. */
export function AdminSettingsView(props: AdminSettingsProps) {
  const { frame, problems = {} } = props
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  const mayChange = frame.user?.permissions.includes('settings.change') ?? false
  return (
    <SignedInPage
      frame={frame}
      title={t('adminSettings.title')}
      notice={props.notice}
      hasProblem={faulty !== undefined}
    >
      {!mayChange && (
        <NoticeBox kind="info" class="mt-6" quiet>
          <p>{t('adminSettings.readOnly')}</p>
        </NoticeBox>
      )}
      <form method="post" action="/admin/settings" class="mt-8">
        <input type="hidden" name="shown" value={props.enforced ? 'on' : 'off'} />
        <fieldset disabled={!mayChange} class="contents">
          <section aria-labelledby="mfa">
            <h2 id="mfa" class="section-title">
              {t('adminSettings.mfa')}
            </h2>
            <EnforceSwitch {...props} mayChange={mayChange} autofocus={faulty === 'enforce'} />
          </section>
          <section class="mt-10" aria-labelledby="help">
            <h2 id="help" class="section-title">
              {t('adminSettings.help')}
            </h2>
            <div class="panel mt-4 p-5 sm:p-7">
              <Field
                frame={frame}
                name="helpContact"
                label={t('field.helpContact')}
                hint={t('adminSettings.helpHint')}
                value={props.values?.helpContact ?? props.helpContact}
                problem={problems.helpContact}
                autocomplete="off"
                maxlength={200}
                autofocus={faulty === 'helpContact'}
              />
            </div>
          </section>
          {mayChange && (
            <div class="form-buttons mt-6">
              <button type="submit" class="btn btn-primary px-8">
                {t('form.save')}
              </button>
            </div>
          )}
        </fieldset>
      </form>
      {mayChange && <Appearance frame={frame} />}
    </SignedInPage>
  )
}

/** A form of its own, so that the way to it does not lead past what was typed here. */
function Appearance({ frame: { t } }: Pick<AdminSettingsProps, 'frame'>) {
  return (
    <section class="mt-10" aria-labelledby="appearance">
      <h2 id="appearance" class="section-title">
        {t('adminSettings.appearance')}
      </h2>
      <div class="panel mt-4 flex flex-wrap items-center justify-between gap-x-5 gap-y-4 p-5 sm:p-7">
        <p class="min-w-0 flex-1 basis-60 text-soft">{t('branding.lead')}</p>
        <a href="/admin/settings/branding" class="btn">
          {t('branding.link')}
        </a>
      </div>
    </section>
  )
}

function EnforceSwitch(props: AdminSettingsProps & { readonly autofocus: boolean; readonly mayChange: boolean }) {
  const { frame, enforced, mayChange, actorHasMfa, usersWithoutMfa, problems = {} } = props
  const { t } = frame
  const locked = mayChange && !enforced && !actorHasMfa
  const ifSwitchedOn = mayChange ? 'adminSettings.willEnforce' : 'adminSettings.notEnforced'
  const consequence = enforced ? 'adminSettings.enforcedNow' : ifSwitchedOn
  return (
    <div class="panel mt-4 p-5 sm:p-7">
      <div class="flex items-center justify-between gap-5">
        <label for="enforce" class="text-lg font-semibold">
          {t('adminSettings.enforce')}
        </label>
        <input
          type="checkbox"
          id="enforce"
          name="enforce"
          value="on"
          class="toggle shrink-0"
          checked={(props.wanted ?? enforced) && !locked}
          disabled={locked}
          autofocus={props.autofocus}
          aria-invalid={problems.enforce ? 'true' : undefined}
          aria-describedby={`enforce-hint enforce-consequence ${problems.enforce ? 'enforce-problem' : ''}`.trim()}
        />
      </div>
      <p id="enforce-hint" class="mt-1 max-w-prose text-soft">
        {t('adminSettings.enforceHint')}
      </p>
      <FieldProblem id="enforce-problem" problem={problems.enforce} />
      {locked ? (
        <NoticeBox kind="warning" class="mt-5" id="enforce-consequence" quiet>
          <p>{t('adminSettings.needsOwnMfa')}</p>
          <a href="/set-up-mfa" class="btn btn-primary mt-3">
            {t('mfa.enable')}
          </a>
        </NoticeBox>
      ) : (
        <NoticeBox kind="info" class="mt-5" id="enforce-consequence" quiet>
          <p>{t(consequence, { count: usersWithoutMfa })}</p>
        </NoticeBox>
      )}
    </div>
  )
}
