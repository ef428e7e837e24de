// The shape of the source, as rules that a reader may rely on: which folder may know which, who writes what, where words
// stand. See docs/decisions and the layout in the README.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import messages from '../messages/en.json' with { type: 'json' }
import { refusals } from '../src/refusal.ts'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')

interface SourceFile {
  /** Below `src`, such as `totp/otp.ts`. */
  path: string
  /** The first folder, or the file itself where it lies in none. */
  part: string
  text: string
  /** The text without comments. */
  code: string
}

const everyFile = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(source, join(entry.parentPath, entry.name)))

const files: SourceFile[] = everyFile
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(source, path), 'utf8')
    return { path, part: path.split('/')[0]?.replace(/\.tsx?$/, '') ?? path, text, code: withoutComments(text) }
  })

/** Comments go, lines stay. Strings are left alone, so that an address in one is not taken for a comment. */
function withoutComments(text: string): string {
  return text.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (found) => (found.startsWith('/') ? found.replace(/[^\n]/g, '') : found),
  )
}

/** What a file imports, statically or when it is needed: paths below `src` for our own, names for packages. */
function importsOf({ path, code }: SourceFile): string[] {
  const found = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) => name)
  return found.map((name) => (name.startsWith('.') ? relative(source, join(source, dirname(path), name)) : name))
}

const ownImports = (file: SourceFile) =>
  importsOf(file).filter((name) => /\.tsx?$/.test(name) && !name.startsWith('..'))
const partOf = (path: string) => path.split('/')[0]?.replace(/\.tsx?$/, '') ?? path

/** From left to right: a part imports only from groups to its left, and nothing from beside itself. */
const groups: readonly (readonly string[])[] = [
  ['time'],
  ['refusal', 'config', 'messages', 'csv', 'measures'],
  ['database'],
  ['secrets'],
  ['mail', 'open', 'background'],
  ['audit'],
  ['attempts', 'sessions'],
  ['users'],
  ['passwords', 'access-tokens'],
  ['totp', 'recovery-codes', 'passkeys'],
  ['factors'],
  ['identity-providers', 'enforcement', 'branding'],
  ['sign-in', 'metrics'],
  ['rotation', 'copying'],
  ['http'],
  ['pages', 'api', 'applications', 'cli'],
  ['service'],
  ['server', 'log', 'pool-priority'],
  ['serve'],
  ['main'],
]
const groupOf = (part: string) => groups.findIndex((group) => group.includes(part))
const doors = ['pages', 'api', 'applications', 'cli']
/** What runs in browsers has nothing to do with the rest. */
const browser = 'browser'

/** Fails with every fault at once. */
function expectNone(faults: readonly string[]): void {
  expect(faults).toEqual([])
}

describe('imports', () => {
  test('every folder of the source has its place', () => {
    expectNone([...new Set(files.map(({ part }) => part))].filter((part) => part !== browser && groupOf(part) === -1))
  })

  test('go one way: from a folder to those on its left', () => {
    expectNone(
      files.flatMap((file) =>
        ownImports(file)
          .filter((to) => partOf(to) !== file.part)
          .filter((to) => file.part === browser || partOf(to) === browser || groupOf(partOf(to)) >= groupOf(file.part))
          .map((to) => `${file.path} imports ${to}`),
      ),
    )
  })

  test('of one door never lead to another', () => {
    expectNone(
      files
        .filter(({ part }) => doors.includes(part))
        .flatMap((file) =>
          ownImports(file)
            .filter((to) => partOf(to) !== file.part && doors.includes(partOf(to)))
            .map((to) => `${file.path} imports ${to}`),
        ),
    )
  })

  test('never run in a circle', () => {
    const edges = new Map(files.map((file) => [file.path, ownImports(file)]))
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '))
      if (way.includes(path) || done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...way, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
    expectNone(circles.filter((circle) => !onlyTypes(circle)))
  })

  test('of migrations are of Kysely alone, so that what they did never changes with the code', () => {
    const migrations = files.filter(({ path }) => path.startsWith('database/migrations/'))
    expect(migrations.length).toBeGreaterThan(0)
    expectNone(migrations.flatMap((file) => importsOf(file).filter((name) => name !== 'kysely')))
  })

  test('name what is there', () => {
    const known = new Set(everyFile)
    expectNone(
      files.flatMap((file) =>
        ownImports(file)
          .filter((to) => !known.has(to))
          .map((to) => `${file.path} imports ${to}`),
      ),
    )
  })
})

/** A circle of types vanishes when the types do. */
function onlyTypes(circle: string): boolean {
  const steps = circle.split(' → ')
  return steps.slice(0, -1).some((from, index) => {
    const file = files.find(({ path }) => path === from)
    const to = steps[index + 1] ?? ''
    if (!file) return false
    const specifier = relative(dirname(from), to)
    const written = specifier.startsWith('.') ? specifier : `./${specifier}`
    const statements = [...file.code.matchAll(/import\s+(type\s+)?(?:[^'"]*?)from\s*'([^']+)'/g)].filter(
      ([, , name]) => name === written,
    )
    return statements.length > 0 && statements.every(([, type]) => type !== undefined)
  })
}

describe('below the doors', () => {
  const inside = files.filter(({ part }) => groupOf(part) >= 0 && groupOf(part) < groupOf('http'))

  test('nobody knows Hono, requests or responses', () => {
    expectNone(
      inside.flatMap((file) => [
        ...importsOf(file)
          .filter((name) => /^@?hono\b/.test(name))
          .map((name) => `${file.path} imports ${name}`),
        // What asks identity providers is a client itself, and never sees what browsers ask of us.
        ...(file.path === 'identity-providers/outbound.ts'
          ? []
          : [...file.code.matchAll(/\b(Request|Response|Headers|FormData|URLSearchParams)\b(?!')/g)]
        ).map(([, name]) => `${file.path} knows ${name}`),
      ]),
    )
  })

  test('nobody counts but metrics/, and nobody else knows how', () => {
    expectNone(
      files
        .filter((file) => file.part !== 'metrics' && importsOf(file).includes('prom-client'))
        .map(({ path }) => path),
    )
  })

  test('nobody writes pages: HTML is made by views, and by mails', () => {
    expectNone(inside.filter(({ path }) => extname(path) === '.tsx').map(({ path }) => path))
    expectNone(
      inside
        .filter(({ part, code }) => part !== 'mail' && /<\/?(html|body|p|div|a|form)\b[^=]*>/i.test(code))
        .map(({ path }) => path),
    )
  })
})

describe('views', () => {
  const views = files.filter(({ path }) => path.startsWith('pages/views/'))

  test('only show: they read nothing and ask nobody', () => {
    const allowed = /^(pages\/views\/|messages\.ts$|hono\/(jsx|html)$)/
    expectNone(
      views.flatMap((file) =>
        importsOf(file)
          .filter((name) => !allowed.test(name))
          .map((name) => `${file.path} imports ${name}`),
      ),
    )
    expectNone(views.filter(({ code }) => /\b(await|async|fetch|process)\b/.test(code)).map(({ path }) => path))
  })

  test('take markup as it is from nobody but the QR code', () => {
    expectNone(
      files
        .filter(({ code }) => /\braw\(|dangerouslySetInnerHTML/.test(code))
        .map(({ path }) => path)
        .filter((path) => path !== 'pages/views/parts/qr-code.tsx'),
    )
  })
})

describe('words that people see', () => {
  test('stand in messages/ and nowhere else: no view has text of its own', () => {
    const tsx = files.filter(({ path }) => path.endsWith('.tsx'))
    const text =
      />[^<>{}();=]*\p{L}{2}[^<>{}();=]*<\/|\}[^<>{}();=]*\p{L}{2}[^<>{}();=]*<\/|>[^<>{}();=]*\p{L}{2}[^<>{}();=]*\{[^}]*\}[^<>{}]*<\//gu
    const attributes = /\s(aria-label|aria-description|title|placeholder|alt|label|hint)="([^"]*\p{L}[^"]*)"/gu
    expectNone(
      tsx.flatMap(({ path, code }) =>
        [...code.matchAll(text), ...code.matchAll(attributes)]
          // The name of a message, handed on to whoever looks it up, is none of the words.
          .filter(([, , value = '']) => !Object.hasOwn(messages, value))
          .map(([found]) => `${path}: ${found.replace(/\s+/g, ' ').slice(0, 80)}`),
      ),
    )
  })

  test('are there whenever the code asks for them', () => {
    const known = new Set(Object.keys(messages))
    const asked = files.flatMap(({ path, code }) =>
      [...code.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, id = '']) => ({ path, id })),
    )
    expect(asked.length).toBeGreaterThan(50)
    expectNone(asked.filter(({ id }) => !known.has(id)).map(({ path, id }) => `${path} asks for ${id}`))
  })

  test('are there for every reason to say no', () => {
    const known = new Set(Object.keys(messages))
    const wanted = [...Object.keys(refusals), 'bug'].flatMap((code) => [
      `refusal.${code}.title`,
      `refusal.${code}.detail`,
    ])
    expectNone(wanted.filter((id) => !known.has(id)))
  })
})

describe('who writes what', () => {
  /** The one folder whose business a table is. */
  const owners: Record<string, readonly string[]> = {
    sessions: ['sessions'],
    sign_ins: ['sign-in'],
    attempts: ['attempts'],
    totp_factors: ['totp'],
    totp_enrolments: ['totp'],
    recovery_code_sets: ['recovery-codes'],
    recovery_codes: ['recovery-codes'],
    policies: ['enforcement'],
    invitations: ['users'],
    one_time_links: ['users'],
    groups: ['users'],
    group_members: ['users'],
    password_reset_requests: ['passwords'],
    personal_access_tokens: ['access-tokens'],
    audit_events: ['audit'],
    audit_links: ['audit'],
    outbox: ['mail'],
    leases: ['background'],
    brand_logos: ['branding'],
    keys: ['secrets'],
    identity_providers: ['identity-providers'],
    identities: ['identity-providers'],
    provider_round_trips: ['identity-providers'],
    seen_assertions: ['identity-providers'],
  }

  for (const [table, parts] of Object.entries(owners))
    test(`${table} is written by ${parts.join(' and ')}/ only`, () => {
      const writes = new RegExp(
        `\\b(insertInto|updateTable|deleteFrom|replaceInto|mergeInto)\\(\\s*['"\`]${table}\\b|\\b(insert\\s+into|update|delete\\s+from)\\s+"?${table}\\b`,
        'i',
      )
      const writers = files.filter(({ code, path }) => writes.test(code) && !path.startsWith('database/migrations/'))
      expect(writers.length).toBeGreaterThan(0)
      expectNone(writers.filter(({ part }) => !parts.includes(part)).map(({ path }) => path))
    })

  test('no table is written under a name that is only known at run time, but where whole databases are copied', () => {
    const anyTable =
      /\b(insertInto|updateTable|deleteFrom)\(\s*[^'"\s]|\b(insert\s+into|update|delete\s+from)\s+"?\$\{/i
    expect(files.filter(({ code }) => anyTable.test(code)).map(({ path }) => path)).toEqual(['copying/rows.ts'])
  })

  test('rows are copied by a command of the host and nobody else', () => {
    const importers = files.filter(
      (file) => file.part !== 'copying' && ownImports(file).some((to) => partOf(to) === 'copying'),
    )
    expectNone(importers.filter(({ part }) => part !== 'cli').map(({ path }) => path))
  })

  test('sessions begin and grow stronger in sign-in/sign-in.ts and nowhere else', () => {
    const callers = files.filter(
      ({ code, path }) => /\b(beginSession|strengthenSession)\b/.test(code) && path !== 'sessions/sessions.ts',
    )
    expect(callers.map(({ path }) => path)).toEqual(['sign-in/sign-in.ts'])
  })

  test('tokens become cookies in one place', () => {
    const writers = files.filter(({ code }) => /\b(writeCookie|setCookie)\(/.test(code)).map(({ path }) => path)
    const allowed = ['http/cookies.ts', 'pages/passage.ts']
    expectNone(writers.filter((path) => !allowed.includes(path)))
  })
})

describe('a reader', () => {
  test('finds no cellar: utils, helpers, common, lib', () => {
    const cellar = /(^|[/.-])(utils?|helpers?|common|lib|misc|shared)([/.-]|$)/i
    const everywhere = ['src', 'test', 'scripts'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
    )
    expectNone(everywhere.filter((path) => cellar.test(path)))
  })

  test('is told at the top of every file what it is', () => {
    const written = everyFile.filter((path) => /\.(tsx?|css)$/.test(path) && !/\.test\.tsx?$/.test(path))
    expectNone(written.filter((path) => !/^(\/\/ \S|\/\*)/.test(readFileSync(join(source, path), 'utf8'))))
  })

  test('is told of every exported function what it does', () => {
    const exported =
      /^export (?:default )?(?:async )?function\*? (\w+)|^export const (\w+)(?:: [^=]+)? = (?:async )?(?:\([^)]*\)|\w+)(?:: [^=]+)? =>/gm
    expectNone(
      files.flatMap(({ path, text }) =>
        [...text.matchAll(exported)]
          .filter(
            ({ index }) =>
              !/(?:\*\/|\/\/ [^\n]*)\n$/.test(text.slice(0, index)) ||
              !/\/\*\*\s+(?:\*\s+)?[A-Z"]/.test(lastComment(text.slice(0, index))),
          )
          .map(([, name, constant]) => `${path}: ${name ?? constant}`),
      ),
    )
  })
})

function lastComment(text: string): string {
  const begin = text.lastIndexOf('/**')
  return begin === -1 || !text.trimEnd().endsWith('*/') ? '' : text.slice(begin)
}
