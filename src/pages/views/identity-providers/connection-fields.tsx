/**
 * The parts of the form about the provider itself: its button, how it is reached, and what is said about MFA there.
 */
import type { MessageId } from '../../../messages.ts'
import { Choice } from '../parts/choice.tsx'
import { Field, SelectField } from '../parts/field.tsx'
import { NoticeBox } from '../parts/notices.tsx'
import { ProviderIcon, providerIcons } from '../parts/provider-icon.tsx'
import { FormSection } from './form-section.tsx'
import type { PartProps } from './provider-form.tsx'

const iconNames: Record<(typeof providerIcons)[number], MessageId> = {
  building: 'providerIcon.building',
  people: 'providerIcon.people',
  globe: 'providerIcon.globe',
  cloud: 'providerIcon.cloud',
  key: 'providerIcon.key',
  shield: 'providerIcon.shield',
}

/** Shows the fields for the button on the page for signing in. */
export function NameFields({ frame, values, problems, faulty }: PartProps) {
  const { t } = frame
  return (
    <FormSection id="name" title={t('providerForm.button')}>
      <Field
        frame={frame}
        name="name"
        label={t('field.name')}
        hint={t('providerForm.nameHint')}
        value={values.name}
        problem={problems.name}
        autocomplete="off"
        maxlength={60}
        autofocus={faulty === 'name'}
        required
      />
      <Choice
        name="icon"
        legend={t('providerForm.icon')}
        value={values.icon}
        problem={problems.icon}
        autofocus={faulty === 'icon'}
        options={[
          { value: '', label: t('providerIcon.none') },
          ...providerIcons.map((icon) => ({
            value: icon,
            label: t(iconNames[icon]),
            picture: <ProviderIcon name={icon} class="size-6" />,
          })),
        ]}
      />
    </FormSection>
  )
}

const methods = [
  { value: 'client_secret_basic', label: 'providerAuthentication.basic' },
  { value: 'client_secret_post', label: 'providerAuthentication.post' },
  { value: 'private_key_jwt', label: 'providerAuthentication.privateKey' },
] as const satisfies readonly { value: string; label: MessageId }[]

/** Shows the fields for how the provider is reached, and as whom. */
export function ConnectionFields(props: PartProps) {
  const { frame, values, problems, faulty } = props
  const { t } = frame
  const typed = { frame, autocomplete: 'off', autocapitalize: 'none', spellcheck: false } as const
  return (
    <FormSection id="connection" title={t('providerForm.connection')}>
      <Field
        {...typed}
        name="issuer"
        label={t('providerForm.issuer')}
        hint={t('providerForm.issuerHint', { example: props.issuerExample })}
        value={values.issuer}
        problem={problems.issuer}
        maxlength={2000}
        autofocus={faulty === 'issuer'}
        required
      />
      <Field
        {...typed}
        name="clientId"
        label={t('providerForm.clientId')}
        value={values.clientId}
        problem={problems.clientId}
        maxlength={255}
        autofocus={faulty === 'clientId'}
        required
      />
      <SelectField
        name="authentication"
        label={t('providerForm.authentication')}
        hint={t('providerForm.authenticationHint')}
        value={values.authentication}
        options={methods.map(({ value, label }) => ({ value, label: t(label) }))}
        problem={problems.authentication}
        autofocus={faulty === 'authentication'}
      />
      <SecretField {...props} />
      <Field
        {...typed}
        name="scopes"
        label={t('providerForm.scopes')}
        hint={t('providerForm.scopesHint')}
        value={values.scopes}
        problem={problems.scopes}
        maxlength={3000}
        autofocus={faulty === 'scopes'}
      />
    </FormSection>
  )
}

/** The secret goes in and never comes out; the form says what becomes of the one that is kept. */
function SecretField({ frame, hasSecret, problems, faulty }: PartProps) {
  const { t } = frame
  return (
    <>
      <Field
        frame={frame}
        name="secret"
        type="password"
        label={t('providerForm.secret')}
        hint={t(hasSecret ? 'providerForm.secretKept' : 'providerForm.secretMissing')}
        problem={problems.secret}
        autocomplete="new-password"
        maxlength={10_000}
        autofocus={faulty === 'secret'}
      />
      {hasSecret && (
        <NoticeBox kind="info" quiet>
          <p>{t('providerForm.secretBlanked')}</p>
        </NoticeBox>
      )}
    </>
  )
}

/** Shows what the administrator says about MFA at the provider. */
export function MfaFields({ frame, values, problems, faulty }: PartProps) {
  const { t } = frame
  const typed = { frame, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, maxlength: 5000 } as const
  const lists = (
    <>
      <Field
        {...typed}
        name="amr"
        label={t('providerForm.amr')}
        hint={t('providerForm.amrHint')}
        value={values.amr}
        problem={problems.amr}
        autofocus={faulty === 'amr'}
      />
      <Field
        {...typed}
        name="acr"
        label={t('providerForm.acr')}
        hint={t('providerForm.acrHint')}
        value={values.acr}
        problem={problems.acr}
        autofocus={faulty === 'acr'}
      />
    </>
  )
  return (
    <FormSection id="mfa" title={t('providerForm.mfaTitle')} lead={t('providerForm.mfaLead')}>
      <Choice
        name="mfa"
        legend={t('providerForm.mfa')}
        value={values.mfa}
        problem={problems.mfa}
        autofocus={faulty === 'mfa'}
        options={[
          { value: 'takes-care', label: t('mfaStatement.takes-care'), hint: t('mfaStatement.takes-careHint') },
          {
            value: 'with-proof',
            label: t('mfaStatement.with-proof'),
            hint: t('mfaStatement.with-proofHint'),
            more: lists,
          },
          { value: 'without', label: t('mfaStatement.without'), hint: t('mfaStatement.withoutHint') },
        ]}
      />
      <Field
        {...typed}
        name="acrValues"
        label={t('providerForm.acrValues')}
        hint={t('providerForm.acrValuesHint')}
        value={values.acrValues}
        problem={problems.acrValues}
        autofocus={faulty === 'acrValues'}
      />
    </FormSection>
  )
}
