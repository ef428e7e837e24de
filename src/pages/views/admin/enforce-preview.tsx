/**
 * What enforcing MFA for all users would do, before it is done: who is asked and who is not, by name and number, whether
 * the administrator is covered, and whether people can be reached and can ask for help.
 */
import type { Child } from 'hono/jsx'
import type { MessageId } from '../../../messages.ts'
import type { Frame, Notice } from '../parts/frame.ts'
import { Icon } from '../parts/icon.tsx'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { TestMailForm } from './outbox.tsx'

type Group = 'will-be-asked' | 'never-signed-in' | 'protected' | 'inactive'

/** Holds what the preview shows. */
export interface EnforcePreviewProps {
  readonly frame: Frame
  readonly preview: {
    readonly groups: Readonly<
      Record<
        Group,
        { readonly count: number; readonly first: readonly { readonly email: string; readonly name: string | null }[] }
      >
    >
    readonly tokens: {
      readonly count: number
      readonly first: readonly { readonly name: string; readonly owner: string }[]
    }
  }
  readonly actorHasMfa: boolean
  readonly mail: { readonly hasServer: boolean; readonly lastSentAt: number | null; readonly lastError: string | null }
  readonly helpContact: string | null
  /** What came of a test message. */
  readonly notice?: Notice | undefined
}

/** What each group is called, and the address of the list of users that shows them all. */
const groupWords: Record<Group, { readonly title: MessageId; readonly what: MessageId; readonly all: string }> = {
  'will-be-asked': {
    title: 'enforcePreview.willBeAsked',
    what: 'enforcePreview.willBeAskedWhat',
    all: '/admin/users?state=active&factor=none&seen=ever',
  },
  'never-signed-in': {
    title: 'enforcePreview.neverSignedIn',
    what: 'enforcePreview.neverSignedInWhat',
    all: '/admin/users?state=usable&factor=none&seen=never',
  },
  protected: {
    title: 'enforcePreview.protected',
    what: 'enforcePreview.protectedWhat',
    all: '/admin/users?state=usable&factor=totp',
  },
  inactive: { title: 'enforcePreview.inactive', what: 'enforcePreview.inactiveWhat', all: '/admin/users?state=ended' },
}

/** Shows the preview; "Switch on" posts to `/admin/settings/enforce-mfa`. */
export function EnforcePreviewView(props: EnforcePreviewProps) {
  const { frame, preview, actorHasMfa } = props
  const { t } = frame
  const groups = Object.keys(groupWords) as Group[]
  return (
    <SignedInPage
      frame={frame}
      title={t('enforcePreview.title')}
      lead={t('enforcePreview.lead')}
      notice={props.notice}
      parent={{ href: '/admin/settings', label: t('adminSettings.title') }}
    >
      <section class="mt-8" aria-labelledby="people">
        <h2 id="people" class="section-title">
          {t('enforcePreview.people')}
        </h2>
        <div class="panel mt-4 divide-y divide-base-300">
          {groups.map((group) => (
            <Named
              frame={frame}
              title={t(groupWords[group].title, { count: preview.groups[group].count })}
              what={t(groupWords[group].what)}
              count={preview.groups[group].count}
              names={preview.groups[group].first.map(({ name, email }) => (name === null ? [email] : [name, email]))}
              all={groupWords[group].all}
            />
          ))}
          <Named
            frame={frame}
            title={t('enforcePreview.tokens', { count: preview.tokens.count })}
            what={t('enforcePreview.tokensWhat')}
            count={preview.tokens.count}
            names={preview.tokens.first.map(({ name, owner }) => [name, owner])}
          />
        </div>
      </section>
      <section class="mt-10" aria-labelledby="ready">
        <h2 id="ready" class="section-title">
          {t('enforcePreview.ready')}
        </h2>
        <Readiness {...props} />
      </section>
      <NoticeBox kind="info" class="mt-8" quiet>
        <h2 class="font-semibold">{t('enforcePreview.afterwards')}</h2>
        <p class="mt-1">{t('enforcePreview.afterwardsWhat')}</p>
      </NoticeBox>
      <form method="post" action="/admin/settings/enforce-mfa" class="form-buttons mt-6">
        {actorHasMfa && (
          <button type="submit" class="btn btn-primary px-8">
            {t('enforcePreview.switchOn')}
          </button>
        )}
        <a href="/admin/settings" class="btn btn-ghost">
          {t('form.cancel')}
        </a>
      </form>
    </SignedInPage>
  )
}

interface NamedProps {
  readonly frame: Frame
  readonly title: string
  readonly what: string
  readonly count: number
  /** Each one in a line: the name, and what tells it from others of the same name. */
  readonly names: readonly (readonly string[])[]
  /** The address of the list that shows them all. */
  readonly all?: string
}

function Named({ frame: { t }, title, what, count, names, all }: NamedProps) {
  const left = count - names.length
  return (
    <div class="p-5 sm:px-7">
      <h3 class="font-semibold">{title}</h3>
      <p class="mt-0.5 max-w-prose text-sm text-soft">{what}</p>
      {names.length > 0 && (
        <ul class="mt-3 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-2">
          {names.map(([name, beside]) => (
            <li class="min-w-0 break-anywhere">
              {name}
              {beside !== undefined && <span class="text-soft"> · {beside}</span>}
            </li>
          ))}
        </ul>
      )}
      {left > 0 && <p class="mt-2 text-sm">{t('enforcePreview.more', { count: left })}</p>}
      {count > 0 && all && (
        <p class="mt-2 text-sm">
          <a href={all} class="link-plain" aria-label={`${t('enforcePreview.all')}: ${title}`}>
            {t('enforcePreview.all')}
          </a>
        </p>
      )}
    </div>
  )
}

function Readiness({ frame, actorHasMfa, mail, helpContact }: EnforcePreviewProps) {
  const { t } = frame
  const lastSent =
    mail.lastSentAt === null
      ? t('enforcePreview.mailNeverSent')
      : t('enforcePreview.mailLastSent', { time: frame.formatInstant(mail.lastSentAt, 'date-time') })
  return (
    <ul class="panel mt-4 divide-y divide-base-300">
      <Check good={actorHasMfa} title={t(actorHasMfa ? 'enforcePreview.youAreCovered' : 'enforcePreview.youAreNot')}>
        {!actorHasMfa && (
          <>
            <p class="text-sm text-soft">{t('adminSettings.needsOwnMfa')}</p>
            <a href="/set-up-mfa" class="btn btn-primary mt-3">
              {t('mfa.enable')}
            </a>
          </>
        )}
      </Check>
      <Check
        good={mail.hasServer && mail.lastError === null}
        title={t(mail.hasServer ? 'enforcePreview.mailServer' : 'enforcePreview.noMailServer')}
      >
        <p class="text-sm text-soft">{mail.hasServer ? lastSent : t('enforcePreview.noMailServerWhat')}</p>
        {mail.lastError !== null && (
          <p class="mt-1 text-sm break-anywhere">{t('enforcePreview.mailLastError', { error: mail.lastError })}</p>
        )}
        {mail.hasServer && (
          <div class="mt-3">
            <TestMailForm frame={frame} from="enforcing" />
          </div>
        )}
      </Check>
      <Check
        good={helpContact !== null}
        title={t(helpContact === null ? 'enforcePreview.noHelpContact' : 'enforcePreview.helpContact')}
      >
        <p class="text-sm text-soft break-anywhere">{helpContact ?? t('enforcePreview.noHelpContactWhat')}</p>
      </Check>
    </ul>
  )
}

function Check({
  good,
  title,
  children,
}: {
  readonly good: boolean
  readonly title: string
  readonly children: Child
}) {
  return (
    <li class="flex gap-3 p-5 sm:px-7">
      <Icon
        name={good ? 'check' : 'warning'}
        class={`mt-0.5 size-5 shrink-0 ${good ? 'text-success' : 'text-warning'}`}
      />
      <div class="min-w-0">
        <h3 class="font-semibold">{title}</h3>
        {children}
      </div>
    </li>
  )
}
