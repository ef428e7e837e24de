/**
 * Editing an account: name, role, and the day on which it ends.
 */
import { Field, firstFaulty } from '../parts/field.tsx'
import { FormButtons, ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { NameField, RoleField } from '../parts/person-fields.tsx'
import type { RoleName } from '../parts/roles.ts'
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
        <NameField
          frame={frame}
          value={values.name}
          problem={problems.name}
          autofocus={(faulty ?? 'name') === 'name'}
        />
        <RoleField
          frame={frame}
          roles={roles}
          value={values.role}
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
        <FormButtons frame={frame} submit={t('form.save')} cancel={path} />
      </form>
    </SignedInPage>
  )
}
