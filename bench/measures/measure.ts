// What every measure is given, and what it gives back.

import type { DatabaseKind } from '../../test/support/command-words.ts'
import type { Options } from '../options.ts'
import type { Figure } from '../report.ts'
import type { HashSpeed } from '../stage/hashes.ts'
import { type RunningProcess, type ServiceOptions, startService } from '../stage/service.ts'
import type { Stage, Theatre } from '../stage/stage.ts'

export interface Context {
  options: Options
  theatre: Theatre
  cores: number
  /** Tells what is being done, for whoever waits. */
  say: (text: string) => void
  /** How fast these cores hash with so many hashes at once, measured once in this run. */
  hashSpeed(atOnce: number): Promise<HashSpeed>
}

/** Takes its figures on one database. */
export type Measure = (context: Context, kind: DatabaseKind) => Promise<Figure[]>

/** Starts the service on a stage, lets something be done with it, and stops it whatever comes of that. */
export async function withService<Result>(
  stage: Stage,
  act: (service: RunningProcess) => Promise<Result>,
  more: Partial<ServiceOptions> = {},
): Promise<Result> {
  const service = await startService({ database: stage.database, folder: stage.folder, ...more })
  try {
    return await act(service)
  } finally {
    await service.stop()
  }
}
