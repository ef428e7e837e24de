// The door for programs: JSON under /api/v1, the description of it, the two health checks, and the metrics. Every operation is
// declared once (see operation.ts), and is reached through the door's gates or not at all.

import { createDoor, type Door, type DoorParts } from '../http/door.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import { describeApi } from './openapi.ts'
import { operationsOn } from './operation.ts'
import { accessTokenOperations } from './operations/access-tokens.ts'
import { auditEventOperations } from './operations/audit-events.ts'
import { groupOperations } from './operations/groups.ts'
import { meOperations } from './operations/me.ts'
import { ownSessionOperations } from './operations/own-sessions.ts'
import { policyOperations } from './operations/policy.ts'
import { userActOperations } from './operations/user-acts.ts'
import { userOperations } from './operations/users.ts'
import { problem } from './problems.ts'
import { createReadiness } from './readiness.ts'

export interface ApiParts {
  machine: SignInParts
  settings: HttpSettings
}

export interface ApiHooks extends Pick<DoorParts, 'onBug' | 'onAnswer'> {
  /** Writes the figures of this process as Prometheus reads them. */
  exposition: () => Promise<{ type: string; text: string }>
  /** Tells whether the process has been asked to stop. */
  isStopping: () => boolean
}

export interface Api extends Door {
  /** The OpenAPI document. */
  description: Record<string, unknown>
}

/** Builds the door. */
export function createApi({ machine, settings }: ApiParts, { exposition, isStopping, ...hooks }: ApiHooks): Api {
  const door = createDoor({
    machine,
    settings,
    refuse: (c, refusal) => problem(c, { ...settings, now: machine.clock() }, refusal),
    ...hooks,
  })

  door.anyone('get', '/healthz', (c) => c.json({ status: 'alive' }))

  const isReady = createReadiness(machine)
  door.anyone('get', '/readyz', async (c) => {
    if (isStopping()) return c.json({ status: 'stopping' }, 503)
    return (await isReady()) ? c.json({ status: 'ready' }) : c.json({ status: 'unavailable' }, 503)
  })

  door.monitoring('get', '/metrics', async (c) => {
    const { type, text } = await exposition()
    return c.body(text, 200, { 'Content-Type': type })
  })

  const operations = operationsOn(door)
  meOperations(operations, machine)
  ownSessionOperations(operations, machine)
  accessTokenOperations(operations, machine)
  userOperations(operations, { machine, settings })
  userActOperations(operations, { machine, settings })
  groupOperations(operations, machine)
  policyOperations(operations, machine)
  auditEventOperations(operations, machine)

  let written: Record<string, unknown> | null = null
  // Written when somebody first asks for it: nobody who starts the service waits for that.
  const describe = () => {
    written ??= describeApi(operations.declared)
    return written
  }
  door.anyone('get', '/api/openapi.json', (c) => c.json(describe()))

  return {
    ...door,
    get description() {
      return describe()
    },
  }
}
