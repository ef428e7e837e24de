// What the doors need to know about the world outside: the public address, and which proxies are believed.

import type { BlockList } from 'node:net'

export interface HttpSettings {
  /** Origin of the public address; every absolute link and every same-origin check goes by it, never by a header. */
  url: string
  /** What the service is called at present. */
  readonly serviceName: string
  trustedProxies: BlockList
  /** What a program must bear to read the metrics; null where none is set. */
  metricsToken: string | null
}

/** Tells whether the public address is https. Only then do cookies carry `Secure` and answers HSTS. */
export function isSecure(settings: HttpSettings): boolean {
  return settings.url.startsWith('https:')
}
