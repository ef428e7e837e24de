// The command line as a real process, on the database of a service that runs or does not.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { needsBuild } from '../support/built.ts'
import { type Ended, runCommand } from '../support/command.ts'
import { password } from '../support/people.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { dialects } from '../support/service.ts'

const root = join(import.meta.dirname, '../..')

needsBuild()

for (const dialect of dialects) {
  describe(`the command line on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let postgres: TestDatabase | null
    let running: ServiceProcess[]
    beforeEach(async () => {
      running = []
      folder = await mkdtemp(join(tmpdir(), 'countersign-command-'))
      postgres = dialect === 'postgres' ? await createDatabase() : null
    })
    afterEach(async () => {
      for (const service of running) await service.stop()
      await postgres?.drop()
      await rm(folder, { recursive: true })
    })

    const data = () => join(folder, 'data')
    const settings = (): Record<string, string> => ({
      COUNTERSIGN_DATA: data(),
      COUNTERSIGN_URL: 'http://localhost:8080',
      ...(postgres ? { DATABASE_URL: postgres.url } : {}),
    })
    const admin = { COUNTERSIGN_ADMIN_EMAIL: 'root@example.org', COUNTERSIGN_ADMIN_PASSWORD: password }
    async function start(): Promise<ServiceProcess> {
      const service = await startProcess({
        COUNTERSIGN_DATA: data(),
        ...(postgres ? { DATABASE_URL: postgres.url } : {}),
        ...admin,
      })
      running.push(service)
      return service
    }
    /** Makes a database with an administrator in it, and leaves it without a service. */
    const prepare = async () => void (await (await start()).stop())
    const run = (...words: string[]) => runCommand(words, settings())
    const openItsDatabase = () =>
      openDatabase(postgres ? { postgres: postgres.url } : { sqliteFile: join(data(), 'countersign.sqlite') })
    async function inDatabase<Result>(act: (db: Awaited<ReturnType<typeof openItsDatabase>>) => Promise<Result>) {
      const db = await openItsDatabase()
      try {
        return await act(db)
      } finally {
        await db.destroy()
      }
    }
    const events = (name: string) =>
      inDatabase((db) => db.selectFrom('audit_events').selectAll().where('name', '=', name).execute())
    const post = (service: ServiceProcess, path: string, fields: Record<string, string>) =>
      fetch(`${service.url}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: service.url },
        body: new URLSearchParams(fields),
      })

    test('adds a user whose link works, while the service runs', async () => {
      const service = await start()
      const added = await runCommand(['user', 'add', 'ada@example.org', '--name', 'Ada Example'], {
        ...settings(),
        COUNTERSIGN_URL: service.url,
      })
      expect(added.code).toBe(0)
      expect(added.said).toContain('Added ada@example.org as member. This link works once, until ')
      const link = added.out.trim()
      expect(link).toMatch(new RegExp(`^${service.url}/accept-invitation\\?token=[\\w-]{43}$`))
      expect((await fetch(link)).status).toBe(200)
      const token = new URL(link).searchParams.get('token') ?? ''
      const accepted = await post(service, '/accept-invitation', { token, password })
      expect(accepted.headers.get('location')).toBe('/my-profile')
      const [event] = (await events('user.created')).filter(({ details }) => details.includes('host'))
      expect(event).toMatchObject({ actor_id: null, address: null })
      expect(JSON.parse(event?.details ?? '')).toEqual({ role: 'member', by: 'host' })
      const everything = JSON.stringify(await inDatabase((db) => db.selectFrom('audit_events').selectAll().execute()))
      expect(everything).not.toContain(token)
    })

    test('lists users, for people and for programs', async () => {
      await prepare()
      expect((await run('user', 'add', 'ada@example.org', '--role', 'auditor')).code).toBe(0)
      const people = await run('user', 'list')
      expect(people).toMatchObject({ code: 0, said: '' })
      const [heading, ada, administrator, ...more] = people.out.trimEnd().split('\n')
      expect(heading).toMatch(/^EMAIL +NAME +ROLE +STATE +2FA +LAST SIGN-IN$/)
      expect(ada).toMatch(/^ada@example\.org +- +auditor +invited +off +never$/)
      expect(administrator).toMatch(/^root@example\.org +- +administrator +active +off +never$/)
      expect(more).toEqual([])
      const programs = await run('user', 'list', '--json', '--role=auditor')
      expect(
        programs.out
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual([
        expect.objectContaining({ email: 'ada@example.org', role: 'auditor', state: 'invited', lastSignIn: null }),
      ])
      expect(await run('user', 'list', '--role', 'help-desk')).toEqual({
        code: 0,
        out: '',
        said: 'There are no such users.\n',
      })
    })

    test('lists more users than fit on a page, each once', async () => {
      await prepare()
      const users = Array.from({ length: 120 }, (_, index) => ({
        id: `u${index}`,
        email: `u${index}@example.org`,
        email_key: `u${index}@example.org`,
        role: 'member' as const,
        theme: 'system' as const,
        created_at: 1,
      }))
      await inDatabase((db) => db.insertInto('users').values(users).execute())
      const { out } = await run('user', 'list', '--json')
      const emails = out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { email: string }).email)
      expect(new Set(emails).size).toBe(121)
      expect(emails).toHaveLength(121)
    })

    test('deactivates a user at once, with everything they have open', async () => {
      const service = await start()
      const { out } = await run('user', 'add', 'ada@example.org')
      const token = new URL(out.trim()).searchParams.get('token') ?? ''
      const accepted = await post(service, '/accept-invitation', { token, password })
      const cookie = accepted.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ')
      const profile = () => fetch(`${service.url}/my-profile`, { redirect: 'manual', headers: { cookie } })
      expect((await profile()).status).toBe(200)
      expect(await run('user', 'deactivate', 'ADA@example.org')).toEqual({
        code: 0,
        out: '',
        said: 'Deactivated ADA@example.org.\n',
      })
      expect((await profile()).status).toBe(303)
      const again = await run('user', 'deactivate', 'ada@example.org')
      expect(again).toEqual({ code: 1, out: '', said: 'countersign: ada@example.org is deactivated already.\n' })
      const [event] = await events('user.deactivated')
      expect([event?.actor_id, event?.details]).toEqual([null, '{"by":"host"}'])
    })

    test('gives another role, and keeps the last administrator', async () => {
      await prepare()
      const kept =
        'countersign: Nobody else could administer this service then. Make somebody else an administrator first.\n'
      expect(await run('user', 'set-role', 'root@example.org', 'member')).toEqual({ code: 1, out: '', said: kept })
      expect(await run('user', 'deactivate', 'root@example.org')).toEqual({ code: 1, out: '', said: kept })
      await run('user', 'add', 'ada@example.org')
      const given = await run('user', 'set-role', 'ada@example.org', 'help-desk')
      expect(given).toMatchObject({ code: 0, said: 'ada@example.org was member and is help-desk now.\n' })
      expect((await run('user', 'set-role', 'ada@example.org', 'help-desk')).said).toContain('already')
      const changed = await events('user.role-changed')
      expect(changed.map(({ actor_id, details }) => [actor_id, JSON.parse(details)])).toEqual([
        [null, { from: 'member', to: 'help-desk', by: 'host' }],
      ])
    })

    /** Turns 2FA on for somebody, past the pages, and gives their password no part in it. */
    const protect = (email: string) =>
      inDatabase(async (db) => {
        const { id } = await db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()
        await db
          .insertInto('totp_factors')
          .values({ id: 'f', user_id: id, name: 'Phone', sealed_secret: 'x', created_at: 1, last_step: 0, failures: 0 })
          .execute()
      })

    test.each([true, false])('resets the MFA of the last administrator, with a service that runs: %s', async (runs) => {
      if (runs) await start()
      else await prepare()
      await protect('root@example.org')
      const url = running[0]?.url ?? 'http://localhost:8080'
      const reason = 'Phone lost, met in person'
      const done = await runCommand(['user', 'reset-mfa', 'ROOT@example.org', '--reason', reason], {
        ...settings(),
        COUNTERSIGN_URL: url,
      })
      expect(done.code).toBe(0)
      expect(done.said).toMatch(/^Reset the MFA of ROOT@example\.org\. This link works once, until .* UTC:\n$/)
      const link = done.out.trim()
      expect(link).toMatch(new RegExp(`^${url}/set-up-mfa-link\\?token=[\\w-]{43}$`))
      const [event] = await events('mfa.reset')
      expect(event).toMatchObject({ actor_id: null, address: null })
      expect(JSON.parse(event?.details ?? '')).toEqual({ reason, by: 'host' })
      expect(event?.linked_at).not.toBeNull()
      const mails = await inDatabase((db) => db.selectFrom('outbox').select('recipient').execute())
      expect(mails).toContainEqual({ recipient: 'root@example.org' })
      expect(await inDatabase((db) => db.selectFrom('totp_factors').selectAll().execute())).toEqual([])
      const service = running[0] && runs ? running[0] : await start()
      expect((await fetch(link.replace(url, service.url))).status).toBe(200)
      const signedIn = await post(service, '/sign-in', { email: 'root@example.org', password })
      // The password alone opens nothing: the link is owed.
      expect(signedIn.headers.getSetCookie().some((line) => line.includes('countersign-session='))).toBe(false)
    })

    test('resets nothing without a reason, for nobody, and for who cannot sign in', async () => {
      await prepare()
      const reset = (email: string, ...more: string[]) => run('user', 'reset-mfa', email, ...more)
      expect(await reset('root@example.org')).toMatchObject({ code: 2, out: '' })
      expect(await reset('root@example.org', '--reason', ' ')).toMatchObject({ code: 2, out: '' })
      expect(await reset('no@example.org', '--reason', 'x')).toMatchObject({ code: 1, out: '' })
      await run('user', 'add', 'ada@example.org')
      const invited = await reset('ada@example.org', '--reason', 'x')
      expect(invited).toMatchObject({ code: 1, out: '' })
      expect(invited.said).toContain('ada@example.org cannot sign in')
      expect(await events('mfa.reset')).toEqual([])
    })

    test('says of whom it was told that there is no such user', async () => {
      await prepare()
      const unknown = { code: 1, out: '', said: 'countersign: There is no user with the address no@example.org.\n' }
      expect(await run('user', 'deactivate', 'no@example.org')).toEqual(unknown)
      expect(await run('user', 'set-role', 'no@example.org', 'member')).toEqual(unknown)
      const taken = await run('user', 'add', 'root@example.org')
      expect(taken.said).toBe('countersign: There is a user with the address root@example.org already.\n')
    })

    test('verifies the audit chain, and says what is wrong with it', async () => {
      await prepare()
      const clean = await run('verify-audit')
      expect(clean.code).toBe(0)
      expect(clean.said).toMatch(/^\d+ events, linked from .*: all are as they were linked\.\nHead:\n$/)
      const head = clean.out.trim()
      expect(head).toMatch(/^\d+:[\w-]{43}$/)
      expect((await run('user', 'add', 'ada@example.org')).code).toBe(0)
      expect((await run('verify-audit', '--expect', head)).code).toBe(0)
      const later = (await run('verify-audit')).out.trim()

      await inDatabase(async (db) => {
        await db
          .deleteFrom('audit_links')
          .where('sequence', '>', Number(head.split(':')[0]))
          .execute()
        await db
          .deleteFrom('audit_events')
          .where('id', 'not in', db.selectFrom('audit_links').select('event_id'))
          .execute()
      })
      expect((await run('verify-audit')).code).toBe(0)
      const cut = await run('verify-audit', '--expect', later)
      expect(cut.code).toBe(1)
      expect(cut.said).toContain('the end was cut off, or the chain was made anew')

      await inDatabase((db) => db.updateTable('audit_events').set({ details: '{}' }).execute())
      const changed = await run('verify-audit')
      expect(changed.code).toBe(1)
      expect(changed.said).toMatch(
        /things are wrong\.\n {2}- Link 1: event [\w-]+, its place or its link was changed\.\n/,
      )
    })

    test('vouches for nothing that stands where the expected head was', async () => {
      await prepare()
      const head = (await run('verify-audit')).out.trim()
      await inDatabase(async (db) => {
        await db.deleteFrom('audit_links').execute()
        await db.updateTable('audit_events').set({ linked_at: null, name: 'sign-out' }).execute()
      })
      expect((await run('verify-audit', '--expect', head)).code).toBe(1)
      const links = await inDatabase((db) => db.selectFrom('audit_links').selectAll().execute())
      expect(links).toEqual([])
    })

    test('links what it did itself, with no service running', async () => {
      await prepare()
      await run('user', 'add', 'ada@example.org')
      const unlinked = await inDatabase((db) =>
        db.selectFrom('audit_events').select('id').where('linked_at', 'is', null).execute(),
      )
      expect(unlinked).toEqual([])
    })

    test('exports the audit log as lines or as a table, and notes it', async () => {
      await prepare()
      const lines = await run('export-audit')
      expect(lines.code).toBe(0)
      expect(lines.said).toBe('')
      const names = lines.out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { name: string }).name)
      expect(names).toEqual(['user.created', 'password.set', 'audit.exported'])
      const csv = await run('export-audit', '--format', 'csv', '--since', '2020-01-01', '--until', '2099-12-31')
      expect(csv.out.split('\r\n')[0]).toContain('"time","event"')
      expect(csv.out.trimEnd().split('\r\n')).toHaveLength(5)
      expect((await run('export-audit', '--until', '2020-01-01')).out).toBe('')
      const noted = (await events('audit.exported')).map(({ actor_id, details }) => [actor_id, JSON.parse(details)])
      expect(noted).toContainEqual([null, { format: 'csv', by: 'host', filters: ['since', 'until'] }])
    })

    test('moves no cursor and hides nothing, whatever is in the data', async () => {
      await prepare()
      const nasty = '\u001b[2J\u0007\u202eAda\u009b1m'
      await inDatabase(async (db) => {
        await db.updateTable('users').set({ name: nasty }).execute()
        await db
          .updateTable('audit_events')
          .set({ address: nasty, details: JSON.stringify({ name: nasty }) })
          .execute()
      })
      for (const words of [['user', 'list'], ['user', 'list', '--json'], ['export-audit']]) {
        const { out } = await run(...words)
        expect(out).toContain('Ada')
        expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
      }
      const [user] = (await run('user', 'list', '--json')).out.trimEnd().split('\n')
      expect(JSON.parse(user ?? '')).toMatchObject({ name: nasty })
      const odd = await run(`\u001b[2J`)
      expect(odd.said).not.toContain('\u001b')
    })

    test('says that the disk is full, and does not end as if all were written', async () => {
      await prepare()
      for (const command of ['export-audit', 'user list', 'user add bob@example.org']) {
        const script = `"${process.execPath}" "${join(root, 'bin/countersign.js')}" ${command} 2>&1 >/dev/full; echo "$?"`
        const shell = spawn('bash', ['--norc', '-c', script], { env: { ...settings(), PATH: process.env.PATH ?? '' } })
        let written = ''
        shell.stdout.on('data', (text) => {
          written += String(text)
        })
        await new Promise((closed) => shell.once('close', closed))
        expect(written, command).toMatch(
          /countersign: The result could not be written, or not all of it: ENOSPC.*\n1\n$/,
        )
      }
    })

    test('ends quietly when nobody reads on', async () => {
      await prepare()
      const rows = Array.from({ length: 3000 }, (_, index) => ({
        id: `e${index}`,
        at: index,
        name: 'sign-out',
        details: '{}',
      }))
      for (let at = 0; at < rows.length; at += 500)
        await inDatabase((db) =>
          db
            .insertInto('audit_events')
            .values(rows.slice(at, at + 500))
            .execute(),
        )
      const script = `"${process.execPath}" "${join(root, 'bin/countersign.js')}" export-audit | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`
      const shell = spawn('bash', ['--norc', '-c', script], { env: { ...settings(), PATH: process.env.PATH ?? '' } })
      let written = ''
      for (const stream of [shell.stdout, shell.stderr])
        stream.on('data', (text) => {
          written += String(text)
        })
      await new Promise((closed) => shell.once('close', closed))
      expect(written).toBe('0\n')
    })

    describe('refuses in one sentence', () => {
      const sentence = /^countersign: [^\n]+\n$/
      test('where there is no database, and makes none', async () => {
        const other = { COUNTERSIGN_DATA: join(folder, 'elsewhere') }
        for (const words of [['user', 'list'], ['verify-audit'], ['export-audit'], ['user', 'add', 'a@example.org']]) {
          const ended = await runCommand(words, other)
          expect(ended).toMatchObject({ code: 1, out: '' })
          expect(ended.said).toMatch(sentence)
          expect(ended.said).toContain('There is no database at')
        }
        expect(await readdir(folder)).toEqual([])
      })

      test('where the database cannot be reached, without its password', async () => {
        const url = 'postgres://nobody:my-secret-value@127.0.0.1:1/nothing'
        const ended = await runCommand(['user', 'list'], { ...settings(), DATABASE_URL: url })
        expect(ended.code).toBe(1)
        expect(ended.said).toMatch(sentence)
        expect(ended.said).toContain('The database cannot be used.')
        expect(ended.said).not.toContain('my-secret-value')
      })

      test('another key, or none, and changes nothing', async () => {
        await prepare()
        const wrong = await runCommand(['user', 'add', 'a@example.org'], {
          ...settings(),
          COUNTERSIGN_SECRET_KEY: randomBytes(32).toString('base64'),
        })
        expect(wrong).toMatchObject({ code: 1, out: '' })
        expect(wrong.said).toContain('This is not the secret key that the database was made with.')
        await rm(join(data(), 'secret.key'))
        const missing = await run('user', 'add', 'a@example.org')
        expect(missing).toMatchObject({ code: 1, out: '' })
        expect(missing.said).toContain('The secret key is missing')
        expect(existsSync(join(data(), 'secret.key'))).toBe(false)
        const users = await inDatabase((db) => db.selectFrom('users').select('email').execute())
        expect(users).toEqual([{ email: 'root@example.org' }])
      })

      test('a database of another version', async () => {
        await prepare()
        await inDatabase((db) => sql`delete from kysely_migration where name like '003%'`.execute(db))
        expect((await run('user', 'list')).said).toContain('The database is of an older version.')
        await inDatabase((db) =>
          sql`insert into kysely_migration (name, timestamp) values ('999-later', 'x')`.execute(db),
        )
        expect((await run('user', 'list')).said).toContain('The database belongs to a newer version')
      })

      test('settings that are wrong, all at once', async () => {
        const ended = await runCommand(['user', 'list'], { PORT: 'eighty', COUNTERSIGN_URL: 'ftp://x' })
        expect(ended.code).toBe(1)
        expect(ended.said).toMatch(
          /^countersign: Please mend these settings:\n {2}- PORT [^\n]+\n {2}- COUNTERSIGN_URL [^\n]+\n$/,
        )
      })
    })

    describe('doctor', () => {
      const lines = ({ out }: Ended) =>
        Object.fromEntries(
          [...out.matchAll(/^(ok|warn|FAIL) +(.+?) {2,}(.*)$/gm)].map(([, state, about = '', says]) => [
            about,
            `${state}: ${says}`,
          ]),
        )

      test('finds nothing wrong with a service that is well, and changes nothing', async () => {
        const smtpSaw: string[] = []
        const smtp = new SMTPServer({
          authOptional: true,
          disabledCommands: ['STARTTLS'],
          logger: false,
          onMailFrom: (address, _session, done) => {
            smtpSaw.push(address.address)
            done()
          },
        })
        await new Promise<void>((listening) => smtp.listen(0, '127.0.0.1', () => listening()))
        const { port } = smtp.server.address() as AddressInfo
        await start()
        const before = await inDatabase((db) => db.selectFrom('users').selectAll().execute())
        const ended = await runCommand(['doctor'], {
          ...settings(),
          SMTP_URL: `smtp://127.0.0.1:${port}`,
          COUNTERSIGN_MAIL_FROM: 'countersign@example.org',
        })
        await new Promise<void>((closed) => smtp.close(() => closed()))
        expect(ended.code).toBe(0)
        const found = lines(ended)
        expect(Object.keys(found)).toEqual([
          'Settings',
          'Data folder',
          'Key file',
          'Database',
          'Schema',
          'Key',
          'Writing',
          'Clock',
          'Outbox',
          'Administrators',
          'Audit chain',
          'Mail server',
          'Disk',
        ])
        for (const [about, says] of Object.entries(found))
          expect(says).toMatch(
            about === 'Administrators' ? /^warn: One person alone/ : about === 'Disk' ? /free at/ : /^ok: /,
          )
        expect(await inDatabase((db) => db.selectFrom('users').selectAll().execute())).toEqual(before)
        expect(smtpSaw).toEqual([])
      })

      test('finds what others may read, a mail server that is away, mail that waits, and nobody to administer', async () => {
        await prepare()
        await chmod(data(), 0o755)
        await chmod(join(data(), 'secret.key'), 0o644)
        const long = Date.now() - 3_600_000
        await inDatabase(async (db) => {
          await db.updateTable('users').set({ deactivated_at: 1 }).execute()
          await db
            .insertInto('outbox')
            .values({
              id: 'm',
              recipient: 'x',
              subject: 'x',
              body_text: '',
              body_html: '',
              created_at: long,
              next_try_at: long,
              tries: 1,
            })
            .execute()
          await db.insertInto('audit_events').values({ id: 'e', at: long, name: 'sign-out', details: '{}' }).execute()
        })
        const ended = await runCommand(['doctor'], {
          ...settings(),
          COUNTERSIGN_SESION_IDLE: '1h',
          SMTP_URL: 'smtp://user:my-secret-value@127.0.0.1:1',
          COUNTERSIGN_MAIL_FROM: 'countersign@example.org',
        })
        expect(ended.code).toBe(1)
        const found = lines(ended)
        expect(found['Data folder']).toMatch(dialect === 'sqlite' ? /^FAIL: / : /^warn: /)
        expect(found['Key file']).toMatch(/^FAIL: .*read by others/)
        expect(found['Mail server']).toMatch(/^FAIL: 127\.0\.0\.1:1 does not take our connection/)
        expect(found.Outbox).toMatch(/^warn: 1 mail waits, the oldest for 1 hour\./)
        expect(found.Administrators).toMatch(/^FAIL: Nobody can administer/)
        expect(found['Audit chain']).toMatch(/^warn: \d+ without a link/)
        expect(ended.out).toContain('warn  Settings        COUNTERSIGN_SESION_IDLE is not a setting.')
        expect(ended.out).toContain(`→ Run: chmod 600 ${join(data(), 'secret.key')}`)
        expect(ended.out + ended.said).not.toContain('my-secret-value')
      })

      test('finds events and mails from the future', async () => {
        await prepare()
        const ahead = Date.now() + 3_600_000
        await inDatabase(async (db) => {
          await db.insertInto('audit_events').values({ id: 'e', at: ahead, name: 'sign-out', details: '{}' }).execute()
          await db
            .insertInto('outbox')
            .values({
              id: 'm',
              recipient: 'x',
              subject: 'x',
              body_text: '',
              body_html: '',
              created_at: 1,
              next_try_at: 1,
              sent_at: ahead,
              tries: 1,
            })
            .execute()
        })
        const found = lines(await run('doctor'))
        expect(found.Clock).toMatch(/^FAIL: The newest audit event is dated 1 hour in the future/)
        expect(found.Outbox).toMatch(/^FAIL: The last mail is dated 1 hour in the future/)
      })

      test('finds a database that is damaged or may not be looked at, and makes the other checks all the same', async () => {
        const withoutDatabase = { COUNTERSIGN_URL: 'http://localhost:8080', COUNTERSIGN_DATA: join(folder, 'odd') }
        await mkdir(withoutDatabase.COUNTERSIGN_DATA, { mode: 0o700 })
        await writeFile(join(folder, 'odd/countersign.sqlite'), 'this is no database '.repeat(100))
        const damaged = lines(await runCommand(['doctor'], withoutDatabase))
        expect(damaged.Database).toMatch(/^FAIL: .*countersign\.sqlite does not answer: .*file is not a database/)
        expect(damaged['Mail server']).toMatch(/^warn/)
        await rm(join(folder, 'odd'), { recursive: true })
        await symlink('odd', join(folder, 'odd'))
        const hidden = lines(await runCommand(['doctor'], withoutDatabase))
        expect(hidden['Key file']).toMatch(/^FAIL: .*cannot be looked at: ELOOP/)
        expect(hidden.Database).toMatch(/^FAIL: .*countersign\.sqlite does not answer: .*ELOOP/)
        const listed = await runCommand(['user', 'list'], withoutDatabase)
        expect(listed).toMatchObject({
          code: 1,
          said: expect.stringMatching(/^countersign: The database cannot be used\. ELOOP/),
        })
      })

      test('finds a wrong key, an old schema, and a database that is not there', async () => {
        await prepare()
        const wrong = { ...settings(), COUNTERSIGN_SECRET_KEY: randomBytes(32).toString('base64') }
        expect(lines(await runCommand(['doctor'], wrong)).Key).toMatch(/^FAIL: It is not the one/)
        await inDatabase((db) => sql`delete from kysely_migration where name like '003%'`.execute(db))
        const old = lines(await run('doctor'))
        expect(old.Schema).toMatch(/^FAIL: It is that of an older version/)
        expect(old.Writing).toBeUndefined()
        const away = { COUNTERSIGN_DATA: join(folder, 'elsewhere') }
        const found = await runCommand(['doctor'], away)
        expect(found.code).toBe(1)
        expect(lines(found).Database).toMatch(/^FAIL: There is none at/)
        expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
        const down = { ...settings(), DATABASE_URL: 'postgres://nobody:my-secret-value@127.0.0.1:1/nothing' }
        const unreachable = await runCommand(['doctor'], down)
        expect(lines(unreachable).Database).toMatch(/^FAIL: PostgreSQL at 127\.0\.0\.1:1\/nothing does not answer/)
        expect(unreachable.out).not.toContain('my-secret-value')
      })

      test('names every faulty setting, each on a line', async () => {
        const ended = await runCommand(['doctor'], { PORT: 'eighty', COUNTERSIGN_URL: 'ftp://x' })
        expect(ended.code).toBe(1)
        expect(ended.out.match(/^FAIL {2}Settings/gm)).toHaveLength(2)
      })
    })
  })
}

describe('without a database', { timeout: 60_000 }, () => {
  test('a command that is called wrongly says so, and ends with 2', async () => {
    const ended = await runCommand(['user', 'ad'], { COUNTERSIGN_DATA: '/nonexistent' })
    expect(ended).toEqual({
      code: 2,
      out: '',
      said: 'countersign: There is no command "user ad". See: countersign help\n',
    })
  })

  test('help needs no settings, and comes as well when nothing is asked for', async () => {
    const list = await runCommand([], {})
    expect(list).toMatchObject({ code: 0, said: '' })
    expect(list.out).toContain('  user add ')
    expect(await runCommand(['help'], { PORT: 'eighty' })).toEqual(list)
  })

  test('--version says the version and nothing else', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await runCommand(['--version'], {})).toEqual({ code: 0, out: `${version}\n`, said: '' })
  })

  test('serve runs the service as npm start does', async () => {
    const port = await new Promise<number>((found) => {
      const server = createServer().listen(0, () => {
        const { port: free } = server.address() as AddressInfo
        server.close(() => found(free))
      })
    })
    const folder = await mkdtemp(join(tmpdir(), 'countersign-serve-'))
    const child = spawn(process.execPath, [join(root, 'bin/countersign.js'), 'serve'], {
      env: { PORT: String(port), COUNTERSIGN_DATA: join(folder, 'data') },
    })
    let output = ''
    await new Promise<void>((ready, failed) => {
      child.once('exit', () => failed(new Error(output)))
      child.stderr.on('data', (text) => {
        output += String(text)
      })
      child.stdout.on('data', (text) => {
        output += String(text)
        if (output.includes('is ready at')) ready()
      })
    })
    expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200)
    child.removeAllListeners('exit')
    const code = new Promise<number | null>((done) => child.once('exit', (it) => done(it)))
    child.kill('SIGTERM')
    expect(await code).toBe(0)
    await rm(folder, { recursive: true })
  })
})
