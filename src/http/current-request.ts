// The number of the request that is being answered, for every line that is logged meanwhile, wherever it is written.

import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<string>()

/** Does something as part of answering the request of this number. */
export function asRequest<Result>(requestId: string, act: () => Result): Result {
  return current.run(requestId, act)
}

/** Tells which request is being answered; undefined outside of any. */
export function currentRequest(): string | undefined {
  return current.getStore()
}
