/** Gives a test a PostgreSQL database that is its own and empty, so that tests never meet in their data. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

/** A database of one test: where it is, and how to be rid of it. */
export type TestDatabase = { url: string; drop: () => Promise<void> }

async function order(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * Creates an empty database in the cluster of this run, or a copy of `template` (the name or URL of a database that
 * nobody is connected to), which is the cheap way to a database with every migration already applied.
 */
export async function createDatabase(template = 'template1'): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const source = template.includes('/') ? new URL(template).pathname.slice(1) : template
  await order(`create database ${name} template ${source} strategy file_copy`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return { url: url.href, drop: () => order(`drop database if exists ${name} with (force)`) }
}
