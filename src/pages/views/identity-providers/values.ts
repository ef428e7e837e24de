/**
 * What the form of an OpenID Connect provider holds, as it is typed, and in which order. The client secret is not among
 * it: it is sent and never shown.
 */
import type { Problems } from '../parts/frame.ts'

/** Holds what was typed or is set. */
export interface ProviderValues {
  readonly name: string
  readonly icon: string
  readonly issuer: string
  readonly clientId: string
  readonly authentication: string
  readonly scopes: string
  readonly acrValues: string
  readonly mfa: string
  readonly amr: string
  readonly acr: string
  readonly allowedDomains: string
  readonly linking: string
  readonly admission: string
  readonly defaultGroups: readonly string[]
  readonly emailClaim: string
  readonly emailVerifiedClaim: string
  readonly nameClaim: string
  readonly groupsClaim: string
  readonly groupMapping: string
}

/** Names the fields in the order of the page. */
export const fieldOrder = [
  'name',
  'icon',
  'issuer',
  'clientId',
  'authentication',
  'secret',
  'scopes',
  'acrValues',
  'mfa',
  'amr',
  'acr',
  'allowedDomains',
  'linking',
  'admission',
  'defaultGroups',
  'emailClaim',
  'emailVerifiedClaim',
  'nameClaim',
  'groupsClaim',
  'groupMapping',
] as const

/** Names a field of the form. */
export type ProviderField = (typeof fieldOrder)[number]

/** Gives, per field, what is wrong with it. */
export type ProviderProblems = Problems<ProviderField>
