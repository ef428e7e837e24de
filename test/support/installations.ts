// Installations as operators have them: a data folder, a database, the settings that name both, and the built service on
// them. All of it goes when the test is over.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseAt } from '../../src/database/database.ts'
import { password } from './people.ts'
import { createDatabase } from './postgres.ts'
import { type ServiceProcess, startProcess } from './process.ts'
import type { Dialect } from './service.ts'

/** Whom every service makes that is started on an empty database. */
export const firstAdministrator = {
  COUNTERSIGN_ADMIN_EMAIL: 'root@example.org',
  COUNTERSIGN_ADMIN_PASSWORD: password,
}

export interface Installation {
  data: string
  at: DatabaseAt
  /** The database, as the command line is told of one. */
  url: string
  settings: Record<string, string>
}

export interface Installations {
  folder: string
  /** Those that were started, in that order. */
  services: ServiceProcess[]
  /** Makes room for one, with a database that nobody has used. */
  make(dialect: Dialect, name: string, more?: Readonly<Record<string, string>>): Promise<Installation>
  start(installation: Installation): Promise<ServiceProcess>
  /** Stops what runs and removes everything. */
  end(): Promise<void>
}

/** Makes a folder for installations. */
export async function createInstallations(): Promise<Installations> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-installations-'))
  const services: ServiceProcess[] = []
  const drops: (() => Promise<void>)[] = []
  return {
    folder,
    services,
    make: async (dialect, name, more = {}) => {
      const data = join(folder, name)
      const settings = { COUNTERSIGN_DATA: data, ...more }
      const file = join(data, 'countersign.sqlite')
      if (dialect === 'sqlite') return { data, at: { sqliteFile: file }, url: `sqlite:${file}`, settings }
      const { url, drop } = await createDatabase()
      drops.push(drop)
      return { data, at: { postgres: url }, url, settings: { ...settings, DATABASE_URL: url } }
    },
    start: async ({ settings }) => {
      const service = await startProcess({ ...settings, ...firstAdministrator })
      services.push(service)
      return service
    },
    end: async () => {
      for (const service of services) await service.stop()
      for (const drop of drops) await drop()
      await rm(folder, { recursive: true })
    },
  }
}

/** Signs the first administrator in. */
export function signInFirstAdministrator({ url }: ServiceProcess): Promise<Response> {
  return fetch(`${url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ email: firstAdministrator.COUNTERSIGN_ADMIN_EMAIL, password }),
  })
}

/** The cookies that an answer sets, as a browser sends them back. */
export function cookiesOf({ headers }: Response): string {
  return headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}
