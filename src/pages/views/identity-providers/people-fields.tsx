/**
 * The parts of the form about people: who may come, what becomes of them here, and which claims say who they are.
 */
import { Choice } from '../parts/choice.tsx'
import { Field, TextField } from '../parts/field.tsx'
import { FormSection } from './form-section.tsx'
import type { PartProps } from './provider-form.tsx'

/** Shows who may come by this provider, and how they get to an account. */
export function PeopleFields({ frame, values, problems, faulty, groups }: PartProps) {
  const { t } = frame
  return (
    <FormSection id="people" title={t('providerForm.people')}>
      <Field
        frame={frame}
        name="allowedDomains"
        label={t('providerForm.allowedDomains')}
        hint={t('providerForm.allowedDomainsHint')}
        value={values.allowedDomains}
        problem={problems.allowedDomains}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxlength={10_000}
        autofocus={faulty === 'allowedDomains'}
      />
      <Choice
        name="linking"
        legend={t('providerForm.linking')}
        value={values.linking}
        problem={problems.linking}
        autofocus={faulty === 'linking'}
        options={[
          { value: 'in-person', label: t('providerLinking.in-person'), hint: t('providerLinking.in-personHint') },
          {
            value: 'verified-email',
            label: t('providerLinking.verified-email'),
            hint: t('providerLinking.verified-emailHint'),
          },
        ]}
      />
      <Choice
        name="admission"
        legend={t('providerForm.admission')}
        value={values.admission}
        problem={problems.admission}
        autofocus={faulty === 'admission'}
        options={[
          { value: 'invited', label: t('providerAdmission.invited') },
          { value: 'create', label: t('providerAdmission.create') },
        ]}
      />
      {groups.length > 0 && (
        <fieldset class="field">
          <legend class="font-medium">{t('providerForm.defaultGroups')}</legend>
          <div class="mt-1.5 grid gap-2.5">
            {groups.map((group) => (
              <label class="tick">
                <input
                  type="checkbox"
                  name="defaultGroups"
                  value={group.id}
                  checked={values.defaultGroups.includes(group.id)}
                  class="checkbox checkbox-primary"
                />
                <span class="min-w-0 break-anywhere">{group.name}</span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </FormSection>
  )
}

const claims = [
  { name: 'emailClaim', label: 'providerForm.emailClaim' },
  { name: 'emailVerifiedClaim', label: 'providerForm.emailVerifiedClaim' },
  { name: 'nameClaim', label: 'providerForm.nameClaim' },
  { name: 'groupsClaim', label: 'providerForm.groupsClaim' },
] as const

/** Shows which claim says what, and which value leads into which group. */
export function ClaimFields({ frame, values, problems, faulty }: PartProps) {
  const { t } = frame
  return (
    <FormSection id="claims" title={t('providerForm.claims')} lead={t('providerForm.claimsLead')}>
      {claims.map(({ name, label }) => (
        <Field
          frame={frame}
          name={name}
          label={t(label)}
          value={values[name]}
          problem={problems[name]}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxlength={255}
          autofocus={faulty === name}
        />
      ))}
      <TextField
        name="groupMapping"
        label={t('providerForm.groupMapping')}
        hint={t('providerForm.groupMappingHint')}
        value={values.groupMapping}
        problem={problems.groupMapping}
        maxlength={50_000}
        autofocus={faulty === 'groupMapping'}
      />
    </FormSection>
  )
}
