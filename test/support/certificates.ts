// Self-made certificates: two authorities, and a server's certificate for this machine that the first of them has signed.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface Certificates {
  /** The authority that signed, and one that did not. */
  authority: string
  stranger: string
  certificate: string
  key: string
}

/** Makes them in the folder; the names of files come back. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const newKey = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    file(name),
  ]
  for (const name of ['authority', 'stranger'])
    openssl('req', '-x509', ...newKey(`${name}.key`), '-days', '2', '-subj', `/CN=${name}`, '-out', file(`${name}.pem`))
  openssl(
    ...['req', '-x509', ...newKey('server.key'), '-days', '2', '-subj', '/CN=localhost', '-out', file('server.pem')],
    ...['-addext', 'subjectAltName=DNS:localhost', '-CA', file('authority.pem'), '-CAkey', file('authority.key')],
  )
  return {
    authority: file('authority.pem'),
    stranger: file('stranger.pem'),
    certificate: file('server.pem'),
    key: file('server.key'),
  }
}
