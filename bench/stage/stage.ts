// Where the measures take place: a database with people in it, fresh and on its own, and everything that was started on the
// way, which ends with it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { DatabaseAt } from '../../src/database/database.ts'
import { addDatabase, type Cluster, startCluster } from '../../test/support/cluster.ts'
import type { DatabaseKind } from '../../test/support/command-words.ts'
import { seed } from '../seeding/seed.ts'
import { sqliteFileIn } from './service.ts'

/** A database with people in it, for a service to work on. */
export interface Stage {
  kind: DatabaseKind
  users: number
  database: DatabaseAt
  folder: string
  /** The process of the database whose children do the work; null where the service does it itself. */
  databasePid: number | null
}

export interface Theatre {
  /** Which databases were worked on, with their versions. */
  versions(): readonly string[]
  /** Makes a database with so many people in it. One that has been made already is given again. */
  open(kind: DatabaseKind, users: number): Promise<Stage>
  close(): Promise<void>
}

/** Commits reach the disk, as in production; the rest is what a small server has. */
const postgresSettings = { shared_buffers: '512MB', max_connections: '50', max_wal_size: '4GB', jit: 'off' }

/** Opens the theatre: nothing is started before it is needed. */
export function openTheatre(say: (text: string) => void): Theatre {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const stages = new Map<string, Stage>()
  const versions = new Set<string>()
  let cluster: Cluster | null = null

  async function databaseFor(kind: DatabaseKind, name: string, own: string) {
    if (kind === 'sqlite')
      return { at: { sqliteFile: sqliteFileIn(own) }, version: `SQLite ${process.versions.sqlite}` }
    cluster ??= await startCluster(postgresSettings)
    return createDatabase(cluster.url, name)
  }

  return {
    versions: () => [...versions],
    async open(kind, users) {
      const name = `${kind}_${users}`
      const known = stages.get(name)
      if (known) return known
      const began = performance.now()
      const own = mkdtempSync(join(folder, `${name}-`))
      const { at: database, version } = await databaseFor(kind, name, own)
      versions.add(version)
      const onProgress = (done: number) =>
        say(`${kind}: ${done.toLocaleString('en-US')} of ${users.toLocaleString('en-US')} people`)
      await seed(database, users, { now: Date.now(), onProgress })
      say(`${kind}: ${users.toLocaleString('en-US')} people in ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
      const stage = {
        kind,
        users,
        database,
        folder: own,
        databasePid: kind === 'postgres' ? (cluster?.pid ?? null) : null,
      }
      stages.set(name, stage)
      return stage
    },
    async close() {
      await cluster?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function createDatabase(url: string, name: string): Promise<{ at: DatabaseAt; version: string }> {
  const postgres = await addDatabase(url, name)
  const client = new Client({ connectionString: postgres })
  await client.connect()
  const version: string = (await client.query('show server_version')).rows[0].server_version
  await client.end()
  return { at: { postgres }, version: `PostgreSQL ${version.split(' ')[0]}` }
}
