// The log: one JSON object a line. Every line that is written while a request is answered has its number. Of an error only
// what it says and where it happened is told: databases and mail servers hang more on theirs, such as the row at fault.

import { type DestinationStream, type Logger, pino } from 'pino'
import type { LogLevel } from './config.ts'
import { currentRequest } from './http/current-request.ts'

/** Makes the log, on standard output unless it is to go elsewhere. */
export function createLog(level: LogLevel, destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level,
      serializers: { err: describeError },
      mixin: () => {
        const requestId = currentRequest()
        return requestId === undefined ? {} : { requestId }
      },
    },
    destination,
  )
}

interface DescribedError {
  type: string
  message: string
  stack?: string | undefined
  code?: string
  cause?: DescribedError
}

/** How deep causes are followed: one may be its own. */
const deepest = 5

function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something that is no error was thrown' }
  const { name: type, message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined || depth >= deepest ? {} : { cause: describeError(error.cause, depth + 1) }
  return { type, message, stack, ...code, ...cause }
}
