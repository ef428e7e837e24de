/**
 * The layout of pages for someone whose session is good: the top bar, where they are, the content column. The
 * administrator's pages have a second row of links under the bar.
 */
import type { MessageId } from '../../../messages.ts'
import { Document, type LayoutProps } from './document.tsx'
import { EnforcementBanner } from './enforcement-banner.tsx'
import { SignOut } from './form-parts.tsx'
import type { Frame, Notice } from './frame.ts'
import { Icon } from './icon.tsx'
import { Mark } from './mark.tsx'
import { Notices } from './notices.tsx'

interface SignedInPageProps extends LayoutProps {
  readonly notice?: Notice | undefined
  readonly lead?: string | undefined
  /** The page one level up, as a link above the heading. */
  readonly parent?: { readonly href: string; readonly label: string } | undefined
  /** A button or link beside the heading. */
  readonly action?: LayoutProps['children']
  /** `narrow` for a single form, `regular` for reading, `wide` for tables. */
  readonly width?: 'narrow' | 'regular' | 'wide'
}

const measures = { narrow: 'max-w-xl', regular: 'max-w-3xl', wide: 'max-w-6xl' } as const

/** Shows a signed-in page with its heading; needs `frame.user` for the top bar, and shows a bare one without. */
export function SignedInPage({ frame, title, width = 'regular', notice, ...props }: SignedInPageProps) {
  return (
    <Document frame={frame} title={title} hasProblem={props.hasProblem}>
      <TopBar frame={frame} />
      {mayAdminister(frame) && frame.path.startsWith('/admin') && <AdminNavigation frame={frame} />}
      <main id="content" tabindex={-1} class={`mx-auto w-full grow px-4 py-8 sm:px-6 sm:py-12 ${measures[width]}`}>
        {props.parent && (
          <a
            href={props.parent.href}
            class="link-quiet mb-3 inline-flex min-h-6 items-center gap-1.5 text-sm break-anywhere"
          >
            <Icon name="back" class="size-4 rtl:rotate-180" />
            {props.parent.label}
          </a>
        )}
        <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <h1 class="text-2xl font-semibold tracking-tight text-balance break-anywhere sm:text-3xl">{title}</h1>
          {props.action}
        </div>
        {props.lead !== undefined && <p class="mt-2 max-w-prose text-soft text-pretty break-anywhere">{props.lead}</p>}
        {frame.path.startsWith('/admin') && <EnforcementBanner frame={frame} />}
        <Notices notice={notice} class="mt-6" />
        {props.children}
      </main>
    </Document>
  )
}

function TopBar({ frame }: { readonly frame: Frame }) {
  const { t, user } = frame
  return (
    <header class="border-b border-base-300 bg-base-100 print:hidden">
      <div class="mx-auto flex max-w-6xl flex-wrap items-center gap-x-2 px-4 py-2 sm:px-6">
        <a href="/" class="me-4 flex min-h-11 min-w-0 items-center gap-2.5 rounded-field">
          <Mark frame={frame} class="size-7" />
          <span class="font-semibold tracking-tight break-anywhere">{frame.serviceName}</span>
        </a>
        {user && (
          <>
            <nav aria-label={t('navigation.main')} class="order-last w-full sm:order-none sm:w-auto">
              <ul class="-mx-3 flex flex-wrap sm:mx-0">
                <NavigationLink frame={frame} href="/my-profile" label="myProfile.title" within="/my-profile" />
                {mayAdminister(frame) && (
                  <NavigationLink frame={frame} href="/admin/users" label="navigation.admin" within="/admin" />
                )}
              </ul>
            </nav>
            <div class="ms-auto flex items-center gap-2">
              <span class="hidden max-w-56 truncate text-sm text-soft md:inline">{user.name ?? user.email}</span>
              <SignOut frame={frame} class="btn btn-ghost -me-3" />
            </div>
          </>
        )}
      </div>
    </header>
  )
}

/** The pages under "Admin", and what lets somebody see each. */
const adminTabs: readonly { href: string; label: MessageId; permission: string }[] = [
  { href: '/admin/users', label: 'adminUsers.title', permission: 'users.read' },
  { href: '/admin/groups', label: 'adminGroups.title', permission: 'users.read' },
  { href: '/admin/audit', label: 'auditLog.title', permission: 'audit.read' },
  { href: '/admin/outbox', label: 'outbox.title', permission: 'mail.read' },
  { href: '/admin/identity-providers', label: 'identityProviders.title', permission: 'settings.read' },
  { href: '/admin/settings', label: 'adminSettings.title', permission: 'settings.read' },
]

const mayAdminister = ({ user }: Frame) => user?.permissions.includes('users.read') ?? false

function AdminNavigation({ frame }: { readonly frame: Frame }) {
  return (
    <nav aria-label={frame.t('navigation.admin')} class="border-b border-base-300 bg-base-100 print:hidden">
      <ul class="mx-auto flex max-w-6xl flex-wrap px-1 sm:px-3">
        {adminTabs
          .filter(({ permission }) => frame.user?.permissions.includes(permission))
          .map(({ href, label }) => (
            <NavigationLink frame={frame} href={href} label={label} within={href} tab />
          ))}
      </ul>
    </nav>
  )
}

interface NavigationLinkProps {
  readonly frame: Frame
  readonly href: string
  readonly label: MessageId
  /** The part of the site that this link stands for; the link is marked as current everywhere in it. */
  readonly within: string
  readonly tab?: boolean
}

function NavigationLink({ frame: { t, path }, href, label, within, tab = false }: NavigationLinkProps) {
  const here = path === href ? 'page' : path.startsWith(within) ? 'true' : undefined
  return (
    <li>
      <a href={href} aria-current={here} class={tab ? 'nav-tab' : 'nav-link'}>
        {t(label)}
      </a>
    </li>
  )
}
