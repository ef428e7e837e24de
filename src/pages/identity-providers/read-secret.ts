// Reads the client secret or private key that an administrator enters. What is entered for one way of proving who we are is
// never kept for another: a private key must not end up where a client secret is sent to the provider.

import type { OidcProvider } from '../../identity-providers/provider.ts'
import type { MessageId } from '../../messages.ts'

type ReadSecret = { is: string | 'keep' | null } | { problem: MessageId }

/** Reads the field; empty keeps what is kept, where it still fits. */
export function readSecret(typed: string, authentication: string, was: OidcProvider | null): ReadSecret {
  const secret = typed.trim()
  const wantsKey = authentication === 'private_key_jwt'
  if (secret === '') {
    if (!was) return { is: null }
    const hadKey = was.settings.authentication === 'private_key_jwt'
    return { is: hadKey === wantsKey ? 'keep' : was.hasSecret ? null : 'keep' }
  }
  if (secret.length > 10_000 || /\p{Cc}/u.test(secret)) return { problem: 'problem.secret' }
  if (wantsKey && !isPrivateKey(secret)) return { problem: 'problem.privateKey' }
  if (!wantsKey && (secret.startsWith('{') || secret.includes('PRIVATE KEY'))) return { problem: 'problem.secretIsKey' }
  // The word that means that nothing is entered: nobody's secret.
  return secret === 'keep' ? { problem: 'problem.secret' } : { is: secret }
}

/** A private key as a JWK, of a kind that signs. */
function isPrivateKey(text: string): boolean {
  try {
    const key: unknown = JSON.parse(text)
    if (typeof key !== 'object' || key === null) return false
    const { kty, d } = key as Record<string, unknown>
    return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && typeof d === 'string' && d !== ''
  } catch {
    return false
  }
}
