import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../test/support/certificates.ts'
import { type Cluster, findOwner, startCluster } from '../../test/support/cluster.ts'
import { dialects } from '../../test/support/service.ts'
import { openPostgres } from './postgres.ts'

describe.runIf(dialects.includes('postgres'))('PostgreSQL over TLS', { timeout: 60_000 }, () => {
  let folder: string
  let made: Certificates
  let cluster: Cluster
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-tls-'))
    made = makeCertificates(folder)
    const { uid, gid } = findOwner()
    for (const file of [folder, made.certificate, made.key]) await chown(file, uid, gid)
    await chmod(made.key, 0o600)
    cluster = await startCluster({ ssl: 'on', ssl_cert_file: made.certificate, ssl_key_file: made.key, fsync: 'off' })
  }, 60_000)
  afterAll(async () => {
    await cluster.stop()
    await rm(folder, { recursive: true })
  })

  /** Connects with these parameters, and tells whether the server sees TLS; or what went wrong. */
  async function connect(parameters: Record<string, string>, host = 'localhost'): Promise<boolean | string> {
    const url = new URL(cluster.url)
    url.hostname = host
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    const db = await openPostgres(url.href, 1)
    try {
      const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
      return rows[0]?.ssl ?? 'nothing'
    } catch (error) {
      return String(error)
    } finally {
      await db.destroy()
    }
  }

  test.each(['require', 'verify-full'])(
    'with sslmode=%s it must be vouched for by the authority that is named',
    async (sslmode) => {
      expect(await connect({ sslmode, sslrootcert: made.authority })).toBe(true)
      expect(await connect({ sslmode, sslrootcert: made.stranger })).toMatch(/certificate/)
      // The authorities of the system know nothing of it.
      expect(await connect({ sslmode })).toMatch(/certificate/)
    },
  )

  test('it must have the name that was asked for', async () => {
    expect(await connect({ sslmode: 'verify-full', sslrootcert: made.authority }, '127.0.0.1')).toMatch(/127\.0\.0\.1/)
  })

  test('without sslmode there is none', async () => {
    expect(await connect({})).toBe(false)
  })

  test('an authority whose file is missing is told of when it is opened, by the name of the file', async () => {
    const opening = connect({ sslmode: 'verify-full', sslrootcert: join(folder, 'nowhere.pem') })
    await expect(opening).rejects.toThrow('nowhere.pem')
  })

  test('its files are read once: what becomes of them later breaks nothing', async () => {
    const url = new URL(cluster.url)
    url.hostname = 'localhost'
    const copy = makeCertificates(await mkdtemp(join(folder, 'copy-')))
    url.searchParams.set('sslmode', 'verify-full')
    url.searchParams.set('sslrootcert', copy.authority)
    const wrong = await openPostgres(url.href, 1)
    url.searchParams.set('sslrootcert', made.authority)
    const right = await openPostgres(url.href, 1)
    await rm(copy.authority)
    await expect(sql`select 1`.execute(wrong)).rejects.toThrow(/certificate/)
    await rm(made.authority)
    await sql`select 1`.execute(right)
    await wrong.destroy()
    await right.destroy()
  })
})
