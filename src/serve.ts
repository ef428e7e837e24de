// The service as a process: reads the settings, opens the database, proves the key, listens, does the background work, and
// stops cleanly when it is asked to.

import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createLease } from './background/lease.ts'
import { startWorking } from './background/worker.ts'
import { type Config, keyFilePath, newKeyFilePath, readConfig, unknownSettings } from './config.ts'
import type { Database } from './database/database.ts'
import { readStaticFiles } from './http/static-files.ts'
import { createLog } from './log.ts'
import { logMailer, smtpMailer } from './mail/mailer.ts'
import { CannotOpen, openDatabaseOf, openForService } from './open.ts'
import { letHashesStepBack } from './pool-priority.ts'
import { isReadByOthers } from './secrets/key-file.ts'
import { listen } from './server.ts'
import { createAdministratorFromSettings, createService, type Service } from './service.ts'
import { machineClock, minutes, seconds, within } from './time.ts'

/** Starts the service and returns when it is ready. Throws `ConfigFaults` or `CannotOpen` with the reason why it cannot. */
export async function serve(): Promise<void> {
  const config = readConfig(process.env, process.cwd())
  const log = createLog(config.logLevel)
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'this is not a setting; is it misspelt?')

  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new CannotOpen(`The data folder cannot be made (COUNTERSIGN_DATA). ${error.message}`)
  })
  const db = await openDatabaseOf(config)
  const keys = await openForService(config, db, machineClock)
  await warnOfKeysForOthers(config, log)
  const service = createService({
    config,
    db,
    keys,
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
    throw cannotListen(config, error) ?? error
  })
  // By now the threads are there: the first hash made them.
  letHashesStepBack()
  await announce(config, service)
  const stopWorking = workInBackground(service, db, log)
  stopOnSignal(log, async (signal) => {
    service.beginToStop()
    const worked = stopWorking()
    const began = performance.now()
    // Whoever sits at a terminal does not want to wait; whoever restarts a service behind a proxy does.
    await server.stop({ grace: signal === 'SIGTERM' ? graceToStop : 0, within: longestStop })
    const end = worked.then(() => db.destroy())
    await within(longestFinish - (performance.now() - began), end, null)
  })
}

async function warnOfKeysForOthers(config: Config, log: Logger): Promise<void> {
  for (const file of [keyFilePath(config), newKeyFilePath(config)])
    if (await isReadByOthers(file)) log.warn({ file }, 'others than its owner may read the secret key: chmod 600 it')
}

/** So long a process goes on answering when it is asked to stop: by then, proxies have noticed. */
const graceToStop = seconds(1.5)
/** After so long requests are ended that still run. */
const longestStop = seconds(4)
/** After so long nothing is waited for any more. Until then, what a mail server has taken is noted, and not sent again. */
const longestFinish = seconds(4.5)

/** Says why nothing can be listened to, where the settings are to blame; null otherwise. */
function cannotListen({ port, host }: Config, { code }: NodeJS.ErrnoException): CannotOpen | null {
  switch (code) {
    case 'EADDRINUSE':
      return new CannotOpen(`Port ${port} is taken. Choose another one with PORT.`)
    case 'EACCES':
      return new CannotOpen(`Port ${port} may not be used by this user. Choose one from 1024 on with PORT.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CannotOpen(`COUNTERSIGN_HOST is "${host}", which is no address of this machine.`)
    default:
      return null
  }
}

/** Reads what the build made for browsers, and the names it gave to the script and the style sheet. */
async function readAssets() {
  const folder = join(import.meta.dirname, '../client')
  if (!existsSync(join(folder, 'manifest.json')))
    throw new CannotOpen('The files for browsers are missing. Run "npm run build" first.')
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

/**
 * Mail is claimed message by message, and every process sends it, in several rounds at once, so that one message to a server
 * that hangs does not hold up the others. Every process looks after its own keys. Everything else is done by one process.
 */
function workInBackground(service: Service, db: Database, log: Logger): () => Promise<void> {
  const works = [
    { name: 'mail', every: seconds(2), atOnce: 5, act: service.deliverMail },
    { name: 'audit', every: seconds(2), once: service.linkAudit, otherwise: service.watchAudit },
    { name: 'keys', every: seconds(2), act: service.watchKeys },
    { name: 'proof of the secret key', every: minutes(10), act: service.proveKeys },
    { name: 'policy', every: seconds(5), once: service.sweepEnforcement },
    { name: 'purge', every: minutes(10), once: service.purge },
  ]
  const lease = createLease(db, 'background', () => performance.now())
  return startWorking(works, lease, {
    onFault: service.noteFault,
    onLease: (held) =>
      log.info({}, held ? 'this process does the background work' : 'another process does the background work'),
  })
}

function stopOnSignal(log: Logger, stop: (signal: NodeJS.Signals) => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'stopping')
      stop(signal).then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed')
          process.exit(1)
        },
      )
    })
  }
}
