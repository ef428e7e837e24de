/**
 * The ten recovery codes, shown this once: they are in this page and nowhere readable else. One form carries them to
 * the download and to the confirmation; copying and printing need script, downloading does not.
 */
import { FieldProblem } from '../parts/field.tsx'
import { CopyButton, NextField } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { Icon } from '../parts/icon.tsx'
import { NoticeBox } from '../parts/notices.tsx'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page with the recovery codes shows. */
export interface RecoveryCodesProps {
  readonly frame: Frame
  /** The codes as they are to be read, `xxxx-xxxx-xxxx-xxxx`. */
  readonly codes: readonly string[]
  readonly setId: string
  readonly next?: string | undefined
  readonly account: string
  /** When the set was made, in milliseconds; named on paper. */
  readonly madeAt: number
  /** Set when "Continue" came without the tick. */
  readonly problem?: string | undefined
  /** True right after 2FA was turned on, to say so first. */
  readonly justEnabled: boolean
}

/** Shows the codes; posts `code` ×10, `set`, `next` and `saved` to `/recovery-codes/saved` or `/recovery-codes/download`. */
export function RecoveryCodesView(props: RecoveryCodesProps) {
  const { frame, codes, problem } = props
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('recoveryCodes.title')}
      lead={t('recoveryCodes.lead')}
      width="wide"
      hasProblem={problem !== undefined}
      notice={props.justEnabled ? { kind: 'success', text: t('recoveryCodes.justEnabled') } : undefined}
    >
      <form method="post" action="/recovery-codes/saved" class="mt-6" data-unsaved-codes>
        <input type="hidden" name="set" value={props.setId} />
        <NextField next={props.next} />
        {codes.map((code) => (
          <input type="hidden" name="code" value={code} />
        ))}
        <PaperHeading {...props} />
        <ol id="recovery-codes" class="recovery-codes">
          {codes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ol>
        <Keeping frame={frame} />
        <Warnings frame={frame} />
        <div class="mt-7 border-t border-base-300 pt-6 print:hidden">
          <label class="tick">
            <input
              type="checkbox"
              id="saved"
              name="saved"
              value="yes"
              class="checkbox checkbox-primary"
              required
              autofocus={problem !== undefined}
              aria-invalid={problem ? 'true' : undefined}
              aria-describedby={problem ? 'saved-problem' : undefined}
            />
            <span class="font-medium">{t('recoveryCodes.saved')}</span>
          </label>
          <FieldProblem id="saved-problem" problem={problem} />
          <button
            type="submit"
            formaction="/recovery-codes/saved"
            class="btn btn-primary mt-5 w-full sm:w-auto sm:px-10"
          >
            {t('recoveryCodes.continue')}
          </button>
        </div>
      </form>
    </StepPage>
  )
}

function PaperHeading({ frame, account, madeAt }: RecoveryCodesProps) {
  const { t } = frame
  return (
    <div class="mb-4 hidden print:block">
      <p>{t('recoveryCodes.paper.service', { service: frame.serviceName })}</p>
      <p>{t('recoveryCodes.paper.account', { account })}</p>
      <p>{t('recoveryCodes.paper.madeAt', { date: frame.formatInstant(madeAt, 'date-time') })}</p>
    </div>
  )
}

function Keeping({ frame }: { readonly frame: Frame }) {
  const { t } = frame
  return (
    <div class="mt-4 flex flex-wrap gap-2 print:hidden">
      <CopyButton frame={frame} from="recovery-codes" label={t('recoveryCodes.copy')} class="btn grow sm:grow-0" />
      {/* Downloading is not continuing: the tick may still be missing. */}
      <button type="submit" formaction="/recovery-codes/download" formnovalidate class="btn grow sm:grow-0">
        <Icon name="download" class="size-4" />
        {t('recoveryCodes.download')}
      </button>
      <button type="button" hidden data-needs-script data-print class="btn grow sm:grow-0">
        <Icon name="print" class="size-4" />
        {t('recoveryCodes.print')}
      </button>
    </div>
  )
}

function Warnings({ frame: { t } }: { readonly frame: Frame }) {
  return (
    <NoticeBox kind="warning" class="mt-6 print:hidden" quiet>
      <h2 class="font-semibold">{t('recoveryCodes.warning.title')}</h2>
      <ul class="mt-1 list-disc space-y-1 ps-5">
        <li>{t('recoveryCodes.warning.apart')}</li>
        <li>{t('recoveryCodes.warning.once')}</li>
        <li>{t('recoveryCodes.warning.share')}</li>
        <li>{t('recoveryCodes.warning.copies')}</li>
      </ul>
    </NoticeBox>
  )
}
