// SAML 2.0 as a service provider: where to send a browser, and what to believe of what comes back. What is not believed comes
// out as `NotBelieved`, with the reason for administrators; what is, in the same form as from any other protocol.

import type { Database } from '../../database/database.ts'
import type { Clock } from '../../time.ts'
import { type Assertion, assertionFrom } from '../assertion.ts'
import { NotBelieved } from '../oidc.ts'
import type { ClaimMapping, SamlProvider } from '../provider.ts'
import { acceptResponse } from './accept-response.ts'
import type { SamlAssertion } from './read-response.ts'
import { SamlRefused } from './refused.ts'
import { ourSide, requestAddress } from './request.ts'

export interface SamlParts {
  db: Database
  now: Clock
  secretOf: (provider: SamlProvider) => Promise<string | null>
  /** The public address of this service. */
  url: string
}

export interface Saml {
  /** Where to send the browser. Throws `NotBelieved` when our key cannot be used. */
  begin(provider: SamlProvider, request: { id: string; state: string; fresh: boolean }): Promise<string>
  /** Verifies what came back to our address as the answer to this request, and uses it up. Throws `NotBelieved`. */
  finish(provider: SamlProvider, answer: { response: string; request: string }): Promise<Assertion>
}

/** Makes our side. Nothing is loaded before somebody comes back. */
export function createSaml({ db, now, secretOf, url }: SamlParts): Saml {
  return {
    async begin(provider, { id, state, fresh }) {
      const key = await secretOf(provider)
      const request = { id, relayState: state, fresh, now: now() }
      return requestAddress(provider.settings, ourSide(url, provider.id), request, key).catch((cause: unknown) => {
        throw new NotBelieved('not-valid', 'The private key cannot be used.', cause)
      })
    },
    async finish(provider, { response, request }) {
      const { id, settings, claims } = provider
      const expected = { settings, ...ourSide(url, id), request, now: now() }
      const said = await acceptResponse(db, id, response, expected).catch((error: unknown) => {
        if (!(error instanceof SamlRefused)) throw error
        throw new NotBelieved(error.because === 'declined' ? 'declined' : 'not-valid', error.message, error)
      })
      return inCommonForm(claims, said)
    },
  }
}

/**
 * Reads an assertion by the mapping: names of attributes, or `NameID`. That an address is verified is believed where the one
 * value of its attribute is `true`: SAML has no other way to say so.
 */
function inCommonForm(mapping: ClaimMapping, said: SamlAssertion): Assertion {
  const attributes = [...said.attributes].map(([name, values]) => [
    name,
    values.length === 1 ? (name === mapping.emailVerified && values[0] === 'true' ? true : values[0]) : values,
  ])
  const profile = { ...Object.fromEntries(attributes), NameID: said.subject }
  const claims = { sub: said.subject, acr: said.acr, auth_time: said.authTime / 1000, sid: said.sessionIndex }
  const assertion = assertionFrom(mapping, { issuer: said.issuer, claims, profile, idToken: null })
  if (!assertion) throw new NotBelieved('not-valid', 'The NameID is not a text of 1 to 255 characters.')
  return assertion
}
