/**
 * Starts one throw-away PostgreSQL for a whole run of the tests and deletes it afterwards. Nothing is synced to disk, because
 * nothing has to outlive the run.
 */
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { addDatabase, startCluster } from './cluster.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    /** The name of a database in that cluster with every migration applied and nobody connected, to be copied. */
    postgresTemplate: string
  }
}

const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '32MB',
  max_connections: '200',
}

/** Applies every migration once: copying the outcome costs a third of applying them for each test. */
async function createTemplate(url: string): Promise<string> {
  const name = 'migrated'
  const db = await openDatabase({ postgres: await addDatabase(url, name) })
  await migrate(db)
  await db.destroy()
  return name
}

/** Starts the cluster, hands its address to the tests as `postgresUrl`, and returns what ends it. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster(settings)
  provide('postgresUrl', cluster.url)
  provide('postgresTemplate', await createTemplate(cluster.url))
  return () => cluster.stop()
}
