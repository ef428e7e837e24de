// What a SAML provider says of itself, read into the settings that it stands for. Whoever enters it has fetched it from the
// provider; nothing here is asked of anybody.

import { X509Certificate } from 'node:crypto'
import { type SamlSettings, samlSettings } from '../provider.ts'
import { metadataNamespace, protocolNamespace, redirectBinding, signatureNamespace } from './names.ts'
import { SamlRefused } from './refused.ts'
import { attributeOf, childrenNamed, everyElement, readXml, type XmlElement } from './xml.ts'

/** Metadata of a large federation is larger; such a file holds many providers, and only one can be meant. */
const largestMetadata = 512 * 1024

/** Reads the settings out of metadata. Throws `SamlRefused` with what is wrong, in words. */
export function settingsFromMetadata(document: string): SamlSettings {
  if (document.length > largestMetadata) throw new SamlRefused('too-large', 'the metadata is too large')
  const root = readXml(document.replace(/^\ufeff/, ''), { skipsComments: true })
  const described = [...everyElement(root)]
    .filter(({ element }) => element.namespace === metadataNamespace && element.name === 'EntityDescriptor')
    .flatMap(({ element }) =>
      childrenNamed(element, metadataNamespace, 'IDPSSODescriptor')
        .filter((role) =>
          (attributeOf(role, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(protocolNamespace),
        )
        .map((role) => ({ element, role })),
    )
  const [provider] = described
  if (!provider || described.length !== 1)
    throw new SamlRefused('shape', `one SAML 2.0 provider must be described, and there are ${described.length}`)
  const { element, role } = provider
  const parsed = samlSettings.safeParse({
    entityId: attributeOf(element, 'entityID'),
    signOnAddress: locationOf(role, 'SingleSignOnService'),
    signOutAddress: locationOf(role, 'SingleLogoutService'),
    certificates: certificatesOf(role),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new SamlRefused('shape', `${issue?.path.join('.')} in the metadata: ${issue?.message}`)
}

/** Where browsers are redirected to; null where it has no such place. */
function locationOf(role: XmlElement, service: string): string | null {
  const found = childrenNamed(role, metadataNamespace, service).find(
    (one) => attributeOf(one, 'Binding') === redirectBinding,
  )
  return found ? attributeOf(found, 'Location') : null
}

function certificatesOf(role: XmlElement): string[] {
  const keys = childrenNamed(role, metadataNamespace, 'KeyDescriptor').filter(
    (key) => (attributeOf(key, 'use') ?? 'signing') === 'signing',
  )
  const written = keys
    .flatMap((key) => [...everyElement(key)])
    .filter(({ element }) => element.namespace === signatureNamespace && element.name === 'X509Certificate')
    .map(({ element }) => pemOf(element.text))
  return [...new Set(written)]
}

function pemOf(base64: string): string {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).toString()
  } catch (cause) {
    throw new SamlRefused('shape', 'a certificate in the metadata cannot be read', cause)
  }
}
