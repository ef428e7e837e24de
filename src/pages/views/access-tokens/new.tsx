/**
 * Making a token: what for, until when, and as little as it needs.
 */
import { Field, FieldProblem, firstFaulty, SelectField } from '../parts/field.tsx'
import { FormButtons, ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { scopeWords } from './scope-names.tsx'

/** What was typed and ticked. */
export interface NewAccessTokenValues {
  readonly name: string
  readonly days: string
  readonly scopes: readonly string[]
}

/** Holds what the page for a new token shows. */
export interface NewAccessTokenProps {
  readonly frame: Frame
  readonly values: NewAccessTokenValues
  /** The scopes that this person's role grants. */
  readonly scopes: readonly string[]
  /** The lives to choose from, in days. */
  readonly lives: readonly number[]
  readonly problems?: Problems<'name' | 'days' | 'scope'> | undefined
}

const order = ['name', 'days', 'scope'] as const

/** Asks for the new token; posts `name`, `days` and `scope`, which may repeat, to `/my-profile/tokens/new`. */
export function NewAccessTokenView({ frame, values, scopes, lives, problems = {} }: NewAccessTokenProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <SignedInPage
      frame={frame}
      title={t('newAccessToken.title')}
      lead={t('newAccessToken.lead')}
      width="narrow"
      hasProblem={faulty !== undefined}
      parent={{ href: '/my-profile/tokens', label: t('accessTokens.title') }}
    >
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <form method="post" action="/my-profile/tokens/new" class="panel form mt-6 p-5 sm:p-7">
        <Field
          frame={frame}
          name="name"
          label={t('newAccessToken.name')}
          hint={t('newAccessToken.nameHint')}
          value={values.name}
          problem={problems.name}
          autocomplete="off"
          maxlength={60}
          autofocus={(faulty ?? 'name') === 'name'}
          required
        />
        <SelectField
          name="days"
          label={t('newAccessToken.days')}
          value={values.days}
          options={lives.map((days) => ({ value: String(days), label: t('newAccessToken.daysOption', { days }) }))}
          problem={problems.days}
          autofocus={faulty === 'days'}
        />
        <Scopes frame={frame} scopes={scopes} chosen={values.scopes} problem={problems.scope} />
        <FormButtons frame={frame} submit={t('newAccessToken.button')} cancel="/my-profile/tokens" />
      </form>
    </SignedInPage>
  )
}

interface ScopesProps {
  readonly frame: Frame
  readonly scopes: readonly string[]
  readonly chosen: readonly string[]
  readonly problem: string | undefined
}

/** The problem is said of every box, because it is cured by ticking any. */
function Scopes({ frame, scopes, chosen, problem }: ScopesProps) {
  const { t } = frame
  return (
    <fieldset class="field">
      <legend class="font-medium">{t('accessTokens.scopes')}</legend>
      <p class="mt-1.5 text-sm text-soft">{t('newAccessToken.scopesHint')}</p>
      <div class="mt-1.5 grid gap-2.5">
        {scopes.map((scope, index) => (
          <label class="tick">
            <input
              id={index === 0 ? 'scope' : undefined}
              type="checkbox"
              name="scope"
              value={scope}
              checked={chosen.includes(scope)}
              class="checkbox checkbox-primary"
              aria-invalid={problem ? 'true' : undefined}
              aria-describedby={problem ? 'scope-problem' : undefined}
              autofocus={index === 0 && problem !== undefined}
            />
            <span class="min-w-0">
              <span class="block">{scopeWords(frame, scope)}</span>
              <code class="text-sm text-soft">{scope}</code>
            </span>
          </label>
        ))}
      </div>
      <FieldProblem id="scope-problem" problem={problem} />
    </fieldset>
  )
}
