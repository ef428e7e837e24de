// Turning 2FA on: one page for who chose it and for who must. A secret is shown only after a fresh proof of everything the
// account has; 2FA is on from the moment a code of that secret is confirmed.

import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { safeReturnTo } from '../http/return-to.ts'
import { accountOf, confirmEnrolment, type Holder, showEnrolment } from '../sign-in/protect.ts'
import type { Enrolment } from '../totp/enrolment.ts'
import { setUpKey } from '../totp/enrolment.ts'
import { parseName } from '../users/names.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { handOverContinued, pageOf, stepUp } from './passage.ts'
import { qrCode } from './qr-code.ts'
import { showCodes } from './recovery-codes.tsx'
import type { ClockHint, Problems } from './views/parts/frame.ts'
import { SetUpMfaView } from './views/two-factor/set-up-mfa.tsx'

interface Typed {
  replacing: boolean
  next: string | null
  name?: string
  problems?: Problems<'name' | 'code'>
  clockHint?: ClockHint | null
}

/** Declares the page on which an authenticator is set up or replaced. */
export function setUpMfaPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.holder('get', '/set-up-mfa', async (c, holder) => {
    const next = safeReturnTo(c.req.query('next'), settings.url)
    const replacing = c.req.query('replace') === 'yes'
    const elsewhere = notHere(holder, replacing)
    if (elsewhere) return c.redirect(elsewhere, 303)
    return show(c, parts, holder, { next, replacing })
  })

  door.holder('post', '/set-up-mfa', async (c, holder) => {
    const form = await readForm(c)
    const next = safeReturnTo(form.text('next'), settings.url)
    const replacing = form.text('replace') === 'yes'
    const elsewhere = notHere(holder, replacing)
    if (elsewhere) return c.redirect(elsewhere, 303)
    if (holder.in === 'session' && ['password', 'second-factor'].includes(holder.standing.sensitiveStep.at)) {
      const query = new URLSearchParams({
        ...(next === null ? {} : { next }),
        ...(replacing ? { replace: 'yes' } : {}),
      })
      return stepUp(c, parts, holder.standing, `/set-up-mfa?${query}`)
    }
    const typed = form.text('name')
    const name = parseName(typed)
    const { t } = frameOf(c, parts, accountOf(holder))
    if (name === null)
      return show(c, parts, holder, {
        next,
        replacing,
        name: typed,
        problems: { name: t('problem.authenticatorName') },
      })
    const enrolling = await confirmEnrolment(machine, holder, {
      enrolmentId: form.text('enrolment'),
      code: form.text('code'),
      name,
      caller: c.get('caller'),
    })
    if (!enrolling.ok) {
      const code = enrolling.because === 'expired' ? t('setUpMfa.expired') : t('setUpMfa.wrongCode')
      return show(c, parts, holder, { next, replacing, name, problems: { code }, clockHint: enrolling.clockOff })
    }
    handOverContinued(c, parts, enrolling.continued)
    return showCodes(c, parts, { account: accountOf(holder), prepared: enrolling.codes, next, justEnabled: true })
  })
}

/** Leads away whoever has nothing to set up here: recovery codes are what is owed, or 2FA is on and not to be replaced. */
function notHere(holder: Holder, replacing: boolean): string | null {
  const step = holder.in === 'session' ? holder.standing.step : holder.pending.step
  if (step.at === 'recovery-codes') return pageOf(step)
  return step.at === 'done' && accountOf(holder).enrolled.length > 0 && !replacing ? '/my-profile/settings' : null
}

async function show(c: DoorContext, parts: PageParts, holder: Holder, typed: Typed): Promise<Response> {
  const account = accountOf(holder)
  const enrolment = await showEnrolment(parts.machine, holder, c.get('caller'))
  const frame = frameOf(c, parts, account)
  const step = holder.in === 'session' ? holder.standing.step : holder.pending.step
  const view = (
    <SetUpMfaView
      frame={frame}
      required={step.at === 'enrol'}
      afterReset={account.user.mfaResetAt !== null}
      replacing={typed.replacing && account.enrolled.length > 0}
      {...keyOf(enrolment, parts, account.user.email)}
      name={typed.name ?? frame.t('setUpMfa.defaultName')}
      problems={typed.problems}
      clockHint={typed.clockHint ?? undefined}
      next={typed.next ?? undefined}
      helpContact={account.helpContact ?? undefined}
    />
  )
  return page(c, view, typed.problems ? 422 : 200)
}

function keyOf({ id, secret }: Enrolment, { settings }: PageParts, account: string) {
  const issuer = settings.serviceName
  const { key, uri } = setUpKey(secret, { issuer, account })
  return {
    enrolmentId: id,
    secret: key,
    secretGroups: key.match(/.{1,4}/g) ?? [],
    otpauthUri: uri,
    qrSvg: qrCode(uri),
    issuer,
    account,
  }
}
