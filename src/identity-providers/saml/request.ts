// What we say to a SAML provider: who we are (metadata), and that somebody wants to sign in (AuthnRequest, by redirect, signed
// where there is a key).

import { createHash, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { type Instant, isoTime } from '../../time.ts'
import type { SamlSettings } from '../provider.ts'
import {
  assertionNamespace,
  metadataNamespace,
  postBinding,
  protocolNamespace,
  rsaSha256,
  signatureNamespace,
} from './names.ts'
import { escapeXml } from './xml.ts'

const deflate = promisify(deflateRaw)

/** Who we are to one provider. Another provider knows us by other names, so that neither can answer for the other. */
export interface OurSide {
  entityId: string
  acs: string
}

/** Names what a provider knows us by, below the address of this service. */
export function ourSide(serviceUrl: string, providerId: string): OurSide {
  const base = `${serviceUrl}/sign-in/with/${encodeURIComponent(providerId)}`
  return { entityId: `${base}/metadata`, acs: `${base}/acs` }
}

/** Makes the id of a request: an XML name that nobody could guess. */
export function newRequestId(): string {
  return `_${randomBytes(20).toString('hex')}`
}

export interface SamlRequest {
  id: string
  relayState: string
  /** Whether the person is to prove themselves there afresh. */
  fresh: boolean
  now: Instant
}

type Asked = Pick<SamlSettings, 'signOnAddress' | 'nameIdFormat' | 'authnContexts'>

/** Gives the address to send a browser to. With a private key, the request is signed by it. */
export async function requestAddress(
  settings: Asked,
  ours: OurSide,
  request: SamlRequest,
  privateKey: string | null,
): Promise<string> {
  const packed = (await deflate(authnRequest(settings, ours, request))).toString('base64')
  const query = [
    ['SAMLRequest', packed],
    ['RelayState', request.relayState],
    ...(privateKey === null ? [] : [['SigAlg', rsaSha256]]),
  ]
    .map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  const signature = privateKey === null ? null : sign('sha256', Buffer.from(query), privateKey).toString('base64')
  const signed = signature === null ? query : `${query}&Signature=${encodeURIComponent(signature)}`
  return `${settings.signOnAddress}${settings.signOnAddress.includes('?') ? '&' : '?'}${signed}`
}

function authnRequest(
  { signOnAddress, nameIdFormat, authnContexts }: Asked,
  { entityId, acs }: OurSide,
  { id, fresh, now }: SamlRequest,
): string {
  const format = nameIdFormat === null ? '' : ` Format="${escapeXml(nameIdFormat)}"`
  const contexts = authnContexts
    .map((context) => `<saml:AuthnContextClassRef>${escapeXml(context)}</saml:AuthnContextClassRef>`)
    .join('')
  return [
    `<samlp:AuthnRequest xmlns:samlp="${protocolNamespace}" xmlns:saml="${assertionNamespace}" ID="${escapeXml(id)}"`,
    ` Version="2.0" IssueInstant="${isoTime(now)}" Destination="${escapeXml(signOnAddress)}"`,
    ` ProtocolBinding="${postBinding}" AssertionConsumerServiceURL="${escapeXml(acs)}"${fresh ? ' ForceAuthn="true"' : ''}>`,
    `<saml:Issuer>${escapeXml(entityId)}</saml:Issuer><samlp:NameIDPolicy${format} AllowCreate="true"/>`,
    contexts && `<samlp:RequestedAuthnContext Comparison="exact">${contexts}</samlp:RequestedAuthnContext>`,
    '</samlp:AuthnRequest>',
  ].join('')
}

/** Writes what a provider needs to know of us. */
export function ourMetadata(
  { entityId, acs }: OurSide,
  { ownCertificate, nameIdFormat }: Pick<SamlSettings, 'ownCertificate' | 'nameIdFormat'>,
): string {
  const id = `_${createHash('sha256').update(`${entityId}\n${ownCertificate}\n${nameIdFormat}`).digest('hex')}`
  const key = ownCertificate?.replace(/-----[A-Z ]+-----|\s/g, '')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="${metadataNamespace}" xmlns:ds="${signatureNamespace}" ID="${id}" entityID="${escapeXml(entityId)}">`,
    `  <md:SPSSODescriptor AuthnRequestsSigned="${key !== undefined}" WantAssertionsSigned="true" protocolSupportEnumeration="${protocolNamespace}">`,
    ...(key === undefined
      ? []
      : [
          `    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${escapeXml(key)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
        ]),
    ...(nameIdFormat === null ? [] : [`    <md:NameIDFormat>${escapeXml(nameIdFormat)}</md:NameIDFormat>`]),
    `    <md:AssertionConsumerService index="0" isDefault="true" Binding="${postBinding}" Location="${escapeXml(acs)}"/>`,
    '  </md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
    '',
  ].join('\n')
}
