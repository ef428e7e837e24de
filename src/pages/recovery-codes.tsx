// Recovery codes: made, shown once, saved. The codes exist readable in one response only; its form carries them to the
// download and to the confirmation, so nothing readable is kept on the server.

import type { Door, DoorContext } from '../http/door.ts'
import { type Form, readForm } from '../http/form.ts'
import { safeReturnTo } from '../http/return-to.ts'
import { groupCode, parseRecoveryCode } from '../recovery-codes/code.ts'
import { codesPerSet, type PreparedCodes } from '../recovery-codes/recovery-codes.ts'
import { Refusal } from '../refusal.ts'
import type { Account } from '../sign-in/account.ts'
import { accountOf, type Holder, renewRecoveryCodes, saveRecoveryCodes } from '../sign-in/protect.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { handOverContinued, home, pageOf } from './passage.ts'
import { NewRecoveryCodesView } from './views/two-factor/new-recovery-codes.tsx'
import { RecoveryCodesView } from './views/two-factor/recovery-codes.tsx'

/** Declares the pages on which recovery codes are made, saved and downloaded. */
export function recoveryCodePages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.holder('get', '/recovery-codes', async (c, holder) => {
    const next = safeReturnTo(c.req.query('next'), settings.url)
    const account = accountOf(holder)
    const step = holder.in === 'session' ? holder.standing.step : holder.pending.step
    if (account.enrolled.length === 0)
      return c.redirect(step.at === 'enrol' ? pageOf(step) : '/my-profile/settings', 303)
    if (mustStepUp(holder)) throw new Refusal('step-up-needed')
    const why = step.at === 'recovery-codes' ? step.why : 'regenerate'
    return page(
      c,
      <NewRecoveryCodesView
        frame={frameOf(c, parts, account)}
        why={why}
        left={account.recoveryCodes.left}
        next={next ?? undefined}
        mayCancel={why === 'regenerate'}
        helpContact={account.helpContact ?? undefined}
      />,
    )
  })

  door.holder('post', '/recovery-codes', async (c, holder) => {
    const form = await readForm(c)
    const next = safeReturnTo(form.text('next'), settings.url)
    const { codes, continued } = await renewRecoveryCodes(machine, holder, c.get('caller'))
    handOverContinued(c, parts, continued)
    return showCodes(c, parts, { account: accountOf(holder), prepared: codes, next, justEnabled: false })
  })

  door.holder('post', '/recovery-codes/saved', async (c, holder) => {
    const form = await readForm(c)
    const next = safeReturnTo(form.text('next'), settings.url)
    const account = accountOf(holder)
    const setId = form.text('set')
    if (form.text('saved') !== 'yes') {
      const codes = postedCodes(form)
      if (codes.length === 0) return c.redirect('/recovery-codes', 303)
      const problem = frameOf(c, parts, account).t('recoveryCodes.mustSave')
      return showAgain(c, parts, { account, codes, setId, next, problem })
    }
    const saved = await saveRecoveryCodes(machine, holder, { setId, caller: c.get('caller') })
    // Not the current set, or saved already in another tab: what is owed, if anything, is asked on the next page.
    if (saved === null) return c.redirect(next ?? '/my-profile/settings', 303)
    if (saved === 'same-session') return c.redirect(next ?? '/my-profile/settings?notice=codes-saved', 303)
    return c.redirect(handOverContinued(c, parts, saved) ?? home, 303)
  })

  door.holder('post', '/recovery-codes/download', async (c, holder) => {
    const codes = postedCodes(await readForm(c))
    if (codes.length === 0) throw new Refusal('bad-request')
    const account = accountOf(holder)
    const frame = frameOf(c, parts, account)
    const date = new Date(machine.clock())
    const lines = [
      frame.t('recoveryCodes.paper.service', { service: settings.serviceName }),
      settings.url,
      frame.t('recoveryCodes.paper.account', { account: account.user.email }),
      frame.t('recoveryCodes.paper.madeAt', { date: frame.formatInstant(date.getTime(), 'date-time') }),
      '',
      ...codes.map((code, index) => `${String(index + 1).padStart(2)}. ${code}`),
      '',
      frame.t('recoveryCodes.warning.once'),
      frame.t('recoveryCodes.warning.apart'),
      frame.t('recoveryCodes.warning.share'),
    ]
    const fileName = `${settings.serviceName.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase() || 'countersign'}-recovery-codes-${date.toISOString().slice(0, 10)}.txt`
    c.header('Content-Type', 'text/plain; charset=utf-8')
    c.header('Content-Disposition', `attachment; filename="${fileName}"`)
    return c.body(`${lines.join('\r\n')}\r\n`)
  })
}

function mustStepUp(holder: Holder): boolean {
  return holder.in === 'session' && ['password', 'second-factor'].includes(holder.standing.sensitiveStep.at)
}

interface Shown {
  account: Account
  prepared: PreparedCodes
  next: string | null
  justEnabled: boolean
}

/** Shows a set that has just been made. */
export function showCodes(
  c: DoorContext,
  parts: PageParts,
  { account, prepared, next, justEnabled }: Shown,
): Promise<Response> {
  const view = (
    <RecoveryCodesView
      frame={frameOf(c, parts, account)}
      codes={prepared.codes}
      setId={prepared.id}
      next={next ?? undefined}
      account={account.user.email}
      madeAt={parts.machine.clock()}
      justEnabled={justEnabled}
    />
  )
  return page(c, view)
}

function showAgain(
  c: DoorContext,
  parts: PageParts,
  {
    account,
    codes,
    setId,
    next,
    problem,
  }: { account: Account; codes: readonly string[]; setId: string; next: string | null; problem: string },
): Promise<Response> {
  const view = (
    <RecoveryCodesView
      frame={frameOf(c, parts, account)}
      codes={codes}
      setId={setId}
      next={next ?? undefined}
      account={account.user.email}
      madeAt={parts.machine.clock()}
      justEnabled={false}
      problem={problem}
    />
  )
  return page(c, view, 422)
}

/** The codes that the browser sent back: only what has the form of a code, and no more than a set holds. */
function postedCodes(form: Form): string[] {
  return form
    .all('code')
    .slice(0, codesPerSet)
    .flatMap((typed) => {
      const code = parseRecoveryCode(typed)
      return code === null ? [] : [groupCode(code)]
    })
}
