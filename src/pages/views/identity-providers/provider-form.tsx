/**
 * The form of an OpenID Connect provider: new, or as it is set. Its parts are in the order in which an administrator finds
 * the answers: a name, the connection, what is said about MFA there, who may come, and what the claims mean.
 */

import { firstFaulty } from '../parts/field.tsx'
import { FormButtons, ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { ConnectionFields, MfaFields, NameFields } from './connection-fields.tsx'
import { CopiedAddress } from './copied-address.tsx'
import { ClaimFields, PeopleFields } from './people-fields.tsx'
import { fieldOrder, type ProviderField, type ProviderProblems, type ProviderValues } from './values.ts'

/** Holds what the page shows. */
export interface ProviderFormProps {
  readonly frame: Frame
  readonly title: string
  /** Where the form is sent, and where its way back leads. */
  readonly action: string
  readonly cancel: string
  /** What goes along without being shown: the id of a new one, the version of an old one. */
  readonly hidden: Readonly<Record<string, string>>
  readonly redirectUri: string
  readonly values: ProviderValues
  readonly problems?: ProviderProblems | undefined
  /** Whether a secret is kept, which is never shown. */
  readonly hasSecret: boolean
  /** What an issuer looks like there. */
  readonly issuerExample: string
  /** What the preset has to say. */
  readonly advice?: string | undefined
  readonly groups: readonly { readonly id: string; readonly name: string }[]
  readonly notice?: Notice | undefined
  /** True when the person has to confirm that it is them before the form is taken. */
  readonly mustConfirm?: boolean
}

/** What the parts of the form get. */
export type PartProps = Omit<ProviderFormProps, 'problems'> & {
  readonly problems: ProviderProblems
  readonly faulty: ProviderField | undefined
}

/** Shows the form. */
export function ProviderFormView(props: ProviderFormProps) {
  const { frame, title, problems = {} } = props
  const { t } = frame
  const faulty = firstFaulty(problems, fieldOrder)
  const part = { ...props, problems, faulty }
  return (
    <SignedInPage
      frame={frame}
      title={title}
      notice={props.notice}
      hasProblem={faulty !== undefined || props.mustConfirm}
      parent={{ href: '/admin/identity-providers', label: t('identityProviders.title') }}
    >
      {props.mustConfirm && <Confirm frame={frame} />}
      <ProblemSummary frame={frame} problems={problems} order={fieldOrder} />
      {props.advice && (
        <NoticeBox kind="info" class="mt-6" quiet>
          <p>{props.advice}</p>
        </NoticeBox>
      )}
      <CopiedAddress frame={frame} address={props.redirectUri} />
      <form method="post" action={props.action} class="mt-8 grid gap-8" autocomplete="off">
        {Object.entries(props.hidden).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <NameFields {...part} />
        <ConnectionFields {...part} />
        <MfaFields {...part} />
        <PeopleFields {...part} />
        <ClaimFields {...part} />
        <FormButtons frame={frame} submit={t('form.save')} cancel={props.cancel} />
      </form>
    </SignedInPage>
  )
}

/** What was typed stays on this page while the confirmation goes on in another tab. */
function Confirm({ frame: { t } }: { readonly frame: Frame }) {
  return (
    <NoticeBox kind="warning" class="mt-6">
      <p>{t('providerForm.confirmFirst')}</p>
      <a href="/admin/identity-providers/confirm" target="_blank" rel="noopener" class="btn btn-primary mt-3">
        {t('providerForm.confirm')}
      </a>
    </NoticeBox>
  )
}
