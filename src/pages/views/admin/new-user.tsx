/**
 * Adding someone: who they are and what they may do. They choose their own password through a link.
 */
import { Field, firstFaulty } from '../parts/field.tsx'
import { FormButtons, ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { NameField, RoleField } from '../parts/person-fields.tsx'
import type { RoleName } from '../parts/roles.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page for a new user shows. */
export interface AdminNewUserProps {
  readonly frame: Frame
  readonly values: { readonly email: string; readonly name: string; readonly role: string }
  readonly problems?: Problems<'email' | 'name' | 'role'> | undefined
  readonly roles: readonly RoleName[]
  /** True where the link goes by mail instead of being handed over. */
  readonly canSendMail: boolean
}

const order = ['email', 'name', 'role'] as const

/** Asks for the new person; posts `email`, `name` and `role` to `/admin/users/new`. */
export function AdminNewUserView({ frame, values, problems = {}, roles, canSendMail }: AdminNewUserProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <SignedInPage
      frame={frame}
      title={t('adminNewUser.title')}
      lead={t(canSendMail ? 'adminNewUser.leadMail' : 'adminNewUser.lead')}
      width="narrow"
      hasProblem={faulty !== undefined}
      parent={{ href: '/admin/users', label: t('adminUsers.title') }}
    >
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <form method="post" action="/admin/users/new" class="panel form mt-6 p-5 sm:p-7">
        <Field
          frame={frame}
          name="email"
          label={t('field.email')}
          type="email"
          value={values.email}
          problem={problems.email}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxlength={254}
          autofocus={(faulty ?? 'email') === 'email'}
          required
        />
        <NameField frame={frame} value={values.name} problem={problems.name} autofocus={faulty === 'name'} />
        <RoleField
          frame={frame}
          roles={roles}
          value={values.role}
          problem={problems.role}
          autofocus={faulty === 'role'}
        />
        <FormButtons frame={frame} submit={t('adminUsers.add')} cancel="/admin/users" />
      </form>
    </SignedInPage>
  )
}
