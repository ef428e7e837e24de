// How answered requests read as figures. What stands in a label is one of a few words or a route as it was declared: never
// an id, an address, or anything else that a request brings along.

/** One answered request, as far as it is counted. */
export interface CountedAnswer {
  method: string
  /** The route as it was declared, such as `/admin/users/:id`; null where there is none. */
  route: string | null
  status: number
  milliseconds: number
}

/** The requests that are steps of signing in and of setting 2FA up, by what the step is called. */
export const signInSteps: Readonly<Record<string, string>> = {
  'POST /sign-in': 'password',
  'POST /sign-in/password': 'password-again',
  'POST /sign-in/verification-code': 'verification-code',
  'POST /sign-in/recovery-code': 'recovery-code',
  'POST /set-up-mfa': 'set-up-mfa',
  'POST /recovery-codes': 'new-recovery-codes',
  'POST /recovery-codes/saved': 'recovery-codes-saved',
}

/** Names the step that was answered, and what came of it; null for any other request. */
export function stepOf({ method, route, status }: CountedAnswer): { step: string; result: string } | null {
  const step = signInSteps[`${method} ${route}`]
  return step === undefined ? null : { step, result: resultOf(status) }
}

function resultOf(status: number): string {
  if (status >= 500) return status === 503 ? 'busy' : 'failed'
  if (status === 429) return 'blocked'
  return status >= 400 ? 'refused' : 'accepted'
}

/** Labels an answer by its route. Where nothing was declared, the method is a caller's whim, and not told. */
export function labelsOf({ method, route, status }: CountedAnswer): { method: string; route: string; status: string } {
  return { method: route === null ? 'any' : method, route: route ?? 'none', status: String(status) }
}

/** Sorts routes into a few kinds, for durations: a histogram for each route would be thousands of lines. */
export function kindOf(route: string | null): string {
  if (route === null) return 'none'
  if (/^\/(?:healthz|readyz|metrics)$/.test(route)) return 'health'
  if (/^\/(?:assets|favicon|brand)/.test(route)) return 'file'
  return route.startsWith('/api/') ? 'api' : 'page'
}
