/**
 * What the list of users is narrowed by, as a form that leads to an address: nothing is changed, and it can be bookmarked.
 */
import type { MessageId } from '../../../messages.ts'
import { SelectField } from '../parts/field.tsx'
import type { Frame } from '../parts/frame.ts'
import { roleNames } from '../parts/roles.ts'

/** Holds what is looked for; null where it does not matter. */
export interface ShownFilter {
  readonly search: string
  readonly mfa: string | null
  readonly factor: string | null
  readonly group: string | null
  readonly role: string | null
  readonly state: string | null
  readonly seen: string | null
}

interface UserFilterProps {
  readonly frame: Frame
  readonly filter: ShownFilter
  readonly groups: readonly { readonly id: string; readonly name: string }[]
}

type Choices = readonly (readonly [value: string, label: MessageId])[]

const mfaChoices: Choices = [
  ['on', 'mfa.state.on'],
  ['off', 'mfa.state.off'],
  ['codes-unsaved', 'mfa.state.codesUnsaved'],
  ['disabled', 'mfa.state.disabled'],
  ['reset', 'mfa.state.reset'],
]
const factorChoices: Choices = [
  ['totp', 'settings.authenticatorApp'],
  ['recovery-codes', 'settings.recoveryCodes'],
  ['none', 'userFilter.factor.none'],
]
const stateChoices: Choices = [
  ['active', 'adminUser.state.active'],
  ['invited', 'adminUsers.invited'],
  ['usable', 'userFilter.state.usable'],
  ['deactivated', 'adminUser.state.deactivated'],
  ['expired', 'adminUser.state.expired'],
  ['ended', 'userFilter.state.ended'],
]
const seenChoices: Choices = [
  ['7', 'userFilter.seen.7'],
  ['30', 'userFilter.seen.30'],
  ['90', 'userFilter.seen.90'],
  ['over-30', 'userFilter.seen.over30'],
  ['over-90', 'userFilter.seen.over90'],
  ['never', 'userFilter.seen.never'],
  ['ever', 'userFilter.seen.ever'],
]

/** Gives the filter as the parameters of an address, without what does not matter. */
export function filterParameters(filter: ShownFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** Shows the search and, folded away until one is used, the filters. */
export function UserFilterForm({ frame, filter, groups }: UserFilterProps) {
  const { t } = frame
  const { search, ...narrowing } = filter
  const isNarrowed = Object.values(narrowing).some((value) => value !== null)
  const offer = (name: keyof typeof narrowing, label: MessageId, choices: Choices) => (
    <SelectField
      name={name}
      label={t(label)}
      value={filter[name] ?? ''}
      options={[
        { value: '', label: t('userFilter.any') },
        ...choices.map(([value, words]) => ({ value, label: t(words) })),
      ]}
    />
  )
  return (
    <search>
      <form method="get" action="/admin/users" class="grid gap-4">
        <div class="flex items-end gap-2">
          <div class="field min-w-0 grow">
            <label for="search" class="font-medium">
              {t('adminUsers.search')}
            </label>
            <input
              id="search"
              name="search"
              type="search"
              value={search}
              class="input w-full text-base"
              maxlength={100}
            />
          </div>
          <button type="submit" class="btn">
            {t('adminUsers.searchButton')}
          </button>
        </div>
        <details open={isNarrowed}>
          <summary class="link min-h-6 w-fit cursor-pointer">{t('userFilter.title')}</summary>
          <div class="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {offer('mfa', 'adminUsers.mfa', mfaChoices)}
            {offer('factor', 'userFilter.factor', factorChoices)}
            {offer('state', 'adminUser.state', stateChoices)}
            {offer(
              'role',
              'field.role',
              Object.entries(roleNames).map(([role, words]) => [role, words]),
            )}
            <SelectField
              name="group"
              label={t('userFilter.group')}
              value={filter.group ?? ''}
              options={[
                { value: '', label: t('userFilter.any') },
                ...groups.map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
            {offer('seen', 'adminUsers.lastSignIn', seenChoices)}
          </div>
          <div class="form-buttons mt-4">
            <button type="submit" class="btn btn-primary">
              {t('userFilter.apply')}
            </button>
            <a href="/admin/users" class="btn btn-ghost">
              {t('userFilter.clear')}
            </a>
          </div>
        </details>
      </form>
    </search>
  )
}
