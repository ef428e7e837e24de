/**
 * A choice of a few answers that are read before one is taken, each in words of its own, with what it means under it.
 */
import type { Child } from 'hono/jsx'
import { FieldProblem } from './field.tsx'

interface ChoiceProps {
  readonly name: string
  readonly legend: string
  readonly value: string
  readonly options: readonly {
    readonly value: string
    readonly label: string
    readonly hint?: string | undefined
    /** Before the label, such as a pictogram. */
    readonly picture?: Child
    /** Under the answer, such as fields that belong to it alone. */
    readonly more?: Child
  }[]
  readonly hint?: string | undefined
  readonly problem?: string | undefined
  readonly autofocus?: boolean | undefined
}

/** Shows the answers under their question, one to be chosen. */
export function Choice({ name, legend, value, options, hint, problem, autofocus }: ChoiceProps) {
  return (
    <fieldset class="field">
      <legend class="font-medium">{legend}</legend>
      {hint && <p class="mt-1.5 text-sm text-soft">{hint}</p>}
      <div class="mt-1.5 grid gap-3">
        {options.map((option, index) => (
          <div>
            <label class="tick">
              <input
                id={index === 0 ? name : undefined}
                type="radio"
                name={name}
                value={option.value}
                checked={option.value === value}
                class="radio radio-primary mt-0.5"
                aria-invalid={problem ? 'true' : undefined}
                aria-describedby={problem ? `${name}-problem` : undefined}
                autofocus={index === 0 && autofocus}
              />
              {option.picture}
              <span class="min-w-0">
                <span class="block">{option.label}</span>
                {option.hint && <span class="block text-sm text-soft">{option.hint}</span>}
              </span>
            </label>
            {option.more && <div class="form mt-3 ps-9">{option.more}</div>}
          </div>
        ))}
      </div>
      <FieldProblem id={`${name}-problem`} problem={problem} />
    </fieldset>
  )
}
