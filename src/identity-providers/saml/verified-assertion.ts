// The signature of an assertion, checked by node-saml. What comes back is the text that was signed, and from then on nothing
// else of the message is read for what it says about a person. Time, audience and everything else that an assertion says are
// not node-saml's to judge, because it knows neither our clock nor our requests.

import { SamlRefused } from './refused.ts'

/** Gives the assertion as it was signed by one of these certificates. Throws `SamlRefused` when it was not. */
export async function verifiedAssertion(
  response: string,
  { certificates, entityId, acs }: { certificates: readonly string[]; entityId: string; acs: string },
): Promise<string> {
  const { SAML, ValidateInResponseTo } = await import('@node-saml/node-saml')
  try {
    const saml = new SAML({
      callbackUrl: acs,
      issuer: entityId,
      idpCert: [...certificates],
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      // Judged by our own clock and request instead, on what comes back from here.
      acceptedClockSkewMs: -1,
      audience: false,
      validateInResponseTo: ValidateInResponseTo.never,
    })
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(response).toString('base64') })
    const assertion = profile?.getAssertionXml?.()
    if (!assertion) throw new Error('There is no assertion.')
    return assertion
  } catch (cause) {
    throw new SamlRefused('signature', cause instanceof Error ? cause.message : 'it does not fit', cause)
  }
}
