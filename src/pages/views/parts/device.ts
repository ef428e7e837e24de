/**
 * Devices and proofs as people read them.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from './frame.ts'

/** Names a device by what its browser says of itself. */
export interface DeviceNames {
  readonly browser: string | null
  readonly system: string | null
}

/** Says "Firefox on Windows", or as much of it as is known. */
export function deviceWords({ t }: Frame, { browser, system }: DeviceNames): string {
  if (browser !== null && system !== null) return t('device.browserOnSystem', { browser, system })
  return browser ?? system ?? t('device.unknown')
}

/** Names what a person proved it with. */
export type ProofName = 'password' | 'totp' | 'recovery-code' | 'set-up-link' | 'identity-provider'

const proofNames: Record<ProofName, MessageId> = {
  password: 'proof.password',
  totp: 'proof.totp',
  'recovery-code': 'proof.recoveryCode',
  'set-up-link': 'proof.setUpLink',
  'identity-provider': 'proof.identityProvider',
}

/** Lists what was proved in a session, in the order in which it was. */
export function proofWords({ t }: Frame, proofs: readonly ProofName[]): string {
  return proofs.map((name) => t(proofNames[name])).join(', ')
}
