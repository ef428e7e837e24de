// Every setting, in one table: name, default, meaning. The environment is read once; each setting may also come from a
// file named by `<NAME>_FILE`. All faults are reported together, in words, and nothing starts while there is one.

import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { type Duration, days, hours, minutes } from './time.ts'

interface Setting {
  meaning: string
  default: string | null
  secret?: true
}

/** The settings. The reference page for operators is made from this table. */
export const settings = {
  PORT: { meaning: 'Port to listen on.', default: '8080' },
  COUNTERSIGN_HOST: { meaning: 'Address to listen on; without it, every address of the machine.', default: null },
  COUNTERSIGN_URL: {
    meaning:
      'Public address of the service, as people type it: scheme, host and port, without a path. `https` is a must except on `localhost`.',
    default: 'http://localhost:PORT',
  },
  COUNTERSIGN_NAME: {
    meaning: 'Name of the service, as pages, mails and authenticator apps show it.',
    default: 'Countersign',
  },
  COUNTERSIGN_DATA: { meaning: 'Folder for the database and the key file.', default: './data' },
  DATABASE_URL: {
    meaning:
      'PostgreSQL (`postgres://…`) instead of SQLite in the data folder. With `?sslmode=verify-full`, and `&sslrootcert=FILE` for a CA of your own, over TLS.',
    default: null,
    secret: true,
  },
  COUNTERSIGN_DATABASE_CONNECTIONS: {
    meaning: 'How many connections to PostgreSQL a process opens at most, from 1 to 500.',
    default: '10',
  },
  COUNTERSIGN_SECRET_KEY: {
    meaning:
      'Key that seals secrets in the database: 32 bytes as 64 hexadecimal digits or base64. Without it, a key file in the data folder is made at the first start.',
    default: null,
    secret: true,
  },
  COUNTERSIGN_NEW_SECRET_KEY: {
    meaning:
      'The key that `rotate-key --master` puts in the place of the one in use, written in the same way. A service that knows both starts with either.',
    default: null,
    secret: true,
  },
  SMTP_URL: {
    meaning:
      'Mail server (`smtp://user:password@host:port` or `smtps://…`). Without it, mail is noted in the log and kept in the database.',
    default: null,
    secret: true,
  },
  COUNTERSIGN_MAIL_FROM: { meaning: 'Sender of mails. Needed with `SMTP_URL`.', default: null },
  COUNTERSIGN_TRUSTED_PROXIES: {
    meaning: 'Addresses or networks (comma-separated) of reverse proxies whose `X-Forwarded-For` is believed.',
    default: null,
  },
  COUNTERSIGN_ADMIN_EMAIL: {
    meaning: 'First administrator, created at start while there has never been one.',
    default: null,
  },
  COUNTERSIGN_ADMIN_PASSWORD: {
    meaning: 'Password of the first administrator. Needed with `COUNTERSIGN_ADMIN_EMAIL`.',
    default: null,
    secret: true,
  },
  COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: {
    meaning:
      'Whether identity providers may be in a private network or on this machine: `yes` or `no`. On this machine they may then be asked over `http`.',
    default: 'no',
  },
  COUNTERSIGN_SESSION_IDLE: {
    meaning: 'How long a session lasts unused: a number with `m`, `h` or `d`.',
    default: '1h',
  },
  COUNTERSIGN_SESSION_OVERALL: { meaning: 'How long a session lasts at most, used or not.', default: '24h' },
  COUNTERSIGN_METRICS_TOKEN: {
    meaning:
      'What a program must bear to read the metrics (`Authorization: Bearer …`): 32 or more letters and digits. Without it, nobody can, unless the public address is on `localhost`: then this machine can.',
    default: null,
    secret: true,
  },
  COUNTERSIGN_LOG_LEVEL: {
    meaning: 'Least important kind of line to log: `trace`, `debug`, `info`, `warn`, `error` or `silent`.',
    default: 'info',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Config {
  port: number
  host: string | null
  /** Origin of the public address, without a slash at the end. */
  url: string
  name: string
  dataFolder: string
  databaseUrl: string | null
  databaseConnections: number
  secretKey: string | null
  /** The key that is to replace it, or has just done so. */
  newSecretKey: string | null
  mail: { url: string; from: string } | null
  trustedProxies: BlockList
  firstAdministrator: { email: string; password: string } | null
  /** Whether identity providers may be at addresses that are not public. */
  allowPrivateProviders: boolean
  session: { idle: Duration; overall: Duration }
  metricsToken: string | null
  logLevel: LogLevel
}

/** Thrown with every fault that was found, one sentence each. */
export class ConfigFaults extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigFaults'
    this.faults = faults
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the settings. Throws `ConfigFaults` with all that is wrong. `folder` is where relative paths start. */
export function readConfig(environment: Environment, folder: string): Config {
  const faults: string[] = []
  const value = (name: SettingName) => readSetting(environment, name, faults)
  const fault = (text: string) => {
    faults.push(text)
    return null
  }

  const port = parsePort(value('PORT') ?? settings.PORT.default, fault)
  const config: Config = {
    port,
    host: value('COUNTERSIGN_HOST'),
    url: parseUrl(value('COUNTERSIGN_URL') ?? `http://localhost:${port}`, fault),
    name: parseName(value('COUNTERSIGN_NAME') ?? settings.COUNTERSIGN_NAME.default, fault),
    dataFolder: resolve(folder, value('COUNTERSIGN_DATA') ?? settings.COUNTERSIGN_DATA.default),
    databaseUrl: parseDatabaseUrl(value('DATABASE_URL'), fault),
    databaseConnections: parseConnections(
      value('COUNTERSIGN_DATABASE_CONNECTIONS') ?? settings.COUNTERSIGN_DATABASE_CONNECTIONS.default,
      fault,
    ),
    secretKey: parseSecretKey('COUNTERSIGN_SECRET_KEY', value('COUNTERSIGN_SECRET_KEY'), fault),
    newSecretKey: parseSecretKey('COUNTERSIGN_NEW_SECRET_KEY', value('COUNTERSIGN_NEW_SECRET_KEY'), fault),
    mail: parseMail(value('SMTP_URL'), value('COUNTERSIGN_MAIL_FROM'), fault),
    trustedProxies: parseProxies(value('COUNTERSIGN_TRUSTED_PROXIES'), fault),
    firstAdministrator: parseAdministrator(
      value('COUNTERSIGN_ADMIN_EMAIL'),
      value('COUNTERSIGN_ADMIN_PASSWORD'),
      fault,
    ),
    allowPrivateProviders: parseYesOrNo(
      'COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS',
      value('COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS') ?? settings.COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS.default,
      fault,
    ),
    session: parseSession(
      value('COUNTERSIGN_SESSION_IDLE') ?? settings.COUNTERSIGN_SESSION_IDLE.default,
      value('COUNTERSIGN_SESSION_OVERALL') ?? settings.COUNTERSIGN_SESSION_OVERALL.default,
      fault,
    ),
    metricsToken: parseMetricsToken(value('COUNTERSIGN_METRICS_TOKEN'), fault),
    logLevel: parseLogLevel(value('COUNTERSIGN_LOG_LEVEL') ?? settings.COUNTERSIGN_LOG_LEVEL.default, fault),
  }
  if (faults.length > 0) throw new ConfigFaults(faults)
  return config
}

/** Names settings in the environment that start like ours and are none: a slip of the pen is worth a warning. */
export function unknownSettings(environment: Environment): string[] {
  return Object.keys(environment).filter(
    (name) => name.startsWith('COUNTERSIGN_') && !(name.replace(/_FILE$/, '') in settings),
  )
}

/** Names the place of the key file in the data folder. */
export const keyFilePath = (config: Config): string => join(config.dataFolder, 'secret.key')
/** Where the key waits that is to replace it. */
export const newKeyFilePath = (config: Config): string => `${keyFilePath(config)}.new`
/** Names the place of the SQLite file in the data folder. */
export const sqliteFilePath = (config: Config): string => join(config.dataFolder, 'countersign.sqlite')

function readSetting(environment: Environment, name: SettingName, faults: string[]): string | null {
  const direct = environment[name]?.trim() || null
  const file = environment[`${name}_FILE`]?.trim() || null
  if (direct !== null && file !== null) faults.push(`${name} and ${name}_FILE are both set; use one of them.`)
  if (direct !== null || file === null) return direct
  try {
    return readFileSync(file, 'utf8').trim() || null
  } catch (error) {
    faults.push(
      `${name}_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
    )
    return null
  }
}

type Fault = (text: string) => null

function parsePort(text: string, fault: Fault): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  fault(`PORT must be a number from 0 to 65535, not "${text}".`)
  return 0
}

/** http is for the machine itself only: `localhost`, 127.0.0.0/8 and ::1. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(\.[0-9]+){3}$/.test(hostname) ||
    hostname === '[::1]'
  )
}

function parseUrl(text: string, fault: Fault): string {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    fault(`COUNTERSIGN_URL must be an address such as https://sign-in.example.org, not "${text}".`)
    return ''
  }
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    fault(`COUNTERSIGN_URL must be a scheme, a host and, if need be, a port, and nothing more; "${text}" has more.`)
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    fault(
      `COUNTERSIGN_URL must begin with https:// ("${text}" does not): passwords would cross the network in the clear. Plain http is for localhost only.`,
    )
  }
  return url.origin
}

function parseName(text: string, fault: Fault): string {
  const name = text.normalize('NFC')
  if ([...name].length > 60 || /[\p{Cc}\p{Cf}]/u.test(name))
    fault('COUNTERSIGN_NAME must be at most 60 characters of plain text.')
  return name
}

function parseDatabaseUrl(text: string | null, fault: Fault): string | null {
  if (text === null) return null
  if (!/^postgres(ql)?:/i.test(text))
    return fault('DATABASE_URL must begin with postgres:// (without it, SQLite is used).')
  const wrong = faultInPostgresUrl(text)
  return wrong === null ? text : fault(`DATABASE_URL ${wrong}`)
}

/**
 * Tells what is wrong with an address of PostgreSQL; null when nothing is. A `#`, `/` or `?` in a password ends what belongs to
 * the host: the rest would be taken for a path or so, and shown where the database is named. So nothing of it is repeated.
 */
export function faultInPostgresUrl(text: string): string | null {
  const url = URL.parse(text)
  const isWhole =
    url &&
    url.hash === '' &&
    !url.pathname.includes('@') &&
    ![...url.searchParams.keys()].some((key) => key.includes('@'))
  return isWhole
    ? null
    : 'cannot be read. In user and password write # as %23, / as %2F, ? as %3F, @ as %40, : as %3A and % as %25.'
}

function parseConnections(text: string, fault: Fault): number {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > 500) fault(`COUNTERSIGN_DATABASE_CONNECTIONS must be a number from 1 to 500, not "${text}".`)
  return count
}

function parseSecretKey(name: SettingName, text: string | null, fault: Fault): string | null {
  if (text === null || /^[0-9a-fA-F]{64}$/.test(text) || /^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return text
  return fault(
    `${name} must be 32 random bytes, written as 64 hexadecimal digits or as base64 (openssl rand -base64 32).`,
  )
}

function parseMail(url: string | null, from: string | null, fault: Fault): Config['mail'] {
  if (url === null) return null
  const parsed = URL.parse(url)
  if (!parsed || !['smtp:', 'smtps:'].includes(parsed.protocol) || parsed.hostname === '')
    fault('SMTP_URL must begin with smtp:// or smtps:// and name a host, such as smtp://mail.example.org.')
  if (from === null) return fault('COUNTERSIGN_MAIL_FROM is needed with SMTP_URL: the address that mails come from.')
  if (!/^[^@\p{Cc}]+@[^@\s,;]+$/u.test(from))
    return fault(`COUNTERSIGN_MAIL_FROM must be one address, such as Sign-in <no-reply@example.org>; not "${from}".`)
  return { url, from }
}

function parseProxies(text: string | null, fault: Fault): BlockList {
  const list = new BlockList()
  for (const entry of (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address)
    const longest = family === 4 ? 32 : 128
    const bits = prefix === undefined ? longest : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (family === 0 || bits < 0 || bits > longest)
      fault(`COUNTERSIGN_TRUSTED_PROXIES: "${entry}" is not an address or a network such as 10.0.0.0/8.`)
    else if (bits === 0) fault(`COUNTERSIGN_TRUSTED_PROXIES: "${entry}" would trust everyone.`)
    else list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

function parseYesOrNo(name: SettingName, text: string, fault: Fault): boolean {
  if (text !== 'yes' && text !== 'no') fault(`${name}: "${text}" is neither yes nor no.`)
  return text === 'yes'
}

function parseAdministrator(email: string | null, password: string | null, fault: Fault): Config['firstAdministrator'] {
  if (email === null && password === null) return null
  if (email === null) return fault('COUNTERSIGN_ADMIN_PASSWORD is set without COUNTERSIGN_ADMIN_EMAIL.')
  if (password === null) return fault('COUNTERSIGN_ADMIN_EMAIL is set without COUNTERSIGN_ADMIN_PASSWORD.')
  return { email, password }
}

const units: Readonly<Record<string, (count: number) => Duration>> = { m: minutes, h: hours, d: days }

function parseSession(idleText: string, overallText: string, fault: Fault): Config['session'] {
  const parse = (name: SettingName, text: string): Duration => {
    const [, count, unit = ''] = /^([0-9]{1,5})([mhd])$/.exec(text) ?? []
    const duration = units[unit]?.(Number(count)) ?? 0
    if (duration < minutes(1) || duration > days(365))
      fault(`${name} must be a number with m, h or d, from 1m to 365d, such as 30m; not "${text}".`)
    return duration
  }
  const idle = parse('COUNTERSIGN_SESSION_IDLE', idleText)
  const overall = parse('COUNTERSIGN_SESSION_OVERALL', overallText)
  if (idle > overall) fault('COUNTERSIGN_SESSION_IDLE must not be longer than COUNTERSIGN_SESSION_OVERALL.')
  return { idle, overall }
}

function parseMetricsToken(text: string | null, fault: Fault): string | null {
  if (text === null || /^[\w~+/.=-]{32,200}$/.test(text)) return text
  return fault(
    'COUNTERSIGN_METRICS_TOKEN must be 32 to 200 letters, digits and -._~+/= (openssl rand -hex 32), not less.',
  )
}

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

function parseLogLevel(text: string, fault: Fault): LogLevel {
  const level = logLevels.find((known) => known === text)
  if (!level) fault(`COUNTERSIGN_LOG_LEVEL must be one of ${logLevels.join(', ')}, not "${text}".`)
  return level ?? 'info'
}
