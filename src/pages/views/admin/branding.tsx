/**
 * How the service looks: its name, one accent colour, and a logo. What it looks like now is what the page itself shows.
 */
import { Field, FieldProblem, firstFaulty } from '../parts/field.tsx'
import { ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Notice, Problems } from '../parts/frame.ts'
import { Mark } from '../parts/mark.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page shows. */
export interface BrandingProps {
  readonly frame: Frame
  readonly values: { readonly name: string; readonly color: string }
  readonly hasLogo: boolean
  readonly longestName: number
  readonly problems?: Problems<'name' | 'color' | 'logo'> | undefined
  readonly notice?: Notice | undefined
}

const order = ['name', 'color', 'logo'] as const

/** Shows the form; posts `name`, `color`, `logo` (a file) and `removeLogo` to `/admin/settings/branding`. */
export function BrandingView({ frame, values, longestName, notice, problems = {}, hasLogo }: BrandingProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <SignedInPage
      frame={frame}
      title={t('branding.title')}
      lead={t('branding.lead')}
      width="narrow"
      notice={notice}
      hasProblem={faulty !== undefined}
      parent={{ href: '/admin/settings', label: t('adminSettings.title') }}
    >
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <form method="post" action="/admin/settings/branding" enctype="multipart/form-data" class="mt-6">
        <div class="panel form p-5 sm:p-7">
          <Field
            frame={frame}
            name="name"
            label={t('branding.name')}
            hint={t('branding.nameHint')}
            value={values.name}
            problem={problems.name}
            autocomplete="off"
            maxlength={longestName * 2}
            autofocus={faulty === 'name'}
          />
          <Field
            frame={frame}
            name="color"
            label={t('branding.color')}
            hint={t('branding.colorHint')}
            value={values.color}
            problem={problems.color}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxlength={20}
            autofocus={faulty === 'color'}
          />
          <LogoField frame={frame} problem={problems.logo} hasLogo={hasLogo} autofocus={faulty === 'logo'} />
        </div>
        <div class="form-buttons mt-6">
          <button type="submit" class="btn btn-primary px-8">
            {t('form.save')}
          </button>
          <a href="/admin/settings" class="btn btn-ghost">
            {t('form.cancel')}
          </a>
        </div>
      </form>
    </SignedInPage>
  )
}

interface LogoFieldProps {
  readonly frame: Frame
  readonly problem: string | undefined
  readonly hasLogo: boolean
  readonly autofocus: boolean
}

function LogoField({ frame, problem, hasLogo, autofocus }: LogoFieldProps) {
  const { t } = frame
  return (
    <div class="field">
      <label for="logo" class="font-medium">
        {t('branding.logo')}
      </label>
      <p id="logo-hint" class="text-sm text-soft">
        {t('branding.logoHint')}
      </p>
      <input
        type="file"
        id="logo"
        name="logo"
        accept="image/png,image/jpeg,image/webp"
        class="w-full min-w-0 py-2 text-sm"
        autofocus={autofocus}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={`logo-hint ${problem ? 'logo-problem' : ''}`.trim()}
      />
      <FieldProblem id="logo-problem" problem={problem} />
      {hasLogo && (
        <div class="mt-3 flex flex-wrap items-center gap-4">
          <Mark frame={frame} class="size-12" />
          <label class="flex min-h-11 items-center gap-2.5">
            <input type="checkbox" name="removeLogo" value="yes" class="checkbox" />
            {t('branding.removeLogo')}
          </label>
        </div>
      )}
    </div>
  )
}
