import { describe, expect, test } from 'vitest'
import { runCommandLine } from './cli.ts'
import { commands } from './commands.ts'
import { jsonLine, plain, table } from './terminal.ts'

/** Runs a command that needs no database. */
async function run(words: readonly string[]) {
  const ended = { code: -1, out: '', said: '', served: 0 }
  ended.code = await runCommandLine(words, {
    environment: { COUNTERSIGN_DATA: '/nonexistent' },
    folder: '/',
    clock: () => 0,
    terminal: {
      write: async (text) => {
        ended.out += text
      },
      say: (line) => {
        ended.said += `${line}\n`
      },
      progress: () => {},
      ask: async () => null,
      isScreen: false,
    },
    serve: async () => {
      ended.served += 1
    },
    createMachine: () => {
      throw new Error('There is no database.')
    },
  })
  return ended
}

describe('a command that is called wrongly', () => {
  test.each([
    [['nope'], 'There is no command "nope".', 'countersign help'],
    [['user'], '"user" needs one more word.', 'countersign help'],
    [['user', 'nope'], 'There is no command "user nope".', 'countersign help'],
    [['user', 'add'], 'EMAIL is missing.', 'countersign help user add'],
    [['user', 'add', 'ada'], '"ada" is not an email address.', 'countersign help user add'],
    [['user', 'add', 'a@example.org,b@example.org'], 'is not an email address.', 'countersign help user add'],
    [['user', 'add', 'a@example.org', 'b'], '"b" is one word too many.', 'countersign help user add'],
    [['user', 'add', 'a@example.org', '--role', 'owner'], '"owner" is not a role.', 'countersign help user add'],
    [['user', 'add', 'a@example.org', '--name'], '--name needs a value behind it.', 'countersign help user add'],
    [['user', 'add', 'a@example.org', '--name', ''], 'NAME must have 1 to 100 characters', 'countersign help user add'],
    [['user', 'set-role', 'a@example.org'], 'ROLE is missing.', 'countersign help user set-role'],
    [['user', 'reset-mfa', 'a@example.org'], '--reason is missing.', 'countersign help user reset-mfa'],
    [['user', 'list', '--jsn'], 'There is no option --jsn here.', 'countersign help user list'],
    [['user', 'list', '--json=yes'], '--json takes no value.', 'countersign help user list'],
    [['verify-audit', '--expect', '12'], 'HEAD must be a number', 'countersign help verify-audit'],
    [['export-audit', '--format', 'xml'], '"xml" is not a format.', 'countersign help export-audit'],
    [['export-audit', '--since', '2026-02-30'], '--since must be a day', 'countersign help export-audit'],
    [
      ['export-audit', '--since', '2026-02-02', '--until', '2026-02-01'],
      '--until must not be before',
      'countersign help export-audit',
    ],
    [['help', 'nope'], 'There is no command "nope".', 'countersign help help'],
    [['--nope'], 'There is no command "--nope".', 'countersign help'],
  ])('%j is answered with a sentence and 2', async (words, says, help) => {
    const ended = await run(words)
    expect(ended).toMatchObject({ code: 2, out: '' })
    expect(ended.said).toMatch(/^countersign: [^\n]+\n$/)
    expect(ended.said).toContain(says)
    expect(ended.said.endsWith(`See: ${help}\n`)).toBe(true)
  })
})

describe('help', () => {
  test('lists every command', async () => {
    const { code, out } = await run(['help'])
    expect(code).toBe(0)
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'))
    for (const words of [['--help'], ['-h']]) expect((await run(words)).out).toBe(out)
  })

  test.each(commands.map(({ name }) => [name]))('tells how %s is called, and fits on a screen', async (name) => {
    const command = commands.find((known) => known.name === name)
    const { code, out } = await run(['help', ...name.split(' ')])
    expect(code).toBe(0)
    expect(out).toContain(`  countersign ${name}`)
    for (const { name: option, meaning } of command?.options ?? []) {
      expect(out).toContain(`--${option}`)
      expect(out).toContain(meaning)
    }
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    expect((await run([...name.split(' '), '--help'])).out).toBe(out)
    expect((await run([...name.split(' '), 'x', '-h'])).out).toBe(out)
  })

  test('tells of all commands that begin with a word', async () => {
    const { out } = await run(['help', 'user'])
    for (const { name } of commands) expect(out.includes(`countersign ${name}`)).toBe(name.startsWith('user '))
    expect((await run(['user', '--help'])).out).toBe(out)
  })
})

test('serve runs the service', async () => {
  expect(await run(['serve'])).toMatchObject({ code: 0, served: 1 })
  expect(await run(['serve', 'now'])).toMatchObject({ code: 2, served: 0 })
})

describe('what is written', () => {
  test('moves no cursor and hides nothing', () => {
    expect(plain('a\u001b[2J\u202eb\u009bc\nd')).toBe('a\ufffd[2J\ufffdb\ufffdc\ufffdd')
    const line = jsonLine({ name: '\u001b\u202e\u{e0001}é\n' })
    expect(line).toMatch(/^[\x20-\x7eé]+\n$/)
    expect(JSON.parse(line)).toEqual({ name: '\u001b\u202e\u{e0001}é\n' })
  })

  test('stands in columns, whatever the letters', () => {
    expect(
      table([
        ['A', 'B'],
        ['😀x', 'y'],
        ['abc', ''],
      ]),
    ).toBe('A    B\n😀x   y\nabc\n')
  })
})
