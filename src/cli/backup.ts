// Commands that keep the data and put it back: a backup while the service runs, a restore into an empty database, and the
// same care for a database that was put back in another way.

import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createLinker } from '../audit/chain.ts'
import { recordAlone } from '../audit/record.ts'
import { type Config, keyFilePath } from '../config.ts'
import { writeBackup } from '../copying/backup.ts'
import { mustNotBeBehind, openAsCurrent, restore } from '../copying/restore.ts'
import { type OnProgress, totalRows } from '../copying/rows.ts'
import type { Tally } from '../database/copy-note.ts'
import type { Database } from '../database/database.ts'
import { schemaState } from '../database/migrate.ts'
import { nameOfDatabase, openDatabaseOf, proveKeyTo } from '../open.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { type Voided, voidWhatMayBeSpent } from '../sign-in/after-restore.ts'
import { type Instant, isoTime } from '../time.ts'
import { type Command, exitCodes, type Surroundings, UsageFault } from './command.ts'
import { changeDatabase, settingsFrom, tellWhy, withTables } from './opening.ts'
import type { Terminal } from './terminal.ts'

const backup: Command = {
  name: 'backup',
  words: ['FILE'],
  options: [{ name: 'overwrite', meaning: 'Replace FILE if it is there and is a backup, or empty.' }],
  summary: 'Write a backup of the database to a file, while the service runs or not.',
  about: [
    'FILE may be a folder: the backup gets a name with the time then. It is one SQLite file, from SQLite and PostgreSQL alike, of the database as it is at one moment. It is read again and compared before it gets its name, and only its owner may read it. Prints the name.',
    'The secret key is not in it. Without the key a backup is worth nothing, and whoever has both can read the secrets of authenticators: keep them apart.',
    'A database that an older version has left can be backed up as well, before the service brings it up to date.',
  ],
  examples: ['countersign backup /var/backups/countersign/', 'countersign backup nightly.sqlite --overwrite'],
  run: async (given, surroundings) => {
    const { clock, terminal } = surroundings
    const file = fileFrom(given.words[0] ?? '', surroundings)
    await withTables(surroundings, async ({ config, db, keys }) => {
      const wish = {
        file,
        overwrite: given.has('overwrite'),
        clock,
        onCopying: progressOf(terminal, 'Copying'),
        onChecking: progressOf(terminal, 'Checking'),
      }
      const done = await writeBackup(db, wish).catch(tellWhy)
      terminal.progress('')
      await note(db, keys, totalRows(done.tables), surroundings)
      terminal.say(`Backed up ${amountOf(done.tables)}, as of ${isoTime(done.madeAt)}, and read it all again.`)
      terminal.say(whereTheKeyIs(config))
    })
    await terminal.write(`${file}\n`)
    return exitCodes.done
  },
}

function fileFrom(typed: string, { folder, clock }: Surroundings): string {
  if (typed === '') throw new UsageFault('FILE must not be empty.')
  const path = resolve(folder, typed)
  const isFolder = typed.endsWith('/') || (existsSync(path) && statSync(path).isDirectory())
  return isFolder ? join(path, `countersign-${isoTime(clock()).slice(0, 19).replaceAll(':', '-')}Z.sqlite`) : path
}

/** A backup that cannot be noted, because the disk is full or the database is of an older version, is a backup all the same. */
async function note(db: Database, keys: KeyRing, rows: number, { clock, terminal }: Surroundings): Promise<void> {
  if ((await schemaState(db)) !== 'current')
    return terminal.say('Note: the database is of an older version, so its audit log has no event of this backup.')
  const event = { name: 'database.backed-up' as const, details: { rows } }
  await recordAlone(db, event, { now: clock(), caller: null, actor: null, subject: null })
    .then(() => createLinker(db, keys).link(clock()))
    .catch(() => terminal.say('Note: the audit event of this backup could not be written.'))
}

const restoreCommand: Command = {
  name: 'restore',
  words: ['FILE'],
  options: [],
  summary: 'Put a backup into an empty database.',
  about: [
    'Into the database that the settings name, SQLite or PostgreSQL, whichever the backup came from; a backup of an older version is brought up to date. Refuses a database that holds anything, and another key than the one of the backup: put the key in place first. Stopped at any moment, it leaves an empty database, and can be run again.',
    'What may have been used, ended or revoked since the backup works no more: sessions, sign-ins, one-time links, invitations, personal access tokens, verification codes up to now, and all recovery codes. Passwords and authenticators stay. Whoever has 2FA makes new recovery codes at the next sign-in; whoever has no authenticator at hand needs a reset of their MFA. Mail that waited is not sent.',
    'What nobody can know stays as it was at the time of the backup: whoever was deactivated or deleted since, or got another role, password or authenticator, has what they had then.',
    'Takes a file that SQLite itself has copied as well (.backup, VACUUM INTO).',
  ],
  examples: ['countersign restore /var/backups/countersign/countersign-2026-11-24T03-00-00Z.sqlite'],
  run: async (given, surroundings) => {
    const { clock, folder, terminal } = surroundings
    const config = settingsFrom(surroundings)
    const file = resolve(folder, given.words[0] ?? '')
    await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
    const opened = await openAsCurrent(file, config.dataFolder, progressOf(terminal, 'Checking')).catch(tellWhy)
    try {
      const keys = await proveKeyTo(config, opened.db).catch(tellWhy)
      const target = await openDatabaseOf(config).catch(tellWhy)
      try {
        const onProgress = progressOf(terminal, 'Restoring')
        const { tables, voided } = await restore(opened, target, { clock, onProgress }).catch(tellWhy)
        terminal.progress('')
        await createLinker(target, keys).link(clock())
        terminal.say(`Restored ${amountOf(tables)} into ${nameOfDatabase(config)}.`)
        tellWhatIsVoid(terminal, voided, opened.madeAt)
      } finally {
        await target.destroy()
      }
    } finally {
      await opened.close()
    }
    return exitCodes.done
  },
}

const afterRestore: Command = {
  name: 'after-restore',
  words: [],
  options: [],
  summary: 'After the database was put back in another way, make sure that nothing which was used since works again.',
  about: [
    'For a database that was put back as it was earlier by other means than countersign restore: pg_restore, a recovery to a point in time, a snapshot of the machine, a copied file. Nothing in such a database shows that it is old. Stop the service, run this, start the service. It does what countersign restore does behind the rows.',
  ],
  examples: ['countersign after-restore'],
  run: async (_given, surroundings) => {
    const { clock, terminal } = surroundings
    const voided = await changeDatabase(surroundings, async ({ db }) => {
      await mustNotBeBehind(db, clock()).catch(tellWhy)
      return db.transaction().execute((trx) => voidWhatMayBeSpent(trx, { madeAt: null, now: clock() }))
    })
    tellWhatIsVoid(terminal, voided, null)
    return exitCodes.done
  },
}

function tellWhatIsVoid(terminal: Terminal, voided: Voided, madeAt: Instant | null): void {
  const { sessions, links, invitations, accessTokens, recoveryCodes, mails } = voided
  const since = madeAt === null ? 'the time it is of' : isoTime(madeAt)
  const lines = [
    `Ended or void now: sessions (${sessions}), one-time links (${links}), invitations (${invitations}), personal access tokens (${accessTokens}), sets of recovery codes (${recoveryCodes}). Given up: mails that waited (${mails}).`,
    'Whoever has 2FA signs in with a code of their authenticator, from about a minute from now, and makes new recovery codes.',
    `What happened since ${since} is not in it. Whoever was deactivated or deleted since, or got another role, password, address or authenticator, has what they had before: look it up in logs or exports of that time, and do it again. So with enforcement, groups and settings.`,
  ]
  for (const line of lines) terminal.say(line)
}

function whereTheKeyIs(config: Config): string {
  const place = config.secretKey === null ? keyFilePath(config) : 'COUNTERSIGN_SECRET_KEY'
  return `The secret key is not in it. It is in ${place}: keep a copy apart from the backup, you need both.`
}

/** Says how much there is. */
export function amountOf(tables: readonly Tally[]): string {
  return `${totalRows(tables)} rows of ${tables.length} tables`
}

/** Shows how far long work on tables has come. */
export function progressOf(terminal: Terminal, doing: string): OnProgress {
  return (table, rows, of) => terminal.progress(`${doing} ${table}: ${rows} of ${of} …`)
}

export const backupCommands: readonly Command[] = [backup, restoreCommand, afterRestore]
