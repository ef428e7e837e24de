// Documents are held to the code: generated pages are fresh, links and pictures lead somewhere, and no document names a
// setting, route, command, file, number or label that does not exist.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import en from '../messages/en.json' with { type: 'json' }
import { eventsPage, readEvents } from '../scripts/docs/events.ts'
import { generatePages, root } from '../scripts/docs.ts'
import { scopes } from '../src/access-tokens/scopes.ts'
import { problemTitles } from '../src/api/problems.ts'
import { commands } from '../src/cli/commands.ts'
import { settings } from '../src/config.ts'
import { type RefusalCode, refusals } from '../src/refusal.ts'
import { addProtectedPerson } from './support/people.ts'
import { dialects, startService, type TestService } from './support/service.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md']
const documents = execFileSync('git', listing, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)

const withoutFences = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '')
const quotations = (text: string) => [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, quoted = '']) => quoted)

/** The part of an address that a heading gets. */
const anchors = (text: string) =>
  [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )

const { service, stop } = await startService()
const { routes } = service
await stop()

test('the generated pages are those that the source makes', () => {
  for (const [path, text] of Object.entries(generatePages(service))) {
    expect(read(path), `${path} is out of date: run "npm run docs"`).toBe(text)
  }
})

test('every audit event is on the page of events', () => {
  const source = read('src/audit/events.ts')
  const names = [...source.matchAll(/name: '([^']+)'/g)].map(([, name]) => name)
  expect(readEvents(source).map(({ name }) => name)).toEqual(names)
  const page = eventsPage(root)
  for (const name of names) expect(page).toContain(`| \`${name}\` |`)
})

test('every number stands in the code as the page of numbers quotes it', () => {
  const quoted = [...read('docs/reference/numbers.md').matchAll(/\| `(src\/[^`]+)`: `([^`]+)` \|/g)]
  expect(quoted.length).toBeGreaterThan(25)
  const folded = (text: string) => text.replace(/\s+/g, ' ')
  for (const [, file = '', code = ''] of quoted) expect(folded(read(file)), `${file} in numbers.md`).toContain(code)
})

test('every problem of the API is in its guide, with its status', () => {
  const guide = read('docs/guides/api.md')
  for (const code of Object.keys(problemTitles)) {
    const row = guide.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${code}\``)) ?? ''
    expect(row, `${code} in api.md`).toContain(String(code === 'bug' ? 500 : refusals[code as RefusalCode]))
  }
})

test('every scope is in the guide to the API', () => {
  const listed = [...read('docs/guides/api.md').matchAll(/^\| `(\w+:\w+)` \|/gm)].map(([, scope]) => scope)
  expect(listed).toEqual([...scopes])
})

test('every value of acr in the code is on the page of assurance', () => {
  const page = read('docs/reference/assurance.md')
  const values = new Set(read('src/factors/assurance.ts').match(/urn:countersign:acr:[a-z-]+/g))
  expect(values.size).toBe(2)
  for (const value of values) expect(page).toContain(value)
  expect(new Set(page.match(/urn:countersign:acr:[a-z-]+/g))).toEqual(values)
})

test('the page of decisions lists every decision', () => {
  const decisions = documents.filter((path) => /^docs\/decisions\/\d{4}-/.test(path))
  for (const path of decisions) {
    const [, title = ''] = /^# (.+)$/m.exec(read(path)) ?? []
    expect(read('docs/decisions/README.md')).toContain(`[${title}](${relative('docs/decisions', path)})`)
  }
})

describe.each(documents)('%s', (path) => {
  const text = read(path)

  test('leads nowhere that does not exist', () => {
    for (const [, address = ''] of withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(address)) continue
      const [file = '', anchor] = address.split('#', 2)
      const target = file === '' ? path : join(dirname(path), file)
      expect(existsSync(join(root, target)), `${address} in ${path}`).toBe(true)
      if (anchor !== undefined) expect(anchors(read(target)), `${address} in ${path}`).toContain(anchor)
    }
  })

  test('names only settings that exist', () => {
    for (const [name] of text.matchAll(/\b(?:COUNTERSIGN_[A-Z_]+|SMTP_[A-Z_]+|DATABASE_URL\w*|PORT_FILE)\b/g)) {
      if (name !== 'COUNTERSIGN_') expect(Object.keys(settings)).toContain(name.replace(/_FILE$/, ''))
    }
  })

  test('names only routes that exist', () => {
    const paths = new Set(routes.map((route) => route.path))
    for (const quoted of quotations(text)) {
      const [, method, address = ''] = /^(?:(GET|POST) )?(\/[a-z0-9/:.-]*)(?:\?\S*)?$/.exec(quoted) ?? []
      if (address === '' || /^\/(?:(?:etc|var|run)\/|api\/v1\/$)/.test(address)) continue
      expect(paths, `${quoted} in ${path}`).toContain(address)
      if (method) expect(routes.some((route) => route.method === method && route.path === address)).toBe(true)
    }
  })

  test('names only files and folders that exist', () => {
    for (const quoted of quotations(text)) {
      const [file] = /^(?:src|test|scripts|docs|messages)\/[\w./-]*/.exec(quoted) ?? []
      if (file !== undefined) expect(existsSync(join(root, file)), `${quoted} in ${path}`).toBe(true)
    }
  })

  test('names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const [, name = ''] of text.matchAll(/npm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(name)
  })

  test('calls only commands that the command line has', () => {
    const names = commands.map(({ name }) => name)
    const called = [...text.matchAll(/(?:^|`|-- )countersign(?: --)? ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/gm)]
    for (const [, words = ''] of called)
      expect(
        names.some((name) => words === name || words.startsWith(`${name} `)),
        `countersign ${words} in ${path}`,
      ).toBe(true)
  })

  test('puts nothing in bold but words that stand on a page', () => {
    const labels = new Set<string>(Object.values(en))
    for (const [, label = ''] of withoutFences(text).matchAll(/\*\*([^*]+)\*\*/g)) {
      expect(labels, `${label} in ${path}`).toContain(label.replace(/\s+/g, ' '))
    }
  })
})

/** The statements under a heading of the operators' guide, as a person would paste them, for another address. */
function statementsUnder(heading: string, email: string): string[] {
  const [, section = ''] = read('docs/guides/operators.md').split(`### ${heading}\n`)
  const [, block = ''] = /```sql\n([\s\S]*?)```/.exec(section) ?? []
  return block
    .replaceAll('ada@example.org', email)
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !/^(?:begin|commit)$/.test(statement))
}

async function runByHand({ db }: TestService, heading: string, email: string): Promise<void> {
  const statements = statementsUnder(heading, email)
  expect(statements.length).toBeGreaterThan(0)
  for (const statement of statements) await sql.raw(statement).execute(db)
}

for (const dialect of dialects) {
  describe(`what the operators' guide does by hand in ${dialect}`, () => {
    test('an account is removed when it starts over', async () => {
      const running = await startService({ dialect })
      const { person } = await addProtectedPerson(running)
      await runByHand(running, 'An account to start over', person.email)
      expect(await running.db.selectFrom('users').selectAll().execute()).toEqual([])
      await running.stop()
    })
  })
}
