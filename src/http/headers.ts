// Headers on every response, errors and assets included (ASVS 3.4). The policy allows no inline script and no inline
// style, and nothing from elsewhere.

import { type HttpSettings, isSecure } from './settings.ts'

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const always: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // Not `no-referrer`: with it, browsers send `Origin: null` on our own forms, and the same-origin check could not tell.
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy':
    'accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Sets them all; pages and data are never stored by a browser or proxy unless the handler allows it. */
export function setSecurityHeaders(headers: Headers, settings: HttpSettings): void {
  for (const [name, value] of Object.entries(always)) headers.set(name, value)
  if (isSecure(settings)) headers.set('Strict-Transport-Security', 'max-age=63072000; includeSubDomains')
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
}
