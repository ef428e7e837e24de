/**
 * Everything about my account that I may change: Security first, then Preferences.
 */
import { firstFaulty, SelectField } from '../parts/field.tsx'
import type { Frame, Notice, Problems, Theme } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { SecuritySection, type SecurityState } from './security-section.tsx'

/** Holds what the settings show. */
export interface SettingsProps {
  readonly frame: Frame
  readonly security: SecurityState
  readonly preferences: {
    readonly languages: readonly { readonly tag: string; readonly name: string }[]
    /** The chosen language; empty for "as my browser says". */
    readonly language: string
    readonly theme: Theme
  }
  readonly notice?: Notice | undefined
  readonly problems?: Problems<'language' | 'theme'> | undefined
}

const order = ['language', 'theme'] as const

/** Shows both sections; Preferences post `language` and `theme` to `/my-profile/settings`. */
export function SettingsView({ frame, security, preferences, notice, problems = {} }: SettingsProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('settings.title')}
      notice={notice}
      hasProblem={firstFaulty(problems, order) !== undefined}
      parent={{ href: '/my-profile', label: t('myProfile.title') }}
    >
      <SecuritySection frame={frame} security={security} />
      <Preferences frame={frame} preferences={preferences} problems={problems} />
    </SignedInPage>
  )
}

function Preferences({ frame, preferences, problems = {} }: Pick<SettingsProps, 'frame' | 'preferences' | 'problems'>) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  const languages = preferences.languages.map(({ tag, name }) => ({ value: tag, label: name, lang: tag }))
  return (
    <section class="mt-10" aria-labelledby="preferences">
      <h2 id="preferences" class="section-title">
        {t('settings.preferences')}
      </h2>
      <form method="post" action="/my-profile/settings" class="panel form mt-4 p-5 sm:p-7">
        <div class="grid gap-5 sm:grid-cols-2">
          <SelectField
            name="language"
            label={t('settings.language')}
            value={preferences.language}
            options={[{ value: '', label: t('settings.languageOfBrowser') }, ...languages]}
            problem={problems.language}
            autofocus={faulty === 'language'}
          />
          <SelectField
            name="theme"
            label={t('settings.theme')}
            value={preferences.theme}
            options={[
              { value: 'system', label: t('settings.themeSystem') },
              { value: 'light', label: t('settings.themeLight') },
              { value: 'dark', label: t('settings.themeDark') },
            ]}
            problem={problems.theme}
            autofocus={faulty === 'theme'}
          />
        </div>
        <div class="form-buttons">
          <button type="submit" class="btn btn-primary">
            {t('form.save')}
          </button>
        </div>
      </form>
    </section>
  )
}
