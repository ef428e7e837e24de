// Reads the answer of a SAML provider: pure but for the check of the signature. Everything that is believed comes out of the
// assertion as it was signed. It must have been made by this provider, for us, for this request, now; it is up to the caller
// to accept it once (`assertionId`).

import type { Instant } from '../../time.ts'
import { seconds } from '../../time.ts'
import { isSubject } from '../identities.ts'
import type { SamlSettings } from '../provider.ts'
import { assertionNamespace, bearer, transientNameId } from './names.ts'
import { SamlRefused } from './refused.ts'
import { assertionIn } from './shape.ts'
import { verifiedAssertion } from './verified-assertion.ts'
import { attributeOf, childrenNamed, readXml, type XmlElement } from './xml.ts'

/** What a signed assertion says about a person. */
export interface SamlAssertion {
  issuer: string
  subject: string
  subjectFormat: string | null
  attributes: ReadonlyMap<string, readonly string[]>
  /** The class of the authentication context, as it was sent. */
  acr: string | null
  authTime: Instant
  sessionIndex: string | null
  assertionId: string
  /** From then on it would not be accepted anyway. */
  expiresAt: Instant
}

/** What the answer is held against. */
export interface Expected {
  settings: Pick<SamlSettings, 'entityId' | 'certificates' | 'allowsUnsolicited'>
  /** Who we are to this provider, and where it answers to. */
  entityId: string
  acs: string
  /** The id of our request; null where the provider has begun by itself. */
  request: string | null
  now: Instant
}

export const largestResponse = 256 * 1024
/** How far the provider's clock may be from ours. */
const clockTolerance = seconds(60)

/** Reads a response as a form brought it: in base64. Throws `SamlRefused` with the reason, and nothing else. */
export async function readResponse(encoded: string, expected: Expected): Promise<SamlAssertion> {
  const { settings, entityId, acs, request } = expected
  if (request === null && !settings.allowsUnsolicited)
    throw new SamlRefused('in-response-to', 'nothing was asked, and the provider may not begin by itself')
  const text = decode(encoded)
  const response = readXml(text)
  const unverified = assertionIn(response)
  mustAnswer(response, expected)
  const assertion = readXml(await verifiedAssertion(text, { certificates: settings.certificates, entityId, acs }))
  const id = attributeOf(assertion, 'ID')
  if (assertion.name !== 'Assertion' || assertion.namespace !== assertionNamespace || id === null)
    throw new SamlRefused('signature', 'what was signed is no assertion')
  if (id !== attributeOf(unverified, 'ID')) throw new SamlRefused('signature', 'something else was signed')
  return { assertionId: id, ...readAssertion(assertion, expected) }
}

function decode(encoded: string): string {
  // Base64 takes four characters for three bytes, and may be broken into lines.
  if (encoded.length > largestResponse * 1.5) throw new SamlRefused('too-large', 'the response is too large')
  const plain = encoded.replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) throw new SamlRefused('not-xml', 'the response is not in base64')
  const bytes = Buffer.from(plain, 'base64')
  if (bytes.length > largestResponse) throw new SamlRefused('too-large', 'the response is too large')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SamlRefused('not-xml', 'the response is not in UTF-8', cause)
  }
}

/** The envelope is not always signed, so nothing is believed for it; but it may not contradict. */
function mustAnswer(response: XmlElement, { settings, acs, request }: Expected): void {
  const destination = attributeOf(response, 'Destination')
  if (destination !== acs) throw new SamlRefused('destination', `the response is for ${quoted(destination)}`)
  if (attributeOf(response, 'InResponseTo') !== request)
    throw new SamlRefused('in-response-to', 'the response answers to another request')
  for (const issuer of childrenNamed(response, assertionNamespace, 'Issuer')) mustBeIssuer(issuer, settings.entityId)
}

function readAssertion(assertion: XmlElement, expected: Expected): Omit<SamlAssertion, 'assertionId'> {
  const { settings, now } = expected
  if (attributeOf(assertion, 'Version') !== '2.0') throw new SamlRefused('shape', 'the assertion is not of SAML 2.0')
  mustBeIssuer(only(assertion, 'Issuer', 'issuer'), settings.entityId)
  mustNotBeAfter(timeOf(assertion, 'IssueInstant', 'shape'), now, 'the assertion')
  const { subject, subjectFormat, expiresAt } = readSubject(only(assertion, 'Subject', 'subject'), expected)
  mustHoldHere(only(assertion, 'Conditions', 'conditions'), expected)
  const authentication = readAuthentication(only(assertion, 'AuthnStatement', 'authentication'), now)
  return { issuer: settings.entityId, subject, subjectFormat, expiresAt, ...authentication, ...attributesOf(assertion) }
}

function mustBeIssuer(issuer: XmlElement, entityId: string): void {
  if (textOf(issuer) !== entityId) throw new SamlRefused('issuer', `it was issued by ${quoted(textOf(issuer))}`)
}

function readSubject(subject: XmlElement, expected: Expected) {
  const nameId = only(subject, 'NameID', 'subject')
  const value = textOf(nameId)
  const format = attributeOf(nameId, 'Format')
  if (!isSubject(value) || value.trim() !== value)
    throw new SamlRefused('subject', 'the NameID is not a text of 1 to 255 characters')
  if (format === transientNameId)
    throw new SamlRefused(
      'subject',
      'the NameID is transient: another one each time. Let the provider send a persistent one',
    )
  const confirmations = childrenNamed(subject, assertionNamespace, 'SubjectConfirmation').filter(
    (one) => attributeOf(one, 'Method') === bearer,
  )
  if (confirmations.length !== 1) throw new SamlRefused('subject', 'there must be one confirmation by the bearer')
  const [confirmation] = confirmations
  const data = confirmation ? only(confirmation, 'SubjectConfirmationData', 'subject') : subject
  return { subject: value, subjectFormat: format, expiresAt: confirmedUntil(data, expected) }
}

function confirmedUntil(data: XmlElement, { acs, request, now }: Expected): Instant {
  const recipient = attributeOf(data, 'Recipient')
  if (recipient !== acs) throw new SamlRefused('recipient', `the assertion is for ${quoted(recipient)}`)
  if (attributeOf(data, 'InResponseTo') !== request)
    throw new SamlRefused('in-response-to', 'the assertion answers to another request')
  if (attributeOf(data, 'NotBefore') !== null) throw new SamlRefused('subject', 'a confirmation has no NotBefore')
  const until = timeOf(data, 'NotOnOrAfter', 'subject')
  mustBeBefore(now, until, 'the confirmation')
  return until + clockTolerance
}

const knownConditions = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']

function mustHoldHere(conditions: XmlElement, { entityId, now }: Expected): void {
  const strange = conditions.children.find(
    (child) => child.namespace !== assertionNamespace || !knownConditions.includes(child.name),
  )
  if (strange) throw new SamlRefused('conditions', `there is a condition that is not known: ${strange.name}`)
  const [from, until] = ['NotBefore', 'NotOnOrAfter'].map((name) =>
    attributeOf(conditions, name) === null ? null : timeOf(conditions, name, 'conditions'),
  )
  if (from != null) mustNotBeAfter(from, now, 'the assertion')
  if (until != null) mustBeBefore(now, until, 'the assertion')
  const audiences = childrenNamed(conditions, assertionNamespace, 'AudienceRestriction').map((restriction) =>
    childrenNamed(restriction, assertionNamespace, 'Audience').map(textOf),
  )
  if (audiences.length === 0 || !audiences.every((names) => names.includes(entityId)))
    throw new SamlRefused('audience', `the assertion is for ${quoted(audiences.flat().join(' ') || null)}`)
}

function readAuthentication(statement: XmlElement, now: Instant) {
  const authTime = timeOf(statement, 'AuthnInstant', 'authentication')
  mustNotBeAfter(authTime, now, 'the authentication')
  if (attributeOf(statement, 'SessionNotOnOrAfter') !== null)
    mustBeBefore(now, timeOf(statement, 'SessionNotOnOrAfter', 'authentication'), 'the session there')
  const context = only(statement, 'AuthnContext', 'authentication')
  const [reference, ...more] = childrenNamed(context, assertionNamespace, 'AuthnContextClassRef')
  if (more.length > 0) throw new SamlRefused('authentication', 'there are several classes of authentication')
  const acr = reference ? textOf(reference).trim().slice(0, 1000) : ''
  return { authTime, acr: acr === '' ? null : acr, sessionIndex: attributeOf(statement, 'SessionIndex') }
}

/** An attribute is known by its name. Values that are not plain text are left out. */
function attributesOf(assertion: XmlElement): Pick<SamlAssertion, 'attributes'> {
  const attributes = new Map<string, string[]>()
  for (const statement of childrenNamed(assertion, assertionNamespace, 'AttributeStatement'))
    for (const attribute of childrenNamed(statement, assertionNamespace, 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? ''
      const values = childrenNamed(attribute, assertionNamespace, 'AttributeValue')
      const texts = values.filter(({ children }) => children.length === 0).map(({ text }) => text.trim())
      attributes.set(name, [...(attributes.get(name) ?? []), ...texts])
    }
  return { attributes }
}

function only(element: XmlElement, name: string, because: 'issuer' | 'subject' | 'conditions' | 'authentication') {
  const [child, ...more] = childrenNamed(element, assertionNamespace, name)
  if (!child || more.length > 0) throw new SamlRefused(because, `there must be one ${name}`)
  return child
}

function textOf(element: XmlElement): string {
  if (element.children.length > 0) throw new SamlRefused('shape', `${element.name} is not plain text`)
  return element.text
}

function timeOf(element: XmlElement, name: string, because: 'shape' | 'subject' | 'conditions' | 'authentication') {
  const written = attributeOf(element, name) ?? ''
  const isTime = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/
  const time = isTime.test(written) ? Date.parse(written) : Number.NaN
  if (Number.isNaN(time)) throw new SamlRefused(because, `${name} is not a time with its zone`)
  return time
}

function mustNotBeAfter(time: Instant, now: Instant, what: string): void {
  if (time > now + clockTolerance) throw new SamlRefused('too-early', `${what} is from ${new Date(time).toISOString()}`)
}

function mustBeBefore(now: Instant, time: Instant, what: string): void {
  if (now >= time + clockTolerance)
    throw new SamlRefused('too-late', `${what} ran out at ${new Date(time).toISOString()}`)
}

function quoted(text: string | null): string {
  return text === null ? 'nobody' : `“${text.slice(0, 300)}”`
}
