/**
 * What came of a test of the connection: each piece, what is wrong with it, and what to change.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page shows; texts are ready to show. */
export interface ConnectionReportProps {
  readonly frame: Frame
  readonly provider: { readonly id: string; readonly name: string; readonly isOn: boolean }
  readonly passed: boolean
  readonly findings: readonly { readonly is: 'good' | 'bad' | 'note'; readonly text: string }[]
}

const tags: Record<'good' | 'bad' | 'note', { readonly label: MessageId; readonly tone: string }> = {
  bad: { label: 'connectionReport.bad', tone: 'tag-bad' },
  note: { label: 'connectionReport.note', tone: 'tag-warning' },
  good: { label: 'connectionReport.good', tone: 'tag-good' },
}

/** Shows the findings; posts to `/admin/identity-providers/:provider/test` and `…/switch-on`. */
export function ConnectionReportView({ frame, provider, passed, findings }: ConnectionReportProps) {
  const { t } = frame
  const path = `/admin/identity-providers/${provider.id}`
  return (
    <SignedInPage
      frame={frame}
      title={t('connectionReport.title')}
      lead={provider.name}
      hasProblem={!passed}
      parent={{ href: path, label: provider.name }}
    >
      <NoticeBox kind={passed ? 'success' : 'error'} class="mt-6">
        <p>{t(passed ? 'connectionReport.passed' : 'connectionReport.failed')}</p>
      </NoticeBox>
      <ul class="panel mt-6 divide-y divide-base-300">
        {findings.map(({ is, text }) => (
          <li class="flex flex-wrap items-start gap-x-4 gap-y-1 p-4 sm:px-7">
            <span class={`tag mt-0.5 ${tags[is].tone}`}>{t(tags[is].label)}</span>
            <p class="min-w-0 flex-1 basis-60 break-anywhere">{text}</p>
          </li>
        ))}
      </ul>
      <div class="form-buttons mt-6">
        {passed && !provider.isOn && (
          <form method="post" action={`${path}/switch-on`}>
            <button type="submit" class="btn btn-primary">
              {t('identityProvider.switchOn')}
            </button>
          </form>
        )}
        {!passed && (
          <a href={`${path}/edit`} class="btn btn-primary">
            {t('identityProvider.edit')}
          </a>
        )}
        <form method="post" action={`${path}/test`}>
          <button type="submit" class="btn">
            {t('connectionReport.again')}
          </button>
        </form>
      </div>
    </SignedInPage>
  )
}
