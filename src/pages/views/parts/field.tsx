/**
 * Form fields: a visible label, an optional hint, the problem next to the field and tied to it, so that everyone hears
 * what is wrong and where. A page gives `autofocus` to one field at most: the first faulty one, else the first.
 */
import type { Child } from 'hono/jsx'
import type { Frame, Problems } from './frame.ts'
import { Icon } from './icon.tsx'

/** Describes one text field. */
export interface FieldProps {
  readonly frame: Frame
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password' | 'search' | 'date'
  readonly value?: string | undefined
  readonly problem?: string | undefined
  readonly hint?: string | undefined
  readonly autofocus?: boolean | undefined
  readonly required?: boolean
  readonly autocomplete: string
  readonly inputmode?: 'text' | 'numeric' | 'email'
  readonly autocapitalize?: 'none' | 'characters' | 'words'
  readonly spellcheck?: boolean
  readonly maxlength?: number
  readonly minlength?: number
  readonly readonly?: boolean
  /** More classes for the input itself, such as `code-input`. */
  readonly class?: string
  /** Submits the form by itself once six digits are in; needs script, so it is never the only way. */
  readonly submitsItself?: boolean
  /** The id, where the name alone is not unique on the page. */
  readonly id?: string
}

/** Shows a labelled field; a password also gets a button that shows it, revealed by script. */
export function Field({ frame, name, label, problem, hint, id = name, type = 'text', ...props }: FieldProps) {
  return (
    <div class="field">
      <div class="flex flex-wrap items-baseline justify-between gap-x-4">
        <label for={id} class="font-medium">
          {label}
        </label>
        {type === 'password' && <ShowPassword frame={frame} field={id} />}
      </div>
      {hint && (
        <p id={`${id}-hint`} class="text-sm text-soft">
          {hint}
        </p>
      )}
      <input
        id={id}
        name={name}
        type={type}
        value={props.value}
        class={`input w-full text-base ${problem ? 'input-error' : ''} ${props.class ?? ''}`}
        required={props.required}
        readonly={props.readonly}
        autofocus={props.autofocus}
        autocomplete={props.autocomplete}
        autocapitalize={props.autocapitalize}
        inputmode={props.inputmode}
        spellcheck={props.spellcheck}
        minlength={props.minlength}
        maxlength={props.maxlength}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={describedBy({ name: id, hint, problem })}
        data-submits-itself={props.submitsItself ? '' : undefined}
      />
      <FieldProblem id={`${id}-problem`} problem={problem} />
    </div>
  )
}

interface TextFieldProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly hint?: string | undefined
  readonly problem?: string | undefined
  readonly autofocus?: boolean
  readonly required?: boolean
  readonly maxlength: number
}

/** Shows a labelled field for a few sentences. */
export function TextField({ name, label, value, hint, problem, ...props }: TextFieldProps) {
  return (
    <Labelled name={name} label={label} hint={hint} problem={problem}>
      <textarea
        id={name}
        name={name}
        rows={3}
        class={`input h-auto w-full py-2 text-base ${problem ? 'input-error' : ''}`}
        required={props.required}
        autofocus={props.autofocus}
        maxlength={props.maxlength}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={describedBy({ name, hint, problem })}
      >
        {value}
      </textarea>
    </Labelled>
  )
}

interface LabelledProps {
  readonly name: string
  readonly label: string
  readonly hint: string | undefined
  readonly problem: string | undefined
  readonly children: Child
}

/** What stands around a control: its label and hint before it, what is wrong with it after. */
function Labelled({ name, label, hint, problem, children }: LabelledProps) {
  return (
    <div class="field">
      <label for={name} class="font-medium">
        {label}
      </label>
      {hint && (
        <p id={`${name}-hint`} class="text-sm text-soft">
          {hint}
        </p>
      )}
      {children}
      <FieldProblem id={`${name}-problem`} problem={problem} />
    </div>
  )
}

/** The texts around a control that belong to it, for whoever hears the page. */
function describedBy({ name, hint, problem }: Pick<LabelledProps, 'name' | 'hint' | 'problem'>): string | undefined {
  return [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ') || undefined
}

/** Shows what is wrong with a field, under it; nothing where nothing is. */
export function FieldProblem({ id, problem }: { readonly id: string; readonly problem: string | undefined }) {
  if (!problem) return null
  return (
    <p id={id} class="flex gap-1.5 text-sm font-medium text-error">
      <Icon name="warning" class="mt-0.5 size-4" />
      <span>{problem}</span>
    </p>
  )
}

function ShowPassword({ frame: { t }, field }: { readonly frame: Frame; readonly field: string }) {
  return (
    <button
      type="button"
      hidden
      data-needs-script
      data-show-password={field}
      data-label-hide={t('password.hide')}
      class="link min-h-6 text-sm"
    >
      {t('password.show')}
    </button>
  )
}

interface SelectFieldProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly options: readonly { readonly value: string; readonly label: string; readonly lang?: string }[]
  readonly hint?: string | undefined
  readonly problem?: string | undefined
  readonly autofocus?: boolean | undefined
}

/** Shows a labelled choice from a closed list. */
export function SelectField({ name, label, value, options, hint, problem, autofocus }: SelectFieldProps) {
  return (
    <Labelled name={name} label={label} hint={hint} problem={problem}>
      <select
        id={name}
        name={name}
        autofocus={autofocus}
        class={`select w-full text-base ${problem ? 'select-error' : ''}`}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={describedBy({ name, hint, problem })}
      >
        {options.map((option) => (
          <option value={option.value} selected={option.value === value} lang={option.lang}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

/** Finds the first field, in the order of the page, that has a problem; it gets the focus. */
export function firstFaulty<Name extends string>(problems: Problems<Name>, order: readonly Name[]): Name | undefined {
  return order.find((name) => problems[name] !== undefined)
}
