import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Config,
  ConfigFaults,
  keyFilePath,
  newKeyFilePath,
  readConfig,
  type SettingName,
  settings,
  sqliteFilePath,
  unknownSettings,
} from './config.ts'
import { days, hours, minutes } from './time.ts'

type Environment = Record<string, string>

const read = (environment: Environment): Config => readConfig(environment, '/srv/countersign')

function faultsOf(environment: Environment): readonly string[] {
  try {
    read(environment)
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults
    throw error
  }
  return []
}

const hex = '00ff'.repeat(16)
const base64 = Buffer.from(hex, 'hex').toString('base64')

test('nothing needs to be set', () => {
  const { trustedProxies, ...config } = read({})
  expect(config).toEqual({
    port: 8080,
    host: null,
    url: 'http://localhost:8080',
    name: 'Countersign',
    dataFolder: '/srv/countersign/data',
    databaseUrl: null,
    databaseConnections: 10,
    secretKey: null,
    newSecretKey: null,
    mail: null,
    firstAdministrator: null,
    allowPrivateProviders: false,
    session: { idle: hours(1), overall: hours(24) },
    metricsToken: null,
    logLevel: 'info',
  })
  expect(trustedProxies.rules).toEqual([])
  expect(keyFilePath({ ...config, trustedProxies })).toBe('/srv/countersign/data/secret.key')
  expect(newKeyFilePath({ ...config, trustedProxies })).toBe('/srv/countersign/data/secret.key.new')
  expect(sqliteFilePath({ ...config, trustedProxies })).toBe('/srv/countersign/data/countersign.sqlite')
})

test('an empty setting is none', () => {
  expect(read({ PORT: '', COUNTERSIGN_NAME: '  ', DATABASE_URL: '\n' })).toMatchObject({
    port: 8080,
    name: 'Countersign',
    databaseUrl: null,
    databaseConnections: 10,
  })
})

test('every setting says what it means', () => {
  for (const setting of Object.values(settings)) expect(setting.meaning).toMatch(/^[A-Z].{10,}\.$/)
})

const good: [SettingName, string, Environment, Partial<Config>][] = [
  ['PORT', '0', {}, { port: 0 }],
  ['PORT', '65535', {}, { port: 65_535, url: 'http://localhost:65535' }],
  ['COUNTERSIGN_HOST', '127.0.0.1', {}, { host: '127.0.0.1' }],
  ['COUNTERSIGN_URL', 'https://sign-in.example.org', {}, { url: 'https://sign-in.example.org' }],
  ['COUNTERSIGN_URL', 'https://sign-in.example.org/', {}, { url: 'https://sign-in.example.org' }],
  ['COUNTERSIGN_URL', 'https://Sign-In.Example.org:443', {}, { url: 'https://sign-in.example.org' }],
  ['COUNTERSIGN_URL', 'https://sign-in.example.org:8443', {}, { url: 'https://sign-in.example.org:8443' }],
  ['COUNTERSIGN_URL', 'http://localhost:3000', {}, { url: 'http://localhost:3000' }],
  ['COUNTERSIGN_URL', 'http://127.0.0.1:3000', {}, { url: 'http://127.0.0.1:3000' }],
  ['COUNTERSIGN_URL', 'http://[::1]:3000', {}, { url: 'http://[::1]:3000' }],
  ['COUNTERSIGN_NAME', 'Zürich 🦊', {}, { name: 'Zürich 🦊' }],
  ['COUNTERSIGN_NAME', '🦊'.repeat(60), {}, { name: '🦊'.repeat(60) }],
  ['COUNTERSIGN_DATA', '/var/lib/countersign', {}, { dataFolder: '/var/lib/countersign' }],
  ['COUNTERSIGN_DATA', '../elsewhere', {}, { dataFolder: '/srv/elsewhere' }],
  ['DATABASE_URL', 'postgres://u:p@db/c', {}, { databaseUrl: 'postgres://u:p@db/c' }],
  ['DATABASE_URL', 'postgresql://u:p@db/c', {}, { databaseUrl: 'postgresql://u:p@db/c' }],
  ['COUNTERSIGN_DATABASE_CONNECTIONS', '25', {}, { databaseConnections: 25 }],
  ['COUNTERSIGN_SECRET_KEY', hex, {}, { secretKey: hex }],
  ['COUNTERSIGN_SECRET_KEY', base64, {}, { secretKey: base64 }],
  ['COUNTERSIGN_NEW_SECRET_KEY', base64, {}, { newSecretKey: base64 }],
  [
    'SMTP_URL',
    'smtps://u:p@mail.example.org:465',
    { COUNTERSIGN_MAIL_FROM: 'Sign-in <no-reply@example.org>' },
    { mail: { url: 'smtps://u:p@mail.example.org:465', from: 'Sign-in <no-reply@example.org>' } },
  ],
  ['COUNTERSIGN_MAIL_FROM', 'no-reply@example.org', {}, { mail: null }],
  [
    'COUNTERSIGN_ADMIN_EMAIL',
    'ada@example.org',
    { COUNTERSIGN_ADMIN_PASSWORD: 'four words nobody would guess' },
    { firstAdministrator: { email: 'ada@example.org', password: 'four words nobody would guess' } },
  ],
  ['COUNTERSIGN_SESSION_IDLE', '1m', {}, { session: { idle: minutes(1), overall: hours(24) } }],
  ['COUNTERSIGN_SESSION_IDLE', '24h', {}, { session: { idle: hours(24), overall: hours(24) } }],
  ['COUNTERSIGN_SESSION_OVERALL', '365d', {}, { session: { idle: hours(1), overall: days(365) } }],
  ...(['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const).map(
    (logLevel): [SettingName, string, Environment, Partial<Config>] => [
      'COUNTERSIGN_LOG_LEVEL',
      logLevel,
      {},
      { logLevel },
    ],
  ),
]

test.each(good)('%s may be %s', (name, value, more, expected) => {
  expect(read({ ...more, [name]: value })).toMatchObject(expected)
})

const bad: [SettingName, string, Environment][] = [
  ...['-1', '65536', '8o8o', '80.5', '0x50', '1e3', '999999'].map((it): [SettingName, string, Environment] => [
    'PORT',
    it,
    {},
  ]),
  ...[
    'sign-in.example.org',
    'ftp://sign-in.example.org',
    'javascript:alert(1)',
    'http://sign-in.example.org',
    'http://192.0.2.1',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'https://sign-in.example.org/path',
    'https://sign-in.example.org/?a=b',
    'https://sign-in.example.org/#a',
    'https://user:pass@sign-in.example.org',
  ].map((it): [SettingName, string, Environment] => ['COUNTERSIGN_URL', it, {}]),
  ['COUNTERSIGN_NAME', 'x'.repeat(61), {}],
  ['COUNTERSIGN_NAME', 'two\nlines', {}],
  ['COUNTERSIGN_NAME', 'back\u202ewards', {}],
  ['DATABASE_URL', 'mysql://db/c', {}],
  ['DATABASE_URL', 'db', {}],
  ['COUNTERSIGN_DATABASE_CONNECTIONS', '0', {}],
  ['COUNTERSIGN_DATABASE_CONNECTIONS', '501', {}],
  ['COUNTERSIGN_DATABASE_CONNECTIONS', 'many', {}],
  ['COUNTERSIGN_SECRET_KEY', 'secret', {}],
  ['COUNTERSIGN_NEW_SECRET_KEY', 'secret', {}],
  ['COUNTERSIGN_SECRET_KEY', hex.slice(2), {}],
  ['COUNTERSIGN_SECRET_KEY', `${hex}00`, {}],
  ['SMTP_URL', 'https://mail.example.org', { COUNTERSIGN_MAIL_FROM: 'a@example.org' }],
  ['SMTP_URL', 'mail.example.org', { COUNTERSIGN_MAIL_FROM: 'a@example.org' }],
  ['SMTP_URL', 'smtp://', { COUNTERSIGN_MAIL_FROM: 'a@example.org' }],
  ['COUNTERSIGN_MAIL_FROM', '@', { SMTP_URL: 'smtp://mail.example.org' }],
  ['COUNTERSIGN_MAIL_FROM', 'a@example.org, b@example.org', { SMTP_URL: 'smtp://mail.example.org' }],
  ['COUNTERSIGN_MAIL_FROM', 'nobody', { SMTP_URL: 'smtp://mail.example.org' }],
  ...['10.0.0.0/33', '10.0.0', 'proxy.example.org', '0.0.0.0/0', '::/0', '10.0.0.0/x', '::1/129', '10.0.0.1/-1'].map(
    (it): [SettingName, string, Environment] => ['COUNTERSIGN_TRUSTED_PROXIES', it, {}],
  ),
  ...['60', '0m', '1s', '90 m', '366d', '-1h', 'soon', '1.5h'].map((it): [SettingName, string, Environment] => [
    'COUNTERSIGN_SESSION_IDLE',
    it,
    { COUNTERSIGN_SESSION_OVERALL: '365d' },
  ]),
  ['COUNTERSIGN_SESSION_IDLE', '25h', {}],
  ['COUNTERSIGN_SESSION_OVERALL', '30m', {}],
  ['COUNTERSIGN_LOG_LEVEL', 'loud', {}],
  ['COUNTERSIGN_LOG_LEVEL', 'INFO', {}],
]

test.each(bad)('%s may not be %j, and the fault names it', (name, value, more) => {
  const faults = faultsOf({ ...more, [name]: value })
  expect(faults.length).toBeGreaterThan(0)
  expect(faults.join('\n')).toContain(name)
  for (const fault of faults) expect(fault).toMatch(/^[A-Z].*[.)]$/s)
})

test.each([
  'postgres://u:12#top-secret@db/c',
  'postgres://u:12/top-secret@db/c',
  'postgres://u:12?top-secret@db/c',
  'postgres://u:pw#top-secret@db:5432/c',
  'postgres://u#top-secret@db/c',
])('an address of a database with an unescaped sign in its password says how to write that: %s', (it) => {
  expect(faultsOf({ DATABASE_URL: it })).toEqual([expect.stringContaining('write # as %23, / as %2F, ? as %3F')])
  expect(faultsOf({ DATABASE_URL: it }).join()).not.toContain('top-secret')
})

test.each([
  'postgres://u:a%23b@db/c',
  'postgres:///c?host=/run/postgresql&user=u',
  'postgres://u:p@db/c?sslmode=verify-full',
])('an address of a database may be %s', (it) => expect(read({ DATABASE_URL: it }).databaseUrl).toBe(it))

test('a mail server needs a sender', () => {
  expect(faultsOf({ SMTP_URL: 'smtp://mail.example.org' })).toEqual([expect.stringContaining('COUNTERSIGN_MAIL_FROM')])
})

test.each([
  ['COUNTERSIGN_ADMIN_EMAIL', 'COUNTERSIGN_ADMIN_PASSWORD'],
  ['COUNTERSIGN_ADMIN_PASSWORD', 'COUNTERSIGN_ADMIN_EMAIL'],
])('%s is worth nothing without %s', (one, other) => {
  expect(faultsOf({ [one]: 'something' })).toEqual([expect.stringContaining(other)])
})

test('proxies may be addresses and networks of both families', () => {
  const { trustedProxies } = read({ COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32 , ::1' })
  expect(trustedProxies.check('10.200.1.1')).toBe(true)
  expect(trustedProxies.check('192.0.2.7')).toBe(true)
  expect(trustedProxies.check('2001:db8:1::2', 'ipv6')).toBe(true)
  expect(trustedProxies.check('::1', 'ipv6')).toBe(true)
  expect(trustedProxies.check('11.0.0.1')).toBe(false)
  expect(trustedProxies.check('192.0.2.8')).toBe(false)
  expect(trustedProxies.check('2001:db9::1', 'ipv6')).toBe(false)
})

test('all faults are told at once', () => {
  const faults = faultsOf({
    PORT: 'eighty',
    COUNTERSIGN_URL: 'http://sign-in.example.org',
    COUNTERSIGN_NAME: 'x'.repeat(100),
    DATABASE_URL: 'mysql://db',
    COUNTERSIGN_SECRET_KEY: 'short',
    SMTP_URL: 'ftp://mail',
    COUNTERSIGN_TRUSTED_PROXIES: 'a,b',
    COUNTERSIGN_ADMIN_EMAIL: 'ada@example.org',
    COUNTERSIGN_SESSION_IDLE: 'x',
    COUNTERSIGN_LOG_LEVEL: 'x',
  })
  expect(faults).toHaveLength(12)
  expect(new ConfigFaults(faults).message.split('\n')).toEqual(faults)
})

test('no fault repeats a secret', () => {
  const faults = faultsOf({
    COUNTERSIGN_SECRET_KEY: 'my-secret-value',
    DATABASE_URL: 'mysql://u:my-secret-value@db',
    SMTP_URL: 'ftp://u:my-secret-value@mail',
    COUNTERSIGN_ADMIN_PASSWORD: 'my-secret-value',
  })
  expect(faults).toHaveLength(5)
  expect(faults.join()).not.toContain('my-secret-value')
})

describe('a setting from a file', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-config-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const file = async (text: string) => {
    const path = join(folder, 'value')
    await writeFile(path, text)
    return path
  }

  test.each(Object.keys(settings))('%s may come from one', async (name) => {
    const values: Environment = {
      PORT: '81',
      COUNTERSIGN_URL: 'https://a.example.org',
      DATABASE_URL: 'postgres://db/c',
      COUNTERSIGN_DATABASE_CONNECTIONS: '25',
      COUNTERSIGN_SECRET_KEY: hex,
      COUNTERSIGN_NEW_SECRET_KEY: base64,
      SMTP_URL: 'smtp://mail',
      COUNTERSIGN_MAIL_FROM: 'a@example.org',
      COUNTERSIGN_TRUSTED_PROXIES: '10.0.0.1',
      COUNTERSIGN_ADMIN_EMAIL: 'a@example.org',
      COUNTERSIGN_ADMIN_PASSWORD: 'x',
      COUNTERSIGN_SESSION_IDLE: '2h',
      COUNTERSIGN_SESSION_OVERALL: '3d',
      COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: 'yes',
      COUNTERSIGN_METRICS_TOKEN: hex,
      COUNTERSIGN_LOG_LEVEL: 'warn',
      COUNTERSIGN_HOST: '127.0.0.1',
      COUNTERSIGN_NAME: 'Example',
      COUNTERSIGN_DATA: '/var/x',
    }
    const path = await file(`${values[name]}\n`)
    const rest = Object.fromEntries(Object.entries(values).filter(([other]) => other !== name))
    const [fromFile, direct] = [read({ ...rest, [`${name}_FILE`]: path }), read(values)]
    expect({ ...fromFile, trustedProxies: fromFile.trustedProxies.rules }).toEqual({
      ...direct,
      trustedProxies: direct.trustedProxies.rules,
    })
  })

  test('is refused when it is set directly as well', async () => {
    const path = await file('81')
    expect(faultsOf({ PORT: '80', PORT_FILE: path })).toEqual([expect.stringContaining('PORT and PORT_FILE')])
  })

  test('is a fault when the file cannot be read, and the other faults are told with it', () => {
    const faults = faultsOf({ COUNTERSIGN_SECRET_KEY_FILE: join(folder, 'nothing'), PORT: 'x' })
    expect(faults).toHaveLength(2)
    expect(faults.join()).toContain('ENOENT')
  })
})

test('a setting that is none of ours is noticed', () => {
  const environment = {
    PATH: '/bin',
    PORT: '80',
    COUNTERSIGN_NAME: 'x',
    COUNTERSIGN_NAME_FILE: 'x',
    COUNTERSIGN_SESION_IDLE: '1h',
    COUNTERSIGN_FILE: 'x',
  }
  expect(unknownSettings(environment)).toEqual(['COUNTERSIGN_SESION_IDLE', 'COUNTERSIGN_FILE'])
})

test.each(['a'.repeat(31), 'a'.repeat(201), `${'a'.repeat(32)} b`, `"${'a'.repeat(32)}"`])(
  'a token for the metrics that is short or cannot be sent is refused: %j',
  (token) => {
    expect(faultsOf({ COUNTERSIGN_METRICS_TOKEN: token })).toEqual([
      expect.stringMatching(/^COUNTERSIGN_METRICS_TOKEN must be 32 to 200 letters/),
    ])
    expect(faultsOf({ COUNTERSIGN_METRICS_TOKEN: token }).join()).not.toContain(token)
  },
)

test('a token for the metrics is taken as it stands', () => {
  for (const token of [hex, base64]) expect(read({ COUNTERSIGN_METRICS_TOKEN: token }).metricsToken).toBe(token)
})

test('whether providers may be private is yes or no, and nothing that looks like one of them', () => {
  expect(read({ COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: 'yes' }).allowPrivateProviders).toBe(true)
  expect(read({ COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: 'no' }).allowPrivateProviders).toBe(false)
  for (const text of ['true', 'YES', '1'])
    expect(faultsOf({ COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: text })).toEqual([
      `COUNTERSIGN_ALLOW_PRIVATE_PROVIDERS: "${text}" is neither yes nor no.`,
    ])
})
