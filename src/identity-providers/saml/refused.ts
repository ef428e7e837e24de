// Why something that came by SAML was not believed: the closed list. The person is told none of it; administrators are told
// all, in the words of the message.

/** Every reason. */
export const samlFaults = [
  'too-large',
  'not-xml',
  'doctype',
  'comment',
  'shape',
  'declined',
  'assertions',
  'encrypted',
  'duplicate-id',
  'unsigned',
  'signature-shape',
  'algorithm',
  'signature',
  'issuer',
  'destination',
  'in-response-to',
  'subject',
  'recipient',
  'audience',
  'conditions',
  'authentication',
  'too-early',
  'too-late',
  'replayed',
] as const

export type SamlFault = (typeof samlFaults)[number]

/** Says no to a message, and why. */
export class SamlRefused extends Error {
  readonly because: SamlFault
  constructor(because: SamlFault, detail: string, cause?: unknown) {
    super(`${because}: ${detail}`, { cause })
    this.name = 'SamlRefused'
    this.because = because
  }
}
