// Every table as a type. Ids are text made by us; times are milliseconds; a flag is a nullable `…_at`; JSON is text.
// The migrations create what stands here; nothing else describes the data.

import type { Generated } from 'kysely'

export interface InstallationTable {
  /** Always 1: the table has one row. */
  id: number
  created_at: number
  /** Set when the first administrator exists, and never cleared: it closes the set-up link for ever. */
  first_administrator_at: number | null
  /** Raised with every change of policies, so that each process knows when its copy is old. */
  policy_version: number
  help_contact: string | null
  /** Written first by every act that may take an administrator away, so that two such acts happen one after the other. */
  administrators_changed_at: number | null
  /** What the service is called on its pages and in its mails, where that is not what the settings say. */
  brand_name: string | null
  /** The accent, as `#rrggbb`. */
  brand_color: string | null
  /** Raised with every change of name, colour or logo, so that each process knows when its copy is old. */
  brand_version: Generated<number>
  /** Raised with every change of identity providers, so that each process knows when its copy is old. */
  provider_version: Generated<number>
}

export interface BrandLogosTable {
  /** Always 1: there is one logo, or none. */
  id: number
  /** What the content was found to be, such as `image/png`. */
  type: string
  base64: string
}

export interface KeysTable {
  number: number
  /** A known text sealed under this key. */
  sealed_check: string
  /** The key itself, wrapped by the master key. Null until an installation of an older version has started once. */
  wrapped: string | null
  created_at: number
  /** From then on nothing is sealed under it, and nothing that is sealed under it is left. It still opens and verifies. */
  retired_at: number | null
}

export type Role = 'administrator' | 'auditor' | 'help-desk' | 'member'
export type Theme = 'system' | 'light' | 'dark'

export interface UsersTable {
  id: string
  /** As typed, for showing and for mail. */
  email: string
  /** Canonical form: what uniqueness, look-up and attempts go by. */
  email_key: string
  /** When the person was last seen to read mail at this address; null where nobody knows. */
  email_verified_at: number | null
  name: string | null
  role: Role
  password_hash: string | null
  password_changed_at: number | null
  deactivated_at: number | null
  /** From then on the account is as good as deactivated; null for no end. */
  expires_at: number | null
  /** Set when somebody else has reset this user's MFA, cleared by the next enrolment: until then only a set-up link leads to one. */
  mfa_reset_at: number | null
  /** Set when the sweep has recorded that this account ran out, once; cleared by another end. */
  expiry_noted_at: number | null
  /** Browsers that became known before are unknown again; null while all count. */
  browsers_known_since: number | null
  /** When the person was last told by mail of wrong guesses behind their right password. */
  guesses_told_at: number | null
  language: string | null
  theme: Theme
  created_at: number
  last_sign_in_at: number | null
}

export interface InvitationsTable {
  id: string
  user_id: string
  token_hash: string
  created_by: string | null
  created_at: number
  expires_at: number
  accepted_at: number | null
}

export type OneTimeLinkPurpose = 'reset-password' | 'change-email' | 'set-up-mfa'

export interface OneTimeLinksTable {
  id: string
  purpose: OneTimeLinkPurpose
  user_id: string
  token_hash: string
  /** For `change-email`: the new address, as typed. */
  email: string | null
  created_by: string | null
  created_at: number
  expires_at: number
  used_at: number | null
}

export interface PasswordResetRequestsTable {
  id: string
  /** What was typed, in canonical form; nobody has looked yet whether there is such a user. */
  email_key: string
  language: string
  address: string
  user_agent: string
  request_id: string
  created_at: number
}

export interface GroupsTable {
  id: string
  name: string
  /** Canonical form: what uniqueness goes by. */
  name_key: string
  created_at: number
}

export interface GroupMembersTable {
  group_id: string
  user_id: string
}

export interface PersonalAccessTokensTable {
  id: string
  user_id: string
  name: string
  token_hash: string
  /** JSON: readonly string[]. */
  scopes: string
  created_at: number
  expires_at: number
  last_used_at: number | null
}

export interface SessionsTable {
  /** Stays the same while the token is replaced at every change of assurance. */
  id: string
  token_hash: string
  user_id: string
  /** JSON: readonly Proof[]. */
  proofs: string
  /** JSON: why the sign-in was asked for what it was asked, as true at that time; null for sessions older than this. */
  explanation: string | null
  /** Whose identity at a provider this came by; null where it came by a password. */
  identity_id: string | null
  /** What the provider calls its own session: `sid`, or SessionIndex. */
  provider_session: string | null
  /** What signing out at the provider asks for (the ID token, or the NameID), sealed for the identity. */
  sealed_id_token: string | null
  address: string
  user_agent: string
  created_at: number
  last_seen_at: number
  expires_at: number
}

export interface SignInsTable {
  id: string
  token_hash: string
  purpose: 'sign-in' | 'step-up'
  user_id: string
  /** The session that a step-up will strengthen; null for a sign-in. */
  session_id: string | null
  /** JSON: readonly Proof[]. */
  proofs: string
  /** For a step-up: the strongest proof must be at least this recent. */
  fresh_since: number | null
  return_to: string
  /** Second-factor guesses made in this sign-in. */
  guesses: number
  /** Whose identity at a provider this came by; null where it came by a password. */
  identity_id: string | null
  /** What the provider calls its own session: `sid`, or SessionIndex. */
  provider_session: string | null
  /** What signing out at the provider asks for (the ID token, or the NameID), sealed for the identity. */
  sealed_id_token: string | null
  /** Raised with every write; a row that changed under a request is refused, not merged. */
  version: number
  created_at: number
  expires_at: number
}

export interface AttemptsTable {
  key: string
  failures: number
  blocked_until: number
  last_at: number
}

export interface TotpFactorsTable {
  id: string
  user_id: string
  name: string
  sealed_secret: string
  created_at: number
  last_used_at: number | null
  /** The newest 30-second step whose code was used; only a later one is accepted. */
  last_step: number
  /** Wrong codes in a row. */
  failures: number
  /** Set after 100 wrong codes in a row: still owed, no longer usable, until it is reset. */
  disabled_at: number | null
}

export interface TotpEnrolmentsTable {
  /** Becomes the factor's id, so that the sealed secret keeps its binding. */
  id: string
  user_id: string
  /** The session or sign-in in which the secret was shown; no other may confirm it. */
  holder: string
  sealed_secret: string
  created_at: number
  expires_at: number
}

export interface RecoveryCodeSetsTable {
  id: string
  user_id: string
  /** Base64; one salt a set, so that checking a code costs one hash whichever of the ten it is. */
  salt: string
  memory_kib: number
  passes: number
  created_at: number
  /** When the person said that the codes are saved: from then on they count. */
  saved_at: number | null
}

export interface RecoveryCodesTable {
  set_id: string
  hash: string
  used_at: number | null
}

export interface PoliciesTable {
  id: string
  requires: 'nothing' | 'mfa'
  changed_at: number
  changed_by: string | null
  /** An enforcement that is not confirmed until then holds no longer; null for one that was. */
  confirm_by: number | null
  /** When the last enforcement lapsed unconfirmed; null once it has been switched again. */
  reverted_at: number | null
}

export interface AuditEventsTable {
  id: string
  at: number
  name: string
  actor_id: string | null
  subject_id: string | null
  address: string | null
  user_agent: string | null
  request_id: string | null
  /** JSON, never with a secret. */
  details: string
  /** Set once the event has its link in the chain; no part of what the link vouches for. */
  linked_at: number | null
}

export interface AuditLinksTable {
  /** From 1, without a gap. */
  sequence: number
  event_id: string
  linked_at: number
  /** HMAC-SHA-256 over the link before and the whole event. */
  hash: string
  /** The data key that it was made with; never an older one than that of the link before. */
  key_number: Generated<number>
}

export interface OutboxTable {
  id: string
  recipient: string
  subject: string
  body_text: string
  body_html: string
  /** The link that stands as `[link]` in the text, sealed until the mail has gone out. */
  sealed_link: string | null
  created_at: number
  sent_at: number | null
  tries: number
  next_try_at: number
  last_error: string | null
}

export interface LeasesTable {
  /** What is done by one process only. */
  work: string
  /** Which process does it; null while nobody does. */
  holder: string | null
  /** Raised whenever the holder changes or says that it is still there. */
  term: number
  /** The term about which another process has asked last. */
  asked: number
}

export interface IdentityProvidersTable {
  id: string
  kind: 'oidc' | 'saml'
  name: string
  icon: string | null
  /** Where its button stands, from the first to the last. */
  position: number
  enabled_at: number | null
  /** When a whole round trip went well with what stands here; null again when an endpoint, client or certificate changes. */
  tested_at: number | null
  /** JSON of its kind, without secrets: see `identity-providers/settings.ts`. */
  settings: string
  /** The client secret or the private key, sealed. */
  sealed_secret: string | null
  /** JSON: what the administrator says about MFA at this provider. */
  assurance: string
  /** JSON: readonly string[]; empty for every domain. */
  allowed_domains: string
  linking: 'verified-email' | 'in-person'
  admission: 'create' | 'invited'
  /** JSON: readonly string[], ids of groups. */
  default_groups: string
  /** JSON: which claim says what. */
  claims: string
  /** JSON: which value of the groups claim leads into which group. */
  group_mapping: string
  created_at: number
  updated_at: number
  /** Raised with every change; of two changes of what was read, one is refused. */
  version: number
}

export interface IdentitiesTable {
  id: string
  provider_id: string
  issuer: string
  subject: string
  user_id: string
  /** What the provider last said, for showing only: no one is ever found by it. */
  email: string | null
  linked_at: number
  last_used_at: number | null
}

export type RoundTripPurpose = 'sign-in' | 'step-up' | 'link' | 'test'

export interface ProviderRoundTripsTable {
  /** The hash of the state or relay token that was sent along. */
  id: string
  provider_id: string
  purpose: RoundTripPurpose
  /** The hash of the cookie of the browser that was sent on its way: no other may come back. */
  browser_hash: string
  /** The session that wants to be stronger, to be linked, or that tests. */
  session_id: string | null
  /** The step-up in progress that it belongs to. */
  sign_in_id: string | null
  /** What the answer must answer to, where the protocol names requests (SAML). */
  request: string | null
  return_to: string
  created_at: number
  expires_at: number
}

export interface SeenAssertionsTable {
  /** The hash of the provider with what it has to be used up only once: an assertion's id, a logout token's. */
  id: string
  expires_at: number
}

/** The whole database, as Kysely sees it. */
export interface Tables {
  installation: InstallationTable
  brand_logos: BrandLogosTable
  keys: KeysTable
  users: UsersTable
  invitations: InvitationsTable
  one_time_links: OneTimeLinksTable
  password_reset_requests: PasswordResetRequestsTable
  groups: GroupsTable
  group_members: GroupMembersTable
  personal_access_tokens: PersonalAccessTokensTable
  sessions: SessionsTable
  sign_ins: SignInsTable
  attempts: AttemptsTable
  totp_factors: TotpFactorsTable
  totp_enrolments: TotpEnrolmentsTable
  recovery_code_sets: RecoveryCodeSetsTable
  recovery_codes: RecoveryCodesTable
  policies: PoliciesTable
  audit_events: AuditEventsTable
  audit_links: AuditLinksTable
  outbox: OutboxTable
  leases: LeasesTable
  identity_providers: IdentityProvidersTable
  identities: IdentitiesTable
  provider_round_trips: ProviderRoundTripsTable
  seen_assertions: SeenAssertionsTable
}
