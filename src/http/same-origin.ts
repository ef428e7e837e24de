// The guard against forged requests: an unsafe request must come from a page of ours. Browsers say where a request comes
// from in `Origin` and `Sec-Fetch-Site`; a request that says neither is refused as well.

import { Refusal } from '../refusal.ts'

const safeMethods = new Set(['GET', 'HEAD'])

/** Throws `cross-origin` for an unsafe request that does not come from `origin`. */
export function mustBeSameOrigin(request: Request, origin: string): void {
  if (safeMethods.has(request.method)) return
  const from = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const fromUs = from === null ? site === 'same-origin' : from === origin
  if (!fromUs || (site !== null && site !== 'same-origin')) throw new Refusal('cross-origin')
}
