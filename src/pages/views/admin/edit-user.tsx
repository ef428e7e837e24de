/**
 * Editing an account: name, role, and the day on which it ends.
 */
import { Field, firstFaulty, SelectField } from '../parts/field.tsx'
import { ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { type RoleName, roleNames } from '../parts/roles.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page for editing a user shows. */
export interface AdminEditUserProps {
  readonly frame: Frame
  readonly user: { readonly id: string; readonly email: string; readonly name: string | null }
  readonly values: { readonly name: string; readonly role: string; readonly lastDay: string }
  readonly roles: readonly RoleName[]
  readonly problems?: Problems<'name' | 'role' | 'lastDay'> | undefined
}

const order = ['name', 'role', 'lastDay'] as const

/** Shows the form; posts `name`, `role` and `lastDay` to `/admin/users/:id/edit`. */
export function AdminEditUserView({ frame, user, values, roles, problems = {} }: AdminEditUserProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  const path = `/admin/users/${user.id}`
  return (
    <SignedInPage
      frame={frame}
      title={t('adminEditUser.title')}
      lead={user.email}
      width="narrow"
      hasProblem={faulty !== undefined}
      parent={{ href: path, label: user.name ?? user.email }}
    >
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <form method="post" action={`${path}/edit`} class="panel form mt-6 p-5 sm:p-7">
        <Field
          frame={frame}
          name="name"
          label={t('field.name')}
          value={values.name}
          problem={problems.name}
          autocomplete="off"
          autocapitalize="words"
          maxlength={100}
          autofocus={(faulty ?? 'name') === 'name'}
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
        <Field
          frame={frame}
          name="lastDay"
          label={t('field.lastDay')}
          type="date"
          value={values.lastDay}
          hint={t('adminEditUser.lastDayHint')}
          problem={problems.lastDay}
          autocomplete="off"
          autofocus={faulty === 'lastDay'}
        />
        <div class="form-buttons">
          <button type="submit" class="btn btn-primary">
            {t('form.save')}
          </button>
          <a href={path} class="btn btn-ghost">
            {t('form.cancel')}
          </a>
        </div>
      </form>
    </SignedInPage>
  )
}
