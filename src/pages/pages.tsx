// The door for people: all pages, and how a refusal looks on one. A refusal that leads somewhere (sign in, set up 2FA, prove
// it is you) is answered by going there.

import { createDoor, type Door, type DoorContext, type DoorParts } from '../http/door.ts'
import { type StaticFiles, sendStaticFile } from '../http/static-files.ts'
import type { MessageId } from '../messages.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { accessTokenPages } from './access-tokens.tsx'
import { editUserPages } from './admin/edit-user.tsx'
import { groupPages } from './admin/groups.tsx'
import { invitationPages } from './admin/invitations.tsx'
import { manageUserPages } from './admin/manage-user.tsx'
import { outboxPages } from './admin/outbox.tsx'
import { resetMfaPages } from './admin/reset-mfa.tsx'
import { userPage } from './admin/user.tsx'
import { userTokenPages } from './admin/user-tokens.tsx'
import { usersPage } from './admin/users.tsx'
import { adminPages } from './admin.tsx'
import { arrivalPages } from './arrival.tsx'
import { auditPages } from './audit.tsx'
import { brandingPages } from './branding.tsx'
import { forgottenPasswordPages } from './forgotten-password.tsx'
import { identityProviderPages } from './identity-providers/identity-providers.tsx'
import { frameOf, type PageParts, page, setRetryAfter } from './page-parts.ts'
import { finishPending, stepUp, wayOn } from './passage.ts'
import { changeEmailPages } from './profile/change-email.tsx'
import { changePasswordPages } from './profile/change-password.tsx'
import { ownSessionsPages } from './profile/sessions.tsx'
import { profilePages } from './profile.tsx'
import { recoveryCodePages } from './recovery-codes.tsx'
import { setUpLinkPages } from './set-up-link.tsx'
import { setUpMfaPages } from './set-up-mfa.tsx'
import { signInPages } from './sign-in.tsx'
import { signInSteps } from './sign-in-steps.tsx'
import type { Frame } from './views/parts/frame.ts'
import { RefusalView } from './views/refusal.tsx'
import { providerPages } from './with-provider.tsx'

/** Builds the door. `files` are the built files for browsers. */
export function createPages(parts: PageParts, hooks: Pick<DoorParts, 'onBug' | 'onAnswer'>, files: StaticFiles): Door {
  const door = createDoor({
    machine: parts.machine,
    settings: parts.settings,
    refuse: (c, refusal) => refuse(c, parts, refusal),
    prepare: () => parts.machine.branding.refresh(),
    ...hooks,
  })
  door.file('/assets/:file', (c) => sendStaticFile(c, files))
  door.file('/favicon.svg', (c) => sendStaticFile(c, files))
  door.file('/favicon.ico', (c) => c.redirect('/favicon.svg', 301))
  signInPages(door, parts)
  signInSteps(door, parts)
  providerPages(door, parts)
  setUpMfaPages(door, parts)
  recoveryCodePages(door, parts)
  profilePages(door, parts)
  changeEmailPages(door, parts)
  changePasswordPages(door, parts)
  ownSessionsPages(door, parts)
  accessTokenPages(door, parts)
  arrivalPages(door, parts)
  forgottenPasswordPages(door, parts)
  setUpLinkPages(door, parts)
  adminPages(door, parts)
  outboxPages(door, parts)
  usersPage(door, parts)
  groupPages(door, parts)
  brandingPages(door, parts)
  identityProviderPages(door, parts)
  userPage(door, parts)
  editUserPages(door, parts)
  manageUserPages(door, parts)
  invitationPages(door, parts)
  userTokenPages(door, parts)
  auditPages(door, parts)
  resetMfaPages(door, parts)
  return door
}

async function refuse(c: DoorContext, parts: PageParts, refusal: Refusal | null): Promise<Response> {
  if (refusal) {
    const way = wayOn(c, refusal)
    if (way !== null) return c.redirect(way, 303)
    if (refusal.code === 'nothing-owed' && c.req.raw.method !== 'HEAD')
      return c.redirect(await finishPending(c, parts), 303)
    const standing = c.get('standing')
    if (refusal.code === 'step-up-needed' && standing) return stepUp(c, parts, standing, returnPath(c))
    const showAgain = c.get('showAgain')
    if (refusal.status === 503 && showAgain) return showAgain(refusal)
  }
  return showRefusal(c, parts, refusal)
}

/** After a step-up: back to the page that asked for it. A form that was sent is opened again, not sent again. */
function returnPath(c: DoorContext): string {
  return c.req.method === 'GET' ? `${c.req.path}${new URL(c.req.url).search}` : c.req.path
}

/** What was asked for may be asked for again; a form that was sent is not sent again without its sender. */
function tryAgain(c: DoorContext, { t }: Frame): { href: string; label: string } | undefined {
  return c.req.method === 'GET' ? { href: returnPath(c), label: t('refusal.tryAgain') } : undefined
}

function showRefusal(c: DoorContext, parts: PageParts, refusal: Refusal | null): Promise<Response> {
  const account = c.get('standing')?.account ?? null
  const frame = frameOf(c, parts, account)
  const words: RefusalCode | 'bug' = refusal?.code ?? 'bug'
  if (refusal?.retryAt !== undefined) setRetryAfter(c, refusal.retryAt, parts.machine.clock())
  const view = (
    <RefusalView
      frame={frame}
      status={refusal?.status ?? 500}
      title={frame.t(`refusal.${words}.title` as MessageId)}
      detail={frame.t(`refusal.${words}.detail` as MessageId, { url: parts.settings.url })}
      retryAt={refusal?.retryAt}
      action={refusal?.status === 503 ? tryAgain(c, frame) : undefined}
      requestId={c.get('caller').requestId}
      helpContact={account?.helpContact ?? undefined}
    />
  )
  return page(c, view, refusal?.status ?? 500)
}
