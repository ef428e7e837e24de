// The service as a process: reads the settings, opens the database, proves the key, listens, does the background work, and
// stops cleanly when it is asked to.

import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import { type Config, readConfig, unknownSettings } from './config.ts'
import { readStaticFiles } from './http/static-files.ts'
import { logMailer, smtpMailer } from './mail/mailer.ts'
import { CannotOpen, openDatabaseOf, openForService } from './open.ts'
import { listen } from './server.ts'
import { createAdministratorFromSettings, createService, type Service } from './service.ts'
import { type Clock, machineClock, minutes, seconds } from './time.ts'

/** Starts the service and returns when it is ready. Throws `ConfigFaults` or `CannotOpen` with the reason why it cannot. */
export async function serve(): Promise<void> {
  const config = readConfig(process.env, process.cwd())
  const log = pino({ level: config.logLevel, redact: ['req.headers.cookie', 'req.headers.authorization'] })
  for (const name of unknownSettings(process.env)) log.warn({ setting: name }, 'this is not a setting; is it misspelt?')

  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new CannotOpen(`The data folder cannot be made (COUNTERSIGN_DATA). ${error.message}`)
  })
  const db = await openDatabaseOf(config)
  const key = await openForService(config, db, machineClock)
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
    throw cannotListen(config, error) ?? error
  })
  await announce(config, service)
  const stopWorking = workInBackground(service, machineClock, log)
  stopOnSignal(log, async () => {
    await Promise.all([server.stop(), stopWorking()])
    await db.destroy()
  })
}

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

/** How many rounds of each work go on at once, so that one message to a server that hangs does not hold up the others. */
const roundsAtOnce = { mail: 5, audit: 1, policy: 1, purge: 1 }
/** How long stopping waits for work in progress: what a mail server has taken by then is not sent again. */
const longestFinish = seconds(4)

/** Returns what stops it: nothing is begun any more, and what goes on may end. */
function workInBackground(service: Service, clock: Clock, log: Logger): () => Promise<void> {
  const rounds = { mail: 0, audit: 0, policy: 0, purge: 0 }
  const working = new Set<Promise<void>>()
  let isStopping = false
  const begin = (work: keyof typeof rounds, act: () => Promise<unknown>) => {
    if (rounds[work] >= roundsAtOnce[work]) return
    rounds[work] += 1
    const round = act()
      .then(
        () => {},
        (error: unknown) => log.error({ err: error, at: clock() }, `${work} failed; it will be tried again`),
      )
      .finally(() => {
        rounds[work] -= 1
        working.delete(round)
      })
    working.add(round)
  }
  const timers = [
    setInterval(() => begin('mail', () => service.deliverMail(() => isStopping)), seconds(2)),
    setInterval(() => begin('audit', () => service.linkAudit()), seconds(2)),
    setInterval(() => begin('policy', () => service.sweepEnforcement()), seconds(5)),
    setInterval(() => begin('purge', () => service.purge()), minutes(10)),
  ]
  return async () => {
    isStopping = true
    timers.forEach(clearInterval)
    await Promise.race([Promise.all(working), setTimeout(longestFinish, null, { ref: false })])
  }
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
