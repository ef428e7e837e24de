// The administrators' settings: whom people ask for help, and whether MFA is enforced for all users. Ticking the switch
// leads to a page that shows what it would do; only there is it switched on, and only a new sign-in confirms it. What may
// be done is decided and guarded in `sign-in/enforce.ts`.

import { readEveryonePolicy } from '../enforcement/policies.ts'
import { previewEnforcement } from '../enforcement/preview.ts'
import { type Enforcement, enforcementOf } from '../enforcement/requirement.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { readMailHealth } from '../mail/health.ts'
import { changeServiceSettings, confirmEnforcement, hasMfa, switchEnforcementOn } from '../sign-in/enforce.ts'
import type { Standing } from '../sign-in/standing.ts'
import { outcomeOf } from './admin/outbox.tsx'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { stepUp } from './passage.ts'
import { EnforcePreviewView } from './views/admin/enforce-preview.tsx'
import { AdminSettingsView } from './views/admin/settings.tsx'
import type { Frame, Notice, Problems } from './views/parts/frame.ts'

const longestContact = 200

/** Declares the settings of the service. */
export function adminSettingsPages(door: Door, parts: PageParts): void {
  settingsPages(door, parts)
  enforcingPages(door, parts)
}

function settingsPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('settings.read', 'get', '/admin/settings', (c, standing) => {
    // Back from a step-up: the form as it was sent, to be saved now.
    const enforce = c.req.query('enforce')
    const helpContact = c.req.query('help-contact')
    const name = enforce === undefined ? c.req.query('notice') : 'confirmed'
    return showSettings(c, parts, standing, {
      ...(enforce === undefined ? {} : { wanted: enforce === 'on' }),
      ...(helpContact === undefined ? {} : { helpContact: helpContact.slice(0, longestContact) }),
      notice: noticeOf(frameOf(c, parts, standing.account), name),
    })
  })

  door.permitted('settings.change', 'post', '/admin/settings', async (c, standing) => {
    const form = await readForm(c)
    const { t } = frameOf(c, parts, standing.account)
    const wanted = form.text('enforce') === 'on'
    const helpContact = form.text('helpContact').normalize('NFC').trim()
    const enforced = isOn(await readEnforcement(parts))
    if (helpContact.length > longestContact || /\p{Cc}/u.test(helpContact))
      return showSettings(c, parts, standing, {
        wanted,
        helpContact,
        problems: { helpContact: t('problem.helpContact') },
      })
    if (wanted && !enforced && !hasMfa(standing.account))
      return showSettings(c, parts, standing, {
        wanted: false,
        helpContact,
        problems: { enforce: t('adminSettings.mfaFirst') },
      })
    if (standing.sensitiveStep.at !== 'done') {
      const filledIn = new URLSearchParams({ enforce: wanted ? 'on' : 'off', 'help-contact': helpContact })
      return stepUp(c, parts, standing, `/admin/settings?${filledIn}`)
    }
    // A form that was opened while the switch was off does not switch off what somebody has switched on meanwhile.
    const endEnforcement = !wanted && form.text('shown') !== 'off'
    await changeServiceSettings(
      machine,
      standing,
      { endEnforcement, helpContact: helpContact || null },
      c.get('caller'),
    )
    return c.redirect(wanted && !enforced ? '/admin/settings/enforce-mfa' : '/admin/settings?notice=saved', 303)
  })
}

function enforcingPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('settings.change', 'get', '/admin/settings/enforce-mfa', async (c, standing) => {
    if (isOn(await readEnforcement(parts))) return c.redirect('/admin/settings', 303)
    const { account } = standing
    const frame = frameOf(c, parts, account)
    const view = (
      <EnforcePreviewView
        frame={frame}
        notice={await outcomeOf(c, parts, frame)}
        preview={await previewEnforcement(machine.db, machine.clock())}
        actorHasMfa={hasMfa(account)}
        mail={{ hasServer: machine.hasMailServer, ...(await readMailHealth(machine.db)) }}
        helpContact={account.helpContact}
      />
    )
    return page(c, view)
  })

  door.permitted('settings.change', 'post', '/admin/settings/enforce-mfa', async (c, standing) => {
    await readForm(c)
    await switchEnforcementOn(machine, standing, c.get('caller'))
    return c.redirect('/admin/settings?notice=enforced', 303)
  })

  door.permitted('settings.change', 'post', '/admin/settings/enforce-mfa/confirm', async (c, standing) => {
    await readForm(c)
    const confirmed = await confirmEnforcement(machine, standing, c.get('caller'))
    return c.redirect(`/admin/settings?notice=${confirmed ? 'enforcement-confirmed' : 'not-confirmed'}`, 303)
  })
}

async function readEnforcement({ machine }: PageParts): Promise<Enforcement> {
  return enforcementOf(await readEveryonePolicy(machine.db), machine.clock())
}

function isOn({ is }: Enforcement): boolean {
  return is === 'on' || is === 'unconfirmed'
}

interface SettingsShown {
  wanted?: boolean
  helpContact?: string
  problems?: Problems<'enforce' | 'helpContact'>
  notice?: Notice | undefined
}

async function showSettings(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  shown: SettingsShown,
): Promise<Response> {
  const { total, withMfa } = await parts.countUsers()
  const view = (
    <AdminSettingsView
      frame={frameOf(c, parts, standing.account)}
      enforced={isOn(await readEnforcement(parts))}
      wanted={shown.wanted}
      actorHasMfa={hasMfa(standing.account)}
      usersWithoutMfa={total - withMfa}
      helpContact={standing.account.helpContact ?? ''}
      values={shown.helpContact === undefined ? undefined : { helpContact: shown.helpContact }}
      problems={shown.problems}
      notice={shown.notice}
    />
  )
  return page(c, view, shown.problems ? 422 : 200)
}

const notices = {
  saved: { kind: 'success', words: 'adminSettings.notice.saved' },
  confirmed: { kind: 'info', words: 'adminSettings.notice.confirmed' },
  enforced: { kind: 'success', words: 'adminSettings.notice.enforced' },
  'enforcement-confirmed': { kind: 'success', words: 'adminSettings.notice.enforcementConfirmed' },
  'not-confirmed': { kind: 'warning', words: 'adminSettings.notice.notConfirmed' },
} as const

function noticeOf(frame: Frame, name: string | undefined): Notice | undefined {
  if (name === undefined || !Object.hasOwn(notices, name)) return undefined
  const { kind, words } = notices[name as keyof typeof notices]
  return { kind, text: frame.t(words) }
}
