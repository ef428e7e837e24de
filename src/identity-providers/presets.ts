// What the form for a new provider begins with, for the products that people have most: which claims they send, what their
// proof of MFA looks like, and where their addresses are found. Proposals only: nothing here is asked after the form was
// saved, and where a product sends no proof of MFA, none is proposed.

import type { MfaStatement } from '../factors/factors.ts'
import { type ClaimMapping, claimMapping } from './provider.ts'

export const presetNames = ['entra', 'okta', 'google', 'keycloak', 'generic'] as const
export type PresetName = (typeof presetNames)[number]

export interface Preset {
  /** What the button is called at first; empty where only the administrator knows. */
  name: string
  icon: string
  /** The issuer, where it is the same for everybody. */
  issuer: string
  /** What an issuer looks like there. */
  issuerExample: string
  scopes: readonly string[]
  claims: ClaimMapping
  mfa: MfaStatement
  /** The file of its guide in docs/guides. */
  guide: string
}

const usual = claimMapping.parse({})
const scopes = ['openid', 'email', 'profile']

/** Version 2.0 ID tokens hold no `amr`, so nothing can be proposed as proof; whether an address is verified is `xms_edov`. */
const entra: Preset = {
  name: 'Microsoft',
  icon: 'building',
  issuer: '',
  issuerExample: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
  scopes,
  claims: { ...usual, emailVerified: 'xms_edov', groups: 'groups' },
  mfa: { is: 'without' },
  guide: 'single-sign-on-entra-id.md',
}

const okta: Preset = {
  name: 'Okta',
  icon: 'building',
  issuer: '',
  issuerExample: 'https://your-organisation.okta.com',
  scopes,
  claims: { ...usual, groups: 'groups' },
  mfa: { is: 'with-proof', amr: ['mfa'], acr: ['urn:okta:loa:2fa:any', 'phr', 'phrh'] },
  guide: 'single-sign-on-okta.md',
}

/** Google tells nothing about how somebody signed in. */
const google: Preset = {
  name: 'Google',
  icon: 'globe',
  issuer: 'https://accounts.google.com',
  issuerExample: 'https://accounts.google.com',
  scopes,
  claims: usual,
  mfa: { is: 'without' },
  guide: 'single-sign-on-google.md',
}

const keycloak: Preset = {
  name: 'Keycloak',
  icon: 'key',
  issuer: '',
  issuerExample: 'https://keycloak.example.org/realms/your-realm',
  scopes,
  claims: { ...usual, groups: 'groups' },
  mfa: { is: 'with-proof', amr: ['mfa'], acr: [] },
  guide: 'single-sign-on-keycloak.md',
}

const generic: Preset = {
  name: '',
  icon: 'globe',
  issuer: '',
  issuerExample: 'https://id.example.org',
  scopes,
  claims: usual,
  mfa: { is: 'without' },
  guide: 'single-sign-on.md',
}

export const presets: Readonly<Record<PresetName, Preset>> = { entra, okta, google, keycloak, generic }

/** Tells whether a text names a preset. */
export function isPresetName(name: string | undefined): name is PresetName {
  return presetNames.some((known) => known === name)
}
