// What a response must look like before its signature is even checked: one response with one signed assertion in its place,
// every id once, signatures where they belong and of the one simple form that everybody sends. Every known way to wrap a
// signature around something else needs a shape that is refused here.

import {
  assertionNamespace,
  digestAlgorithms,
  envelopedSignature,
  exclusiveC14n,
  protocolNamespace,
  signatureAlgorithms,
  signatureNamespace,
  success,
} from './names.ts'
import { SamlRefused } from './refused.ts'
import { attributeOf, childrenNamed, everyElement, type XmlElement } from './xml.ts'

const inResponse = ['Issuer', 'Signature', 'Extensions', 'Status', 'Assertion']
const inSignature = ['SignedInfo', 'SignatureValue', 'KeyInfo']
const inSignedInfo = ['CanonicalizationMethod', 'SignatureMethod', 'Reference']
const inReference = ['Transforms', 'DigestMethod', 'DigestValue']
/** Says whose key it is, and is not listened to: only the provider's own certificates count. */
const inKeyInfo = [
  ...['KeyName', 'KeyValue', 'RSAKeyValue', 'Modulus', 'Exponent', 'X509Data', 'X509Certificate', 'X509SubjectName'],
  ...['X509IssuerSerial', 'X509IssuerName', 'X509SerialNumber', 'X509SKI'],
]

/** Finds the one assertion of a response of the right shape. Throws `SamlRefused` for any other. */
export function assertionIn(response: XmlElement): XmlElement {
  mustBeNamed(response, protocolNamespace, 'Response')
  if (attributeOf(response, 'Version') !== '2.0') throw new SamlRefused('shape', 'this is not SAML 2.0')
  mustHaveSucceeded(response)
  const all = [...everyElement(response)]
  if (all.some(({ element }) => element.name.startsWith('Encrypted')))
    throw new SamlRefused('encrypted', 'something is encrypted, which is not supported')
  const assertions = all.filter(({ element }) => element.name.toLowerCase() === 'assertion')
  const [only] = assertions
  if (!only || assertions.length !== 1 || only.parent !== response)
    throw new SamlRefused('assertions', `there must be one assertion, and there are ${assertions.length}`)
  mustBeNamed(only.element, assertionNamespace, 'Assertion')
  const strange = response.children.find((child) => !inResponse.includes(child.name))
  if (strange) throw new SamlRefused('shape', `there is a ${strange.name} in the response`)
  mustHaveUniqueIds(all.map(({ element }) => element))
  for (const { element, parent } of all)
    if (element.name === 'Signature' && parent !== response && parent !== only.element)
      throw new SamlRefused('signature-shape', 'there is a signature in a place where none belongs')
  const signed = [response, only.element].map((element) => ({ element, signatures: signaturesIn(element) }))
  if (signed[1]?.signatures.length === 0) throw new SamlRefused('unsigned', 'the assertion is not signed')
  for (const { element, signatures } of signed) for (const one of signatures) mustBeSimple(one, element)
  return only.element
}

function mustBeNamed(element: XmlElement, namespace: string, name: string): void {
  if (element.namespace !== namespace || element.name !== name)
    throw new SamlRefused('shape', `this should be a ${name}, and is a ${element.name}`)
}

/** What the provider says went wrong is worth more than that nothing is signed. */
function mustHaveSucceeded(response: XmlElement): void {
  const [status] = childrenNamed(response, protocolNamespace, 'Status')
  const codes = status
    ? [...everyElement(status)].filter(({ element }) => element.name === 'StatusCode').map(({ element }) => element)
    : []
  const said = codes.map((code) => (attributeOf(code, 'Value') ?? '').slice(0, 200))
  if (said[0] === success) return
  const [message] = status ? childrenNamed(status, protocolNamespace, 'StatusMessage') : []
  throw new SamlRefused('declined', [...said, message?.text.trim().slice(0, 300) ?? ''].join(' ').trim())
}

function mustHaveUniqueIds(elements: readonly XmlElement[]): void {
  const ids = elements.flatMap(({ attributes }) =>
    attributes.filter((one) => one.name.toLowerCase() === 'id').map(({ value }) => value),
  )
  if (new Set(ids).size !== ids.length) throw new SamlRefused('duplicate-id', 'two elements have the same id')
}

/** Every element that calls itself a signature, whatever its namespace. */
function signaturesIn(element: XmlElement): XmlElement[] {
  const signatures = element.children.filter(({ name }) => name === 'Signature')
  if (signatures.length > 1) throw new SamlRefused('signature-shape', 'one element has several signatures')
  return signatures
}

/** Once over the element that it stands in, by a good algorithm, and nothing besides. */
function mustBeSimple(signature: XmlElement, over: XmlElement): void {
  const info = onlyChild(signature, 'SignedInfo')
  const reference = onlyChild(info, 'Reference')
  const transforms = onlyChild(reference, 'Transforms')
  mustHold(signature, inSignature)
  mustHold(info, inSignedInfo)
  mustHold(reference, inReference)
  mustHold(transforms, ['Transform'])
  const allowed = [...inSignature, ...inSignedInfo, ...inReference, ...inKeyInfo]
  for (const { element } of everyElement(signature))
    if (![...allowed, 'Signature', 'Transform', 'InclusiveNamespaces'].includes(element.name))
      throw new SamlRefused('signature-shape', `there is a ${element.name} in a signature`)
  for (const value of [onlyChild(signature, 'SignatureValue'), onlyChild(reference, 'DigestValue')])
    if (!/^[A-Za-z0-9+/=\s]+$/.test(value.text)) throw new SamlRefused('signature-shape', `${value.name} is no value`)
  const id = attributeOf(over, 'ID')
  if (id === null || !/^[A-Za-z_][\w.-]{0,199}$/.test(id) || attributeOf(reference, 'URI') !== `#${id}`)
    throw new SamlRefused('signature-shape', 'a signature is not over what it stands in')
  mustBeAlgorithm(onlyChild(info, 'CanonicalizationMethod'), [exclusiveC14n])
  mustBeAlgorithm(onlyChild(info, 'SignatureMethod'), signatureAlgorithms)
  mustBeAlgorithm(onlyChild(reference, 'DigestMethod'), digestAlgorithms)
  const [first, second, ...more] = transforms.children
  if (!first || !second || more.length > 0) throw new SamlRefused('algorithm', 'there must be two transforms')
  mustBeAlgorithm(first, [envelopedSignature])
  mustBeAlgorithm(second, [exclusiveC14n])
}

function onlyChild(element: XmlElement, name: string): XmlElement {
  const [child, ...more] = childrenNamed(element, signatureNamespace, name)
  if (!child || more.length > 0) throw new SamlRefused('signature-shape', `there must be one ${name}`)
  return child
}

function mustHold({ name, children }: XmlElement, names: readonly string[]): void {
  const strange = children.find((child) => child.namespace !== signatureNamespace || !names.includes(child.name))
  if (strange) throw new SamlRefused('signature-shape', `there is a ${strange.name} in a ${name}`)
}

function mustBeAlgorithm(element: XmlElement, allowed: readonly string[]): void {
  const algorithm = attributeOf(element, 'Algorithm') ?? ''
  if (!allowed.includes(algorithm))
    throw new SamlRefused('algorithm', `${element.name} ${algorithm.slice(0, 200)} is not accepted`)
}
