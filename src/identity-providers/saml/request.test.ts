import { execFileSync } from 'node:child_process'
import { createVerify, X509Certificate } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { days } from '../../time.ts'
import { samlSettings } from '../provider.ts'
import { makeSamlKeyPair, type SamlKeyPair } from './key-pair.ts'
import { settingsFromMetadata } from './provider-metadata.ts'
import { SamlRefused } from './refused.ts'
import { newRequestId, ourMetadata, ourSide, requestAddress } from './request.ts'
import { attributeOf, readXml } from './xml.ts'

const now = Date.parse('2026-11-25T00:00:00Z')
const ours = ourSide('https://sign-in.example.org', 'p 1')
let key: SamlKeyPair
beforeAll(async () => {
  key = await makeSamlKeyPair('sign-in.example.org', now)
})

describe('the key pair', () => {
  test('has a certificate that everybody can read, made by itself and good for ten years', () => {
    const certificate = new X509Certificate(key.certificate)
    expect(certificate.subject).toBe('CN=sign-in.example.org')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(Date.parse(certificate.validTo) - now).toBe(days(3650))
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072)
    const told = execFileSync('openssl', ['x509', '-noout', '-subject'], { input: key.certificate, encoding: 'utf8' })
    expect(told).toContain('sign-in.example.org')
  })
})

describe('a request', () => {
  const asked = {
    signOnAddress: 'https://idp.example.org/sso?tenant=1',
    nameIdFormat: 'urn:f',
    authnContexts: ['urn:c<1'],
  }
  const request = { id: newRequestId(), relayState: 'a+b/c', fresh: true, now }
  const unpack = (address: string) =>
    inflateRawSync(Buffer.from(new URL(address).searchParams.get('SAMLRequest') ?? '', 'base64')).toString()

  test('says who asks, what for and where to answer', async () => {
    const address = await requestAddress(asked, ours, request, null)
    const url = new URL(address)
    expect(url.searchParams.get('tenant')).toBe('1')
    expect(url.searchParams.get('RelayState')).toBe('a+b/c')
    expect(url.searchParams.has('Signature')).toBe(false)
    const xml = readXml(unpack(address))
    expect(Object.fromEntries(xml.attributes.map(({ name, value }) => [name, value]))).toEqual({
      ID: request.id,
      Version: '2.0',
      IssueInstant: '2026-11-25T00:00:00.000Z',
      Destination: asked.signOnAddress,
      ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
      AssertionConsumerServiceURL: 'https://sign-in.example.org/sign-in/with/p%201/acs',
      ForceAuthn: 'true',
    })
    expect(xml.children.map(({ name }) => name)).toEqual(['Issuer', 'NameIDPolicy', 'RequestedAuthnContext'])
    expect(xml.children[0]?.text).toBe(ours.entityId)
    expect(xml.children[2]?.children[0]?.text).toBe('urn:c<1')
  })

  test('is signed where there is a key, over what the provider sees', async () => {
    const address = await requestAddress(asked, ours, request, key.privateKey)
    const query = address.slice(address.indexOf('SAMLRequest='))
    const [signed = '', signature = ''] = query.split('&Signature=')
    const verify = (text: string) =>
      createVerify('sha256').update(text).verify(key.certificate, decodeURIComponent(signature), 'base64')
    expect(verify(signed)).toBe(true)
    expect(verify(signed.replace('RelayState', 'Relaystate'))).toBe(false)
  })

  test('asks for nothing that was not set', async () => {
    const plain = { ...asked, signOnAddress: 'https://idp.example.org/', nameIdFormat: null, authnContexts: [] }
    const xml = readXml(unpack(await requestAddress(plain, ours, { ...request, fresh: false }, null)))
    expect(attributeOf(xml, 'ForceAuthn')).toBeNull()
    expect(xml.children.map(({ name }) => name)).toEqual(['Issuer', 'NameIDPolicy'])
    expect(newRequestId()).not.toBe(newRequestId())
  })
})

describe('metadata', () => {
  const describedBy = (keys: string, more = '') =>
    `<?xml version="1.0"?><!-- ours --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example.org">
      <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">${keys}
        <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/slo"/>
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.org/post"/>
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/sso"/>
      </md:IDPSSODescriptor>${more}</md:EntityDescriptor>`
  const keyDescriptor = (certificate: string, use = '') =>
    `<md:KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${certificate.replace(/-----[A-Z ]+-----/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`

  test('of ours says where to answer and by which key we sign', () => {
    const written = ourMetadata(ours, { ownCertificate: key.certificate, nameIdFormat: 'urn:f' })
    const root = readXml(written)
    expect(attributeOf(root, 'entityID')).toBe('https://sign-in.example.org/sign-in/with/p%201/metadata')
    const [role] = root.children
    expect(role?.children.map(({ name }) => name)).toEqual([
      'KeyDescriptor',
      'NameIDFormat',
      'AssertionConsumerService',
    ])
    expect(role && attributeOf(role, 'WantAssertionsSigned')).toBe('true')
    expect(role?.children[2] && attributeOf(role.children[2], 'Location')).toBe(ours.acs)
    expect(written).toContain(key.certificate.split('\n')[1] ?? 'none')
    expect(ourMetadata(ours, { ownCertificate: null, nameIdFormat: null })).not.toContain('KeyDescriptor')
  })

  test('of a provider becomes its settings', () => {
    const keys = `${keyDescriptor(key.certificate, ' use="signing"')}${keyDescriptor(key.certificate)}${keyDescriptor('nonsense', ' use="encryption"')}`
    expect(settingsFromMetadata(describedBy(keys))).toEqual({
      ...samlSettings.parse({
        entityId: 'https://idp.example.org',
        signOnAddress: 'https://idp.example.org/sso',
        signOutAddress: 'https://idp.example.org/slo',
        certificates: [key.certificate],
      }),
    })
  })

  test.each<[string, () => string]>([
    ['has no key', () => describedBy('')],
    ['has a key that is none', () => describedBy(keyDescriptor('nonsense'))],
    ['describes nobody', () => '<r/>'],
    ['describes us', () => ourMetadata(ours, { ownCertificate: null, nameIdFormat: null })],
    [
      'describes two',
      () => `<r>${[1, 2].map(() => describedBy(keyDescriptor(key.certificate)).slice(34)).join('')}</r>`,
    ],
    ['has a document type', () => `<!DOCTYPE r>${describedBy(keyDescriptor(key.certificate)).slice(21)}`],
    ['is no XML', () => 'not found'],
    ['is too much', () => `<r>${' '.repeat(600_000)}</r>`],
    [
      'leads elsewhere than to the web',
      () => describedBy(keyDescriptor(key.certificate)).replace('https://idp.example.org/sso', 'javascript:alert(1)'),
    ],
  ])('that %s is refused', (_, written) => {
    expect(() => settingsFromMetadata(written())).toThrow(SamlRefused)
  })

  test('with a key that is not RSA is refused in words', () => {
    const command = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x'
    const certificate = execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect(() => settingsFromMetadata(describedBy(keyDescriptor(certificate)))).toThrow(/RSA/)
  })
})
