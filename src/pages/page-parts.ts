// What the page routes share: the parts they are built from, the frame around every view, and how a view becomes a
// response.

import type { Context } from 'hono'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { DoorContext } from '../http/door.ts'
import type { HttpSettings } from '../http/settings.ts'
import { languageFromHeader, type MessageId, type Messages, messagesFor } from '../messages.ts'
import type { Refusal } from '../refusal.ts'
import type { Account } from '../sign-in/account.ts'
import { mayConfirmEnforcement } from '../sign-in/enforce.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import type { Standing } from '../sign-in/standing.ts'
import { days, type Instant, minutes } from '../time.ts'
import { may, permissionsOf } from '../users/roles.ts'
import type { UserCounts } from '../users/user-counts.ts'
import type { EnforcementNews, Frame, Notice } from './views/parts/frame.ts'

export interface PageParts {
  machine: SignInParts
  settings: HttpSettings
  assets: { script: string; style: string }
  countUsers: () => Promise<UserCounts>
}

/** Chooses the language: the person's own, or what the browser asks for. */
export function messagesOf(c: Context, account: Account | null): Messages {
  return messagesFor(account?.user.language ?? languageFromHeader(c.req.header('accept-language')))
}

/** Makes the frame of a page. The top bar is shown to whoever may use it, and to nobody else. */
export function frameOf(c: DoorContext, parts: PageParts, account: Account | null): Frame {
  const standing = c.get('standing')
  const signedIn = standing?.step.at === 'done' ? standing.account.user : null
  return {
    ...messagesOf(c, account),
    serviceName: parts.settings.serviceName,
    theme: account?.user.theme ?? 'system',
    assets: parts.assets,
    brand: brandOf(parts),
    path: c.req.path,
    ...(signedIn
      ? {
          enforcement: newsOf(standing, parts.machine.clock()),
          user: { name: signedIn.name, email: signedIn.email, permissions: permissionsOf(signedIn.role) },
        }
      : {}),
  }
}

/** The files of the brand, where there are any; the version in their addresses makes browsers load them anew. */
function brandOf({ machine }: PageParts): Frame['brand'] {
  const { version, color, logo } = machine.branding.current()
  return {
    style: color === null ? undefined : `/brand.css?v=${version}`,
    logo: logo === null ? undefined : `/brand-logo?v=${version}`,
  }
}

/** How long an enforcement that lapsed is news. */
const newsFor = days(7)

function newsOf(standing: Standing | null, now: Instant): EnforcementNews | undefined {
  if (!standing) return undefined
  const { enforcement, account } = standing
  if (!may(account.user.role, 'settings.read')) return undefined
  if (enforcement.is === 'reverted') return enforcement.at > now - newsFor ? enforcement : undefined
  if (enforcement.is !== 'unconfirmed') return undefined
  const { confirmBy } = enforcement
  const minutesLeft = Math.max(1, Math.ceil((confirmBy - now) / minutes(1)))
  return { is: 'unconfirmed', confirmBy, minutesLeft, mayConfirm: mayConfirmEnforcement(standing) }
}

/** Gives the good news that the address names, where it names any that this page has. */
export function noticeNamed(
  { t }: Frame,
  words: Readonly<Record<string, MessageId>>,
  name: string | undefined,
): Notice | undefined {
  const message = name !== undefined && Object.hasOwn(words, name) ? words[name] : undefined
  return message === undefined ? undefined : { kind: 'success', text: t(message) }
}

type PageStatus = 200 | 422 | 429 | 500 | Refusal['status']

/** Sends a page: 200, or 422 with the form filled in when something in it was wrong. */
export async function page(
  c: Context,
  view: HtmlEscapedString | Promise<HtmlEscapedString>,
  status: PageStatus = 200,
): Promise<Response> {
  return c.html(view, status)
}

/** Tells a program what the page tells the person: when to try again, in seconds (RFC 9110 §10.2.3). */
export function setRetryAfter(c: Context, retryAt: Instant, now: Instant): void {
  c.header('Retry-After', String(Math.max(1, Math.ceil((retryAt - now) / 1000))))
}
