/**
 * Asking before something is done to somebody's account: what it means, point by point, and one button that does it.
 */

import type { Child } from 'hono/jsx'
import { FormButtons } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what a page that asks for confirmation shows; texts are ready to show. */
export interface ConfirmActProps {
  readonly frame: Frame
  readonly user: { readonly id: string; readonly email: string; readonly name: string | null }
  readonly title: string
  readonly points: readonly string[]
  readonly button: string
  readonly danger?: boolean
  /** The last part of the address that the form is sent to. */
  readonly act: string
  readonly hasProblem?: boolean | undefined
  /** Fields of the form. */
  readonly children?: Child
}

/** Shows whom it is about, the points, the fields if any, and the button; posts to `/admin/users/:id/<act>`. */
export function ConfirmActView({ frame, user, title, points, button, danger = false, act, ...props }: ConfirmActProps) {
  const path = `/admin/users/${user.id}`
  return (
    <SignedInPage
      frame={frame}
      title={title}
      lead={user.name === null ? user.email : `${user.name} · ${user.email}`}
      width="narrow"
      hasProblem={props.hasProblem}
      parent={{ href: path, label: user.name ?? user.email }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <ul class="list-disc space-y-1.5 ps-5">
          {points.map((point) => (
            <li>{point}</li>
          ))}
        </ul>
        <form method="post" action={`${path}/${act}`} class="form">
          {props.children}
          <FormButtons frame={frame} submit={button} cancel={path} danger={danger} />
        </form>
      </div>
    </SignedInPage>
  )
}
