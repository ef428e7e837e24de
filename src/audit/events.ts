// Every event there is. The union is closed: an event that is not written here cannot be recorded. No event carries a
// secret: no password, code, token, link or key.

export type Method = 'password' | 'totp' | 'recovery-code' | 'invitation' | 'set-up-link' | 'identity-provider'
export type WrongBecause = 'wrong' | 'spent' | 'malformed' | 'disabled'

export type AuditEvent =
  | { name: 'sign-in.begun'; details: { knownBrowser: boolean } }
  | {
      name: 'sign-in.completed'
      details: {
        amr: readonly string[]
        acr: string
        proofs: readonly string[]
        asked: string
        because: string
        since?: string
      }
    }
  | { name: 'sign-in.ended-by-wrong-codes'; details: { guesses: number } }
  | { name: 'sign-out'; details: Record<string, never> }
  | {
      name: 'sign-out.everyone'
      details: {
        reason: string
        sessions: number
        /** Sign-ins and step-ups in progress. */
        signIns: number
        links: number
        invitations: number
        /** Mails that waited with a link in them. */
        mails: number
        /** Null where they were left as they are. */
        accessTokens: number | null
        browsersForgotten: boolean
      }
    }
  | { name: 'password.refused'; details: { because: 'wrong' | 'no-such-user' | 'deactivated' | 'no-password' } }
  | { name: 'password.set'; details: { by: 'invitation' | 'first-administrator' | 'settings' | 'reset' | 'change' } }
  | {
      name: 'password.reset-requested'
      details: { outcome: 'mailed' | 'no-such-user' | 'deactivated' | 'no-password' }
    }
  | { name: 'email.change-asked'; details: Record<string, never> }
  | { name: 'email.changed'; details: Record<string, never> }
  | { name: 'attempts.blocked'; details: { method: Method; until: string } }
  | { name: 'second-factor.accepted'; details: { method: Method; purpose: 'sign-in' | 'step-up' } }
  | { name: 'second-factor.refused'; details: { method: Method; because: WrongBecause; clockOff?: boolean } }
  | { name: 'second-factor.guesses-told'; details: Record<string, never> }
  | { name: 'step-up.begun'; details: Record<string, never> }
  | { name: 'step-up.completed'; details: { method: Method } }
  | {
      name: 'identity.used'
      details: {
        provider: string
        providerName: string
        purpose: 'sign-in' | 'step-up'
        acr: string | null
        amr: readonly string[]
        authTime: string | null
      }
    }
  | {
      name: 'identity.refused'
      details: {
        provider: string
        purpose: 'sign-in' | 'step-up' | 'link' | 'test'
        because: string
        detail?: string
      }
    }
  | {
      name: 'identity.linked'
      details: {
        identity: string
        provider: string
        providerName: string
        by: 'verified-email' | 'in-person' | 'created'
      }
    }
  | { name: 'identity.unlinked'; details: { identity: string; provider: string } }
  | { name: 'totp.enrolment-shown'; details: { enrolment: string } }
  | { name: 'totp.enrolment-refused'; details: { because: WrongBecause | 'expired'; clockOff?: boolean } }
  | { name: 'totp.enrolled'; details: { factor: string; name: string } }
  | { name: 'totp.renamed'; details: { factor: string; name: string } }
  | { name: 'totp.removed'; details: { factors: number } }
  | { name: 'totp.disabled-by-wrong-codes'; details: { factor: string } }
  | { name: 'recovery-codes.created'; details: { set: string } }
  | { name: 'recovery-codes.saved'; details: { set: string } }
  | { name: 'recovery-codes.used'; details: { left: number } }
  | { name: 'recovery-codes.removed'; details: Record<string, never> }
  | {
      name: 'sessions.ended'
      details: {
        count: number
        because:
          | 'factor-changed'
          | 'password-changed'
          | 'signed-in-again'
          | 'by-administrator'
          | 'by-owner'
          | 'deactivated'
          | 'expired'
          | 'mfa-reset'
          | 'identity-unlinked'
      }
    }
  | {
      name: 'user.created'
      details: { role: string; by: 'administrator' | 'first-administrator' | 'settings' | 'host' | 'identity-provider' }
    }
  | { name: 'user.name-changed'; details: Record<string, never> }
  | { name: 'user.role-changed'; details: { from: string; to: string; by?: 'host' } }
  | { name: 'user.expiry-changed'; details: { from: string | null; to: string | null } }
  | { name: 'user.expired'; details: { at: string } }
  | { name: 'user.deactivated'; details: { by?: 'host' } }
  | { name: 'user.reactivated'; details: Record<string, never> }
  | { name: 'user.deleted'; details: { role: string } }
  | { name: 'invitation.created'; details: { expiresAt: string } }
  | { name: 'invitation.revoked'; details: Record<string, never> }
  | { name: 'invitation.accepted'; details: Record<string, never> }
  | { name: 'access-token.created'; details: { token: string; scopes: readonly string[]; expiresAt: string } }
  | { name: 'access-token.revoked'; details: { token: string } }
  | { name: 'users.exported'; details: { filters: readonly string[] } }
  | { name: 'group.created'; details: { group: string; name: string } }
  | { name: 'group.renamed'; details: { group: string; from: string; to: string } }
  | { name: 'group.deleted'; details: { group: string; name: string } }
  | { name: 'group.member-added'; details: { group: string } }
  | { name: 'group.member-removed'; details: { group: string } }
  | { name: 'mfa.reset'; details: { reason: string; by: 'page' | 'host' } }
  | { name: 'mfa.link-issued'; details: { expiresAt: string } }
  | { name: 'mfa.link-used'; details: Record<string, never> }
  | { name: 'policy.changed'; details: { policy: string; from: string; to: string } }
  | { name: 'policy.confirmed'; details: { policy: string } }
  | { name: 'policy.reverted'; details: { policy: string; heldUntil: string } }
  | { name: 'settings.changed'; details: { setting: 'help-contact' | 'branding' } }
  | {
      name: 'identity-provider.created'
      details: { provider: string; providerName: string; kind: string; mfa: string }
    }
  | {
      name: 'identity-provider.changed'
      details: {
        provider: string
        providerName: string
        changed: readonly string[]
        /** What is said about MFA there from now on. */
        mfa: string
        secret: 'kept' | 'replaced' | 'removed'
        switchedOff: boolean
        sessions: number
      }
    }
  | { name: 'identity-provider.moved'; details: { provider: string; providerName: string; from: number; to: number } }
  | {
      name: 'identity-provider.tested'
      details: { provider: string; providerName: string; passed: boolean; faults: readonly string[] }
    }
  | { name: 'identity-provider.enabled'; details: { provider: string; providerName: string; mfa: string } }
  | { name: 'identity-provider.disabled'; details: { provider: string; providerName: string; sessions: number } }
  | {
      name: 'identity-provider.deleted'
      details: { provider: string; providerName: string; sessions: number; identities: number }
    }
  | { name: 'mail.test-sent'; details: { mail: string } }
  | { name: 'mail.retried'; details: { mail: string } }
  | { name: 'database.backed-up'; details: { rows: number } }
  | { name: 'database.copied'; details: { from: string; to: string; rows: number } }
  | {
      name: 'database.restored'
      details: {
        madeAt: string | null
        sessions: number
        links: number
        invitations: number
        accessTokens: number
        /** Sets, and so people. */
        recoveryCodes: number
        mails: number
      }
    }
  | { name: 'key.added'; details: { key: number } }
  | { name: 'key.retired'; details: { keys: readonly number[]; newest: number; sealed: number; unreadable: number } }
  | { name: 'key.master-replaced'; details: { keys: number } }
  | { name: 'request.refused'; details: { because: string; method: string; path: string } }
  | { name: 'audit.exported'; details: { format: 'csv' | 'jsonl'; by: 'page' | 'host'; filters: readonly string[] } }

/** What an event of this name tells. */
export type EventDetails<Name extends AuditEvent['name']> = Extract<AuditEvent, { name: Name }>['details']
