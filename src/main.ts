// Starts the service. The only file that acts when it is imported: reads the settings, opens the database, proves the key,
// serves, does the background work, and stops cleanly.

import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { type Config, ConfigFaults, keyFilePath, readConfig, sqliteFilePath, unknownSettings } from './config.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate } from './database/migrate.ts'
import { readStaticFiles } from './http/static-files.ts'
import { logMailer, smtpMailer } from './mail/mailer.ts'
import { createKeyFile, type MasterKey, masterKey, parseMasterKey, readKeyFile } from './secrets/master-key.ts'
import { confirmKey, hasKeyCheck, sealerFor } from './secrets/sealing.ts'
import { listen } from './server.ts'
import { createAdministratorFromSettings, createService, type Service } from './service.ts'
import { type Clock, machineClock, minutes, seconds } from './time.ts'

/** A reason not to start that the operator can do something about: told in a sentence, without a stack. */
class CannotStart extends Error {}

async function start(): Promise<void> {
  const config = readConfig(process.env, process.cwd())
  const log = pino({ level: config.logLevel, redact: ['req.headers.cookie', 'req.headers.authorization'] })
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'this is not a setting; is it misspelt?')

  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
  const db = await openDatabase(
    config.databaseUrl === null ? { sqliteFile: sqliteFilePath(config) } : { postgres: config.databaseUrl },
  )
  const key = await openWithKey(config, db)
  const service = createService({
    config,
    db,
    key,
    clock: machineClock,
    mailer: config.mail
      ? await smtpMailer(config.mail.url, config.mail.from)
      : logMailer((line) => log.info(line, 'mail kept in the outbox: no mail server is set')),
    log,
    assets: await readAssets(),
  })
  if (config.firstAdministrator) {
    const parts = { db, clock: machineClock, serviceName: config.name, hashing: service.machine.hashing }
    if (await createAdministratorFromSettings(parts, config.firstAdministrator))
      log.info({}, 'the first administrator was created from the settings')
  }
  const server = await listen(service, config).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE'
      ? new CannotStart(`Port ${config.port} is taken. Choose another one with PORT.`)
      : error
  })
  await announce(config, service)
  const stopWorking = workInBackground(service, machineClock, log)
  stopOnSignal(log, async () => {
    stopWorking()
    await server.stop()
    await db.destroy()
  })
}

/**
 * Proves the key, then brings the database up to date. In this order: with the wrong key, or none, nothing is written to
 * a database that another key has sealed.
 */
async function openWithKey(config: Config, db: Database): Promise<MasterKey> {
  try {
    const isSealed = await hasKeyCheck(db)
    const bytes = config.secretKey === null ? await keyFromFile(config, isSealed) : parseMasterKey(config.secretKey)
    if (!bytes) throw new CannotStart('COUNTERSIGN_SECRET_KEY is not a key.')
    const key = masterKey(bytes)
    if (isSealed) await mustBeRight(key, db)
    await migrate(db)
    await mustBeRight(key, db)
    return key
  } catch (error) {
    if (error instanceof CannotStart) throw error
    const told = error instanceof Error ? [error, error.cause].filter((one) => one instanceof Error) : []
    throw new CannotStart(`The database cannot be used. ${told.map(({ message }) => message).join(' ')}`, {
      cause: error,
    })
  }
}

async function mustBeRight(key: MasterKey, db: Database): Promise<void> {
  if (await confirmKey(db, sealerFor(key), machineClock())) return
  throw new CannotStart(
    'This is not the secret key that the database was made with. Nothing was changed. Put the right key into COUNTERSIGN_SECRET_KEY, or its file into the data folder.',
  )
}

/** Reads the key file, or makes one for a database that has sealed nothing yet. */
async function keyFromFile(config: Config, isSealed: boolean): Promise<Buffer> {
  const path = keyFilePath(config)
  const existing = await readKeyFile(path).catch((error: Error) => {
    throw new CannotStart(error.message)
  })
  if (existing) return existing
  if (isSealed)
    throw new CannotStart(
      `The secret key is missing: ${path} is not there and COUNTERSIGN_SECRET_KEY is not set. A new key could not read what the old one sealed.`,
    )
  return createKeyFile(path)
}

/** Reads what the build made for browsers, and the names it gave to the script and the style sheet. */
async function readAssets() {
  const folder = join(import.meta.dirname, '../client')
  if (!existsSync(join(folder, 'manifest.json')))
    throw new CannotStart('The files for browsers are missing. Run "npm run build" first.')
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Record<
    string,
    { file: string } | undefined
  >
  const nameOf = (source: string) => `/${manifest[source]?.file ?? ''}`
  return {
    script: nameOf('src/browser/main.ts'),
    style: nameOf('src/browser/main.css'),
    files: await readStaticFiles(folder),
  }
}

async function announce(config: Config, service: Service): Promise<void> {
  const link = await service.setUpLink()
  const lines = [`${config.name} is ready at ${config.url}`]
  if (link !== null)
    lines.push('', 'There is no administrator yet. Create the first one with this link; it works once:', `  ${link}`)
  process.stdout.write(`\n${lines.join('\n')}\n\n`)
}

function workInBackground(service: Service, clock: Clock, log: Logger): () => void {
  const working = { mail: false, audit: false, policy: false, purge: false }
  const once = async (work: keyof typeof working, act: () => Promise<unknown>) => {
    if (working[work]) return
    working[work] = true
    await act().catch((error: unknown) =>
      log.error({ err: error, at: clock() }, `${work} failed; it will be tried again`),
    )
    working[work] = false
  }
  const timers = [
    setInterval(() => void once('mail', () => service.deliverMail()), seconds(2)),
    setInterval(() => void once('audit', () => service.linkAudit()), seconds(2)),
    setInterval(() => void once('policy', () => service.sweepEnforcement()), seconds(5)),
    setInterval(() => void once('purge', () => service.purge()), minutes(10)),
  ]
  return () => timers.forEach(clearInterval)
}

function stopOnSignal(log: Logger, stop: () => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'stopping')
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed')
          process.exit(1)
        },
      )
    })
  }
}

start().catch((error: unknown) => {
  if (error instanceof ConfigFaults)
    process.stderr.write(
      `Countersign cannot start. Please mend these settings:\n${error.faults.map((fault) => `  - ${fault}\n`).join('')}`,
    )
  else if (error instanceof CannotStart) process.stderr.write(`Countersign cannot start. ${error.message}\n`)
  else process.stderr.write(`Countersign cannot start.\n${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
