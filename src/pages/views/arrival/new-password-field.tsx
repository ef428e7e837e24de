/**
 * The field for a new password: what it must be is said before it is typed, and there is no second field to fill in,
 * because it can be shown instead.
 */
import { Field } from '../parts/field.tsx'
import type { Frame } from '../parts/frame.ts'

interface NewPasswordFieldProps {
  readonly frame: Frame
  readonly label?: string
  readonly minLength: number
  readonly problem: string | undefined
  readonly autofocus: boolean
}

/** Asks for a new password of at least `minLength` characters. */
export function NewPasswordField({ frame, label, minLength, problem, autofocus }: NewPasswordFieldProps) {
  return (
    <Field
      frame={frame}
      name="password"
      label={label ?? frame.t('field.password')}
      hint={frame.t('password.hint', { minLength })}
      type="password"
      problem={problem}
      autocomplete="new-password"
      minlength={minLength}
      autofocus={autofocus}
      required
    />
  )
}

/** Says whose account it is that gets a new password. */
export function WhoseAccount({ frame, email }: { readonly frame: Frame; readonly email: string }) {
  return (
    <div>
      <p class="text-sm text-soft">{frame.t('acceptInvitation.account')}</p>
      <p class="font-medium break-anywhere">{email}</p>
      {/* Lets a password manager store the right name; the server knows the account from the token. */}
      <input type="text" name="username" value={email} autocomplete="username" readonly hidden />
    </div>
  )
}
