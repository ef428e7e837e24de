/**
 * The fields that describe a person, the same wherever one is added or edited.
 */
import { Field, SelectField } from './field.tsx'
import type { Frame } from './frame.ts'
import { type RoleName, roleNames } from './roles.ts'

interface PersonFieldProps {
  readonly frame: Frame
  readonly value: string
  readonly problem: string | undefined
  readonly autofocus: boolean
}

/** Asks what somebody is called. */
export function NameField({ frame, ...props }: PersonFieldProps) {
  return (
    <Field
      frame={frame}
      name="name"
      label={frame.t('field.name')}
      autocomplete="off"
      autocapitalize="words"
      maxlength={100}
      {...props}
    />
  )
}

/** Asks what somebody may do. */
export function RoleField({ frame: { t }, roles, ...props }: PersonFieldProps & { roles: readonly RoleName[] }) {
  return (
    <SelectField
      name="role"
      label={t('field.role')}
      options={roles.map((role) => ({ value: role, label: t(roleNames[role]) }))}
      hint={t('adminNewUser.roleHint')}
      {...props}
    />
  )
}
