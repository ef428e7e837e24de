// PgBouncer in front of the PostgreSQL of the tests, in transaction mode: each transaction may run on another connection than
// the one before. It ends with the process that started it.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from './child.ts'
import { findOwner } from './cluster.ts'

export interface PgBouncer {
  /** The address of the same database through it. */
  through(databaseUrl: string): string
  stop(): Promise<void>
}

/** Starts one in front of the server of this address, with so many connections to each database behind it. */
export async function startPgBouncer(serverUrl: string, connections = 4): Promise<PgBouncer> {
  const { hostname, port: behind, username, password } = new URL(serverUrl)
  const folder = await mkdtemp(join(tmpdir(), 'countersign-pgbouncer-'))
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${behind} user=${username} password=${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${connections}`,
    'max_client_conn = 200',
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  const { uid, gid } = findOwner()
  for (const path of [folder, file]) await chown(path, uid, gid)
  const program = existsSync('/usr/sbin/pgbouncer') ? '/usr/sbin/pgbouncer' : 'pgbouncer'
  const rights = process.getuid?.() === 0 ? [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : []
  const child = spawn('setpriv', [...rights, '--pdeathsig=KILL', program, file], { cwd: folder, stdio: 'ignore' })
  const ended = new Promise((settle) => child.once('exit', settle))
  const through = (databaseUrl: string) => {
    const url = new URL(databaseUrl)
    url.port = String(port)
    return url.href
  }
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 1; ; attempt += 1) {
    const client = new Client({ connectionString: through(serverUrl) })
    try {
      await client.connect()
      await client.end()
      return { through, stop }
    } catch (error) {
      if (child.exitCode === null && attempt < 200) {
        await wait(50)
        continue
      }
      await stop()
      throw new Error('The PgBouncer for the tests did not start.', { cause: error })
    }
  }
}
