// A SAML provider of a test's own, with its own key: it signs whatever it is told to say, and lies wherever it is told to.

import { inflateRawSync } from 'node:zlib'
import { SignedXml } from 'xml-crypto'
import type { MfaStatement } from '../../src/factors/factors.ts'
import { decisions, parseConnection } from '../../src/identity-providers/provider.ts'
import { createProvider, enableProvider, markProviderTested } from '../../src/identity-providers/providers.ts'
import { makeSamlKeyPair, type SamlKeyPair } from '../../src/identity-providers/saml/key-pair.ts'
import { attributeOf, readXml } from '../../src/identity-providers/saml/xml.ts'
import { isoTime, minutes } from '../../src/time.ts'
import type { TestService } from './service.ts'

const excC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

export interface SignatureForm {
  signature?: string
  digest?: string
  canonicalization?: string
  transforms?: readonly string[]
}

/** What a response says; everything may be said otherwise. Times are instants, or text as it is. */
export interface Said {
  acs: string
  entityId: string
  request: string | null
  now: number
  issuer?: string
  responseIssuer?: string
  destination?: string | null
  responseRequest?: string | null
  recipient?: string | null
  audience?: string | null
  nameId?: string
  nameIdFormat?: string
  responseId?: string
  assertionId?: string
  issueInstant?: number
  notBefore?: number
  notOnOrAfter?: number
  confirmedUntil?: number
  authnInstant?: number
  sessionNotOnOrAfter?: number
  acr?: string
  status?: string
  statusMessage?: string
  attributes?: Readonly<Record<string, readonly string[]>>
  /** Put into the conditions, the assertion, the response as it is. */
  moreConditions?: string
  moreInAssertion?: string
  moreInResponse?: string
}

const isThere = (name: string, value: string | null) => (value === null ? '' : ` ${name}="${value}"`)

/** Writes an assertion that nobody has signed. */
export function writeAssertion(said: Said): string {
  const { now } = said
  const at = (instant: number) => isoTime(instant)
  const session = said.sessionNotOnOrAfter === undefined ? '' : ` SessionNotOnOrAfter="${at(said.sessionNotOnOrAfter)}"`
  const audience = said.audience === undefined ? said.entityId : said.audience
  const restriction =
    audience === null
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>`
  const attributes = Object.entries(said.attributes ?? {})
    .map(
      ([name, values]) =>
        `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
    )
    .join('')
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.assertionId ?? '_assertion'}" Version="2.0" IssueInstant="${at(said.issueInstant ?? now)}">`,
    `<saml:Issuer>${said.issuer ?? 'https://idp.example.org'}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${said.nameIdFormat ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'}">${said.nameId ?? 'alice'}</saml:NameID>`,
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    `<saml:SubjectConfirmationData${isThere('InResponseTo', said.request)}${isThere('Recipient', said.recipient === undefined ? said.acs : said.recipient)} NotOnOrAfter="${at(said.confirmedUntil ?? now + minutes(5))}"/>`,
    '</saml:SubjectConfirmation></saml:Subject>',
    `<saml:Conditions NotBefore="${at(said.notBefore ?? now)}" NotOnOrAfter="${at(said.notOnOrAfter ?? now + minutes(5))}">${restriction}${said.moreConditions ?? ''}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${at(said.authnInstant ?? now)}" SessionIndex="_session"${session}><saml:AuthnContext><saml:AuthnContextClassRef>${said.acr ?? 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password'}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    attributes && `<saml:AttributeStatement>${attributes}</saml:AttributeStatement>`,
    said.moreInAssertion ?? '',
    '</saml:Assertion>',
  ].join('')
}

/** Puts assertions, or anything, into a response. */
export function writeResponse(said: Said, content: string): string {
  const request = said.responseRequest === undefined ? said.request : said.responseRequest
  const message =
    said.statusMessage === undefined ? '' : `<samlp:StatusMessage>${said.statusMessage}</samlp:StatusMessage>`
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${said.responseId ?? '_response'}" Version="2.0" IssueInstant="${isoTime(said.now)}"${isThere('Destination', said.destination === undefined ? said.acs : said.destination)}${isThere('InResponseTo', request)}>`,
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${said.responseIssuer ?? said.issuer ?? 'https://idp.example.org'}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="${said.status ?? 'urn:oasis:names:tc:SAML:2.0:status:Success'}"/>${message}</samlp:Status>`,
    `${content}${said.moreInResponse ?? ''}</samlp:Response>`,
  ].join('')
}

/** Signs the element of this id, behind its issuer as the schema has it. */
export function signElement(xml: string, id: string, key: SamlKeyPair, form: SignatureForm = {}): string {
  const signer = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: (form.signature ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256') as never,
    canonicalizationAlgorithm: (form.canonicalization ?? excC14n) as never,
  })
  const element = `//*[@ID='${id}']`
  signer.addReference({
    xpath: element,
    digestAlgorithm: (form.digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256') as never,
    transforms: [...(form.transforms ?? [enveloped, excC14n])] as never,
  })
  const location = { reference: `${element}/*[local-name()='Issuer']`, action: 'after' } as const
  signer.computeSignature(xml, { location, prefix: 'ds' })
  return signer.getSignedXml()
}

/** Makes the key of a provider. */
export function makeProviderKey(now: number): Promise<SamlKeyPair> {
  return makeSamlKeyPair('provider', now)
}

/** Says it all, with the assertion signed, as providers do. */
export function writeSignedResponse(said: Said, key: SamlKeyPair, form?: SignatureForm): string {
  return signElement(writeResponse(said, writeAssertion(said)), said.assertionId ?? '_assertion', key, form)
}

/** Packs a response as a form brings it. */
export function packed(xml: string): string {
  return Buffer.from(xml).toString('base64')
}

/** Sets a provider up in the service, tested and switched on, that signs by this key. Gives its id. */
export async function addSamlProvider(
  running: TestService,
  key: SamlKeyPair,
  {
    mfa = { is: 'without' } as MfaStatement,
    own = null as SamlKeyPair | null,
    settings = {} as Record<string, unknown>,
    ...more
  } = {} as { mfa?: MfaStatement; own?: SamlKeyPair | null; settings?: Record<string, unknown> } & Record<
    string,
    unknown
  >,
): Promise<string> {
  const now = running.time.now
  const connection = parseConnection('saml', {
    entityId: 'https://idp.example.org',
    signOnAddress: 'https://idp.example.org/sso',
    certificates: [key.certificate],
    ownCertificate: own?.certificate ?? null,
    ...settings,
  })
  const words = {
    decisions: decisions.parse({ name: 'Works', mfa, ...more }),
    connection,
    secret: own?.privateKey ?? null,
  }
  const { sealer } = running.service.machine
  return running.db.transaction().execute(async (trx) => {
    const id = await createProvider(trx, sealer, words, now)
    await markProviderTested(trx, { id, version: 1 }, now)
    await enableProvider(trx, id, now)
    return id
  })
}

/** What a request asks for, as a provider reads it. */
export function readRequest(address: string) {
  const { searchParams } = new URL(address)
  const packedRequest = Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')
  const request = readXml(inflateRawSync(packedRequest).toString())
  return {
    request: attributeOf(request, 'ID') ?? '',
    acs: attributeOf(request, 'AssertionConsumerServiceURL') ?? '',
    entityId: request.children[0]?.text ?? '',
    isFresh: attributeOf(request, 'ForceAuthn') === 'true',
    state: searchParams.get('RelayState') ?? '',
    isSigned: searchParams.has('Signature'),
  }
}
