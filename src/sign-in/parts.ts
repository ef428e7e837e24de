// What the sign-in machine is built from. `service.ts` makes one; tests make it the same way.

import type { Caller } from '../audit/record.ts'
import type { Branding } from '../branding/branding.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import type { Policies } from '../enforcement/policies.ts'
import type { Oidc } from '../identity-providers/oidc.ts'
import type { Outbound } from '../identity-providers/outbound.ts'
import type { Providers } from '../identity-providers/providers.ts'
import type { Saml } from '../identity-providers/saml/saml.ts'
import type { LinkMail } from '../mail/link-mails.ts'
import type { Notice } from '../mail/notices.ts'
import type { Measures } from '../measures.ts'
import type { Hashing } from '../passwords/hashing.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { Sealer } from '../secrets/sealing.ts'
import type { SessionLimits } from '../sessions/sessions.ts'
import type { Clock, Instant } from '../time.ts'
import type { Account } from './account.ts'

/** Queues a notice to the account's owner as part of the transaction, and gives its id. `caller` is null where somebody else did it: where they were is not the owner's business. */
export type Notify = (
  trx: DatabaseTransaction,
  notice: Notice,
  about: { account: Account; caller: Caller | null; now: Instant },
) => Promise<string>

/** Queues a mail with a one-time link as part of the transaction. Whoever builds this makes the link, from the public address alone. */
export type MailLink = (
  trx: DatabaseTransaction,
  link: { about: LinkMail; token: string; expiresAt: Instant },
  about: {
    /** Where it goes: the address that is stored, never one that somebody typed just now. */
    to: { email: string; name: string | null }
    /** The language of the mail. */
    language: string
    helpContact: string | null
    caller: Caller | null
    now: Instant
  },
) => Promise<void>

export interface SignInParts {
  db: Database
  clock: Clock
  keys: KeyRing
  sealer: Sealer
  hashing: Hashing
  policies: Policies
  providers: Providers
  outbound: Outbound
  oidc: Oidc
  saml: Saml
  limits: SessionLimits
  notify: Notify
  /** Tries to deliver one queued message at once. False when it was not taken. Never inside a transaction. */
  deliverNow: (id: string) => Promise<boolean>
  mailLink: MailLink
  /** False where no mail server is set, so that nothing can be promised by mail. */
  hasMailServer: boolean
  /** What the service is called at present. */
  readonly serviceName: string
  branding: Branding
  measures: Measures
}
