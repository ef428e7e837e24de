// Why somebody who comes from a provider does not get in: the closed list. Thrown inside the transaction, so that nothing of
// it stays; caught where the round trip ends, which writes the event that says so.

/** Every reason. The words for people are in messages/ under `withProvider.refused.<reason>`. */
export const providerRefusals = [
  'over',
  'declined',
  'unreachable',
  'not-valid',
  'provider-off',
  'no-email',
  'wrong-domain',
  'must-be-invited',
  'link-in-person',
  'closed',
  'other-identity',
  'not-fresh',
  'taken',
] as const

export type ProviderRefusal = (typeof providerRefusals)[number]

/** Says no to what came back from a provider. `detail` is for administrators and the log. */
export class ProviderRefused extends Error {
  readonly because: ProviderRefusal
  readonly detail: string | undefined
  constructor(because: ProviderRefusal, detail?: string) {
    super(because)
    this.name = 'ProviderRefused'
    this.because = because
    this.detail = detail
  }
}
