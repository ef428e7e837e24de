/**
 * Adding someone: who they are and what they may do. They choose their own password through a link.
 */
import { Field, firstFaulty, SelectField } from '../parts/field.tsx'
import { ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { type RoleName, roleNames } from '../parts/roles.ts'
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
        <Field
          frame={frame}
          name="name"
          label={t('field.name')}
          value={values.name}
          problem={problems.name}
          autocomplete="off"
          autocapitalize="words"
          maxlength={100}
          autofocus={faulty === 'name'}
        />
        <SelectField
          name="role"
          label={t('field.role')}
          value={values.role}
          options={roles.map((role) => ({ value: role, label: t(roleNames[role]) }))}
          hint={t('adminNewUser.roleHint')}
          problem={problems.role}
          autofocus={faulty === 'role'}
        />
        <div class="form-buttons">
          <button type="submit" class="btn btn-primary">
            {t('adminUsers.add')}
          </button>
          <a href="/admin/users" class="btn btn-ghost">
            {t('form.cancel')}
          </a>
        </div>
      </form>
    </SignedInPage>
  )
}
