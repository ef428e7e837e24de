/**
 * Holds what every page owes to the content security policy and to the person at the keyboard.
 */
import { describe, expect, it } from 'vitest'
import { messagesFor } from '../../messages.ts'
import { AdminSettingsView } from './admin/settings.tsx'
import type { Frame } from './parts/frame.ts'
import { SettingsView } from './profile/settings.tsx'
import { SignInView } from './sign-in/sign-in.tsx'
import { VerificationCodeView } from './sign-in/verification-code.tsx'
import { RecoveryCodesView } from './two-factor/recovery-codes.tsx'
import { SetUpMfaView } from './two-factor/set-up-mfa.tsx'

const frame: Frame = {
  ...messagesFor('en'),
  serviceName: 'Countersign',
  theme: 'system',
  assets: { script: '/assets/main.js', style: '/assets/main.css' },
  user: {
    name: 'Ada',
    email: 'ada@example.org',
    permissions: ['users.read', 'users.invite', 'settings.read', 'settings.change'],
  },
  path: '/my-profile/settings',
}

const setUp = (
  <SetUpMfaView
    frame={frame}
    required
    qrSvg="<svg></svg>"
    secret="ABCDEFGH"
    secretGroups={['ABCD', 'EFGH']}
    account="ada@example.org"
    issuer="Countersign"
    otpauthUri="otpauth://totp/x?secret=ABCDEFGH"
    name=""
    problems={{ name: 'Give it a name.', code: 'That code is not right.' }}
    enrolmentId="e1"
  />
)
const codes = (
  <RecoveryCodesView
    frame={frame}
    codes={['AAAA-BBBB']}
    setId="s1"
    account="ada@example.org"
    madeAt={0}
    justEnabled
    next="/x"
  />
)
const pages = {
  'sign-in': <SignInView frame={frame} problem="No." email={'"><script>alert(1)</script>'} next="/x?y=1&z=2" />,
  'verification code': <VerificationCodeView frame={frame} purpose="sign-in" canTryAnotherWay next="/x?y=1" />,
  'set-up': setUp,
  'recovery codes': codes,
  settings: (
    <SettingsView
      frame={frame}
      security={{
        mfa: null,
        recoveryCodes: null,
        enforced: false,
        passwordChangedAt: null,
        identities: [],
        providers: [],
        email: 'ada@example.org',
      }}
      preferences={{ languages: [], language: '', theme: 'dark' }}
    />
  ),
  'administrator settings': (
    <AdminSettingsView frame={frame} enforced={false} actorHasMfa={false} usersWithoutMfa={3} helpContact="" />
  ),
}

const draw = (name: keyof typeof pages) => String(pages[name])

describe.each(Object.keys(pages) as (keyof typeof pages)[])('the %s page', (name) => {
  it('has no inline script or style, and loads nothing from elsewhere', () => {
    expect(draw(name)).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?! type="module" src="\/)|src="(?!\/)|="data:/)
  })

  it('is a whole document with one heading of the first level and one main landmark to skip to', () => {
    expect(draw(name)).toMatch(/^<!doctype html><html lang="en" dir="ltr">/)
    expect(draw(name).match(/<h1/g)).toHaveLength(1)
    expect(draw(name).match(/<main id="content"/g)).toHaveLength(1)
  })

  it('gives the focus to one field at most', () => {
    expect(draw(name).match(/ autofocus/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  it('hides every control that needs script', () => {
    const needing = draw(name).match(/<button[^>]*data-(?:needs-script|copy-from|print|show-password)[^>]*>/g) ?? []
    expect(needing.filter((control) => !control.includes(' hidden'))).toEqual([])
  })
})

describe('a form with problems', () => {
  it('ties each problem to its field, lists them, and focuses the first', () => {
    const page = draw('set-up')
    expect(page).toMatch(
      /<input id="name"[^>]* autofocus[^>]* aria-invalid="true" aria-describedby="name-hint name-problem"/,
    )
    expect(page).toMatch(/<input id="code"[^>]* aria-invalid="true" aria-describedby="code-problem"/)
    expect(page).toMatch(/<a class="[^"]*" href="#code">That code is not right\.<\/a>/)
  })
})

describe('the place the person wanted to go', () => {
  it('survives forms and detours', () => {
    expect(draw('sign-in')).toContain('<input type="hidden" name="next" value="/x?y=1&amp;z=2"/>')
    expect(draw('verification code')).toContain('href="/sign-in/recovery-code?next=%2Fx%3Fy%3D1"')
    expect(draw('recovery codes')).toContain('<input type="hidden" name="next" value="/x"/>')
  })
})
