/**
 * The filter of the audit log: a GET form, so that what is looked for stands in the address and can be kept.
 */
import { Field, FieldProblem, firstFaulty } from '../parts/field.tsx'
import type { Frame, Problems } from '../parts/frame.ts'

/** Names the fields of the filter. */
export type FilterFieldName = 'event' | 'actor' | 'subject' | 'address' | 'since' | 'until'
/** Lists them in the order of the page. */
export const filterOrder: readonly FilterFieldName[] = ['event', 'actor', 'subject', 'address', 'since', 'until']

/** Holds what the filter shows. */
export interface AuditFilterProps {
  readonly frame: Frame
  /** What can be chosen as event, by group. */
  readonly choices: readonly {
    readonly label: string
    readonly options: readonly { readonly value: string; readonly label: string }[]
  }[]
  readonly values: Readonly<Record<FilterFieldName, string>>
  readonly problems: Problems<FilterFieldName>
  /** True when the filter narrows anything. */
  readonly isNarrowed: boolean
}

/** Shows the filter as it was sent. */
export function AuditFilter({ frame, choices, values, problems, isNarrowed }: AuditFilterProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, filterOrder)
  const text = (name: Exclude<FilterFieldName, 'event'>, label: string, hint?: string) => (
    <Field
      frame={frame}
      name={name}
      label={label}
      hint={hint}
      type={name === 'since' || name === 'until' ? 'date' : 'text'}
      value={values[name]}
      problem={problems[name]}
      autofocus={faulty === name}
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      maxlength={200}
    />
  )
  return (
    <search>
      <form method="get" action="/admin/audit" class="panel mt-6 p-5 sm:p-7">
        <div class="grid items-start gap-5 sm:grid-cols-2 lg:grid-cols-3">
          <EventField
            frame={frame}
            choices={choices}
            value={values.event}
            problem={problems.event}
            autofocus={faulty === 'event'}
          />
          {text('actor', t('auditLog.actor'))}
          {text('subject', t('auditLog.subject'))}
          {text('address', t('auditLog.address'))}
          {text('since', t('auditLog.since'))}
          {text('until', t('auditLog.until'))}
        </div>
        <div class="form-buttons mt-5">
          <button type="submit" class="btn btn-primary">
            {t('auditLog.show')}
          </button>
          {isNarrowed && (
            <a href="/admin/audit" class="btn">
              {t('auditLog.clear')}
            </a>
          )}
        </div>
      </form>
    </search>
  )
}

type EventFieldProps = Pick<AuditFilterProps, 'frame' | 'choices'> & {
  readonly value: string
  readonly problem: string | undefined
  readonly autofocus: boolean
}

function EventField({ frame: { t }, choices, value, problem, autofocus }: EventFieldProps) {
  return (
    <div class="field">
      <label for="event" class="font-medium">
        {t('auditLog.event')}
      </label>
      <select
        id="event"
        name="event"
        autofocus={autofocus}
        class={`select w-full text-base ${problem ? 'select-error' : ''}`}
        aria-invalid={problem ? 'true' : undefined}
        aria-describedby={problem ? 'event-problem' : undefined}
      >
        <option value="">{t('auditLog.everyEvent')}</option>
        {choices.map((group) => (
          <optgroup label={group.label}>
            {group.options.map((option) => (
              <option value={option.value} selected={option.value === value}>
                {option.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <FieldProblem id="event-problem" problem={problem} />
    </div>
  )
}
