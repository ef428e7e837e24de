// Where a person wanted to go. Only a path of our own is ever followed: no scheme, no host, nothing that a browser might
// read as one (`//host`, `/\host`, control characters).

/** Returns the path (with its query) when it is one of ours, else null. */
export function safePath(typed: string | null | undefined, origin: string): string | null {
  if (!typed || typed.length > 2000) return null
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(typed) || typed.includes('\\')) return null
  const url = URL.parse(typed, origin)
  if (!url || url.origin !== origin) return null
  const path = `${url.pathname}${url.search}`
  return path.startsWith('//') ? null : path
}

/** Returns the path when it is one of ours and worth going back to. Steps on the way are no destination. */
export function safeReturnTo(typed: string | null | undefined, origin: string): string | null {
  const path = safePath(typed, origin)
  return path === null || isPassage(path) ? null : path
}

const passages = ['/sign-in', '/sign-out', '/set-up', '/set-up-mfa', '/recovery-codes', '/accept-invitation', '/assets']

function isPassage(path: string): boolean {
  const [pathname = ''] = path.split('?', 1)
  return pathname === '/' || passages.some((passage) => pathname === passage || pathname.startsWith(`${passage}/`))
}
