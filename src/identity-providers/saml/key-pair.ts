// The key pair by which we sign what we ask of a SAML provider, with the certificate that the provider knows us by. The
// certificate is self-signed and says nothing but a name: providers take the key out of it.

import { createPublicKey, generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { days, type Instant, isoTime } from '../../time.ts'

const generate = promisify(generateKeyPair)

export interface SamlKeyPair {
  /** PKCS #8, PEM: the secret. */
  privateKey: string
  /** X.509, PEM: for everybody. */
  certificate: string
}

/** Ten years: a new one is a matter for two administrators on one day, so it is never to run out by surprise. */
const certificateLife = days(3650)

/** Makes a key pair of RSA with 3072 bits and its certificate. */
export async function makeSamlKeyPair(commonName: string, now: Instant): Promise<SamlKeyPair> {
  const { privateKey } = await generate('rsa', { modulusLength: 3072 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { privateKey: pem, certificate: certificateFor(pem, commonName, now) }
}

// DER (X.690): what a thing is, how long it is, and what it holds.

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length
  const written =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256]
  return Buffer.concat([Buffer.from([tag, ...written]), content])
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts)
const sha256WithRsa = sequence(der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05))
const commonNameId = der(0x06, Buffer.from('550403', 'hex'))
/** `20261124000000Z` */
const time = (at: Instant) => der(0x18, Buffer.from(`${isoTime(at).slice(0, 19).replace(/[-:T]/g, '')}Z`))

function certificateFor(privateKey: string, commonName: string, now: Instant): string {
  const name = sequence(der(0x31, sequence(commonNameId, der(0x0c, Buffer.from(commonName.slice(0, 64))))))
  const serial = randomBytes(16)
  // Positive, and not zero.
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const body = sequence(
    ...[der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, serial), sha256WithRsa, name],
    ...[sequence(time(now - days(1)), time(now + certificateLife)), name, publicKey],
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const lines = sequence(body, sha256WithRsa, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
