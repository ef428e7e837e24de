// What deploy/ offers is held to the service: no query asks for a figure that there is not, units and container file name
// what is there.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { settings } from '../../src/config.ts'
import { expositionOf, metricsToken } from '../support/exposition.ts'
import { startService } from '../support/service.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Every figure that the service tells of, by name; a histogram has three. */
async function figures(): Promise<{ names: Set<string>; labels: Map<string, Set<string>> }> {
  const running = await startService({ metricsToken })
  const text = await expositionOf(running)
  await running.stop()
  const names = new Set<string>(['up'])
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    for (const end of type === 'histogram' ? ['_bucket', '_count', '_sum'] : ['']) names.add(`${name}${end}`)
  return { names, labels: labelNames() }
}

/** The labels that each of our figures is declared with. */
function labelNames(): Map<string, Set<string>> {
  const source = read('src/metrics/metrics.ts')
  const declared = source.matchAll(/name: '(countersign_\w+)',\s+help: '[^']*',\s+labelNames: \[([^\]]*)\]/g)
  return new Map(
    [...declared].map(([, name = '', labels = '']) => [
      name,
      new Set([...labels.matchAll(/'(\w+)'/g)].map(([, label = '']) => label)),
    ]),
  )
}

const functions = new Set('sum min max rate delta topk by histogram_quantile min_over_time label_values'.split(' '))
/** Labels that Prometheus adds, and words of the dashboard. */
const known = new Set(['job', 'instance', 'le'])

/** Names what a query asks for that there is not. */
function faultsIn(query: string, { names, labels }: Awaited<ReturnType<typeof figures>>): string[] {
  const bare = query.replace(/"[^"]*"/g, '""').replace(/\[[^\]]*\]/g, '')
  const asked = [...bare.matchAll(/\b[a-z_][a-z0-9_]*\b/g)].map(([word]) => word)
  const metrics = asked.filter((word) => /^(?:countersign|process|nodejs)_/.test(word) || word === 'up')
  const allowed = new Set([
    ...known,
    ...metrics.flatMap((name) => [...(labels.get(name.replace(/_(?:bucket|count|sum)$/, '')) ?? [])]),
  ])
  if (metrics.length === 0) return [`"${query}" asks for nothing`]
  return [
    ...metrics.filter((name) => !names.has(name)),
    ...asked.filter((word) => !metrics.includes(word) && !functions.has(word) && !allowed.has(word)),
  ].map((word) => `${word} in "${query}"`)
}

describe('monitoring', () => {
  test('the dashboard asks only for figures and labels that there are', async () => {
    const dashboard = JSON.parse(read('deploy/grafana/countersign.json')) as {
      panels: { id: number; targets?: { expr: string }[] }[]
      templating: { list: { query?: { query?: string } }[] }
    }
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const query = dashboard.templating.list[1]?.query?.query ?? ''
    expect(queries.length).toBeGreaterThan(20)
    const there = await figures()
    expect([...queries, query].flatMap((one) => faultsIn(one, there))).toEqual([])
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })

  test('the alerts do so as well, and each is in the guide', async () => {
    const rules = read('deploy/prometheus/countersign-rules.yml')
    const alerts = [...rules.matchAll(/- alert: (\w+)\n\s+expr: (?:>\n((?: {10}.*\n)+)|(.*)\n)/g)]
    expect(alerts).toHaveLength(rules.match(/- alert:/g)?.length ?? 0)
    const there = await figures()
    expect(alerts.flatMap(([, , folded, plain]) => faultsIn(folded ?? plain ?? '', there))).toEqual([])
    const guide = read('docs/guides/operators.md')
    for (const [, name = ''] of alerts) expect(guide).toContain(`| \`${name}\` |`)
  })

  test('every figure of ours is on the dashboard, and in the guide', async () => {
    const { names } = await figures()
    const dashboard = read('deploy/grafana/countersign.json')
    const guide = read('docs/guides/operators.md')
    const ours = [...names]
      .map((name) => name.replace(/_(?:bucket|count|sum)$/, ''))
      .filter((name) => name.startsWith('countersign_'))
    expect(new Set(ours).size).toBeGreaterThan(12)
    for (const name of ours) {
      expect(dashboard).toContain(name)
      expect(guide).toContain(`\`${name}\``)
    }
  })

  test('a query for a figure or label that there is not is found', async () => {
    const there = await figures()
    expect(faultsIn('rate(countersign_nothing_total[5m])', there)).toHaveLength(1)
    expect(faultsIn('sum by (person) (countersign_sessions{job="x"})', there)).toHaveLength(1)
    expect(faultsIn('1 + 1', there)).toHaveLength(1)
  })
})

describe('units', () => {
  const units = ['countersign.service', 'countersign@.service', 'countersign.target']
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

  test('set only what is a setting', () => {
    for (const unit of units)
      for (const [, name = ''] of read(`deploy/systemd/${unit}`).matchAll(/^Environment=(\w+)=/gm))
        if (name !== 'NODE_ENV') expect(Object.keys(settings)).toContain(name)
  })

  test('of one process and of several differ only in what they must', () => {
    const lines = (unit: string) =>
      new Set(
        read(`deploy/systemd/${unit}`)
          .split('\n')
          .filter((line) => !line.startsWith('#')),
      )
    const [one, several] = [lines('countersign.service'), lines('countersign@.service')]
    expect([...one].filter((line) => !several.has(line))).toEqual([
      'Description=Countersign, the sign-in service',
      'After=network-online.target',
      'WantedBy=multi-user.target',
    ])
    expect([...several].filter((line) => !one.has(line))).toEqual([
      'Description=Countersign, the sign-in service, on port %i',
      'PartOf=countersign.target',
      'After=network-online.target postgresql.service',
      'Environment=PORT=%i',
      'WantedBy=countersign.target',
    ])
  })

  test('wait longer for the end than the service takes', () => {
    const [, wait] = /^TimeoutStopSec=(\d+)$/m.exec(read('deploy/systemd/countersign.service')) ?? []
    expect(Number(wait)).toBeGreaterThan(5)
  })

  test.runIf(hasSystemd)('are understood by systemd, and let the service do little', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-units-'))
    for (const unit of units) {
      const text = read(`deploy/systemd/${unit}`).replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
      writeFileSync(join(folder, unit), text)
    }
    const paths = units.map((unit) => join(folder, unit.replace('@', '@8081')))
    writeFileSync(paths[1] ?? '', readFileSync(join(folder, 'countersign@.service')))
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' })
    const said = verified.stderr.split('\n').filter((line) => line.includes('countersign'))
    expect(said).toEqual([])
    // 0 is nothing, 10 is everything; a service that says nothing has 9.6.
    const security = ['security', '--offline=true', '--threshold=20', join(folder, 'countersign.service')]
    expect(spawnSync('systemd-analyze', security, { encoding: 'utf8' }).status).toBe(0)
    rmSync(folder, { recursive: true })
  })
})

describe('the container file', () => {
  const text = read('deploy/container/Containerfile')

  test('copies what is there, and runs what the build makes', () => {
    for (const [, from = ''] of text.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const file of from.split(' ')) if (file !== '.') expect(existsSync(join(root, file)), file).toBe(true)
    expect(text).toContain('CMD ["node", "/opt/countersign/dist/server/main.js"]')
    expect(text).toMatch(/^USER node$/m)
  })

  test('takes a Node.js that the service runs on, and no files of the machine that builds it', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    const oldest = Number(/\d+/.exec(engines.node)?.[0])
    for (const [, version] of text.matchAll(/^FROM docker\.io\/library\/node:(\d+)/gm))
      expect(Number(version)).toBeGreaterThanOrEqual(oldest)
    for (const path of ['node_modules', 'data', 'dist', '.git'])
      expect(read('.dockerignore').split('\n')).toContain(path)
  })

  test('leaves nothing out that the bundle needs besides itself', () => {
    const config = read('vite.config.ts')
    const [, list = ''] = /external: \[([^\]]*)\]/.exec(config) ?? []
    const external = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name)
    // pg-native is only asked for, and never there.
    expect(external).toEqual(['@node-rs/argon2', 'pg-native'])
    expect(text).toContain('node_modules/@node-rs/argon2*')
  })
})

test('what deploy/ has is in the guide', () => {
  const guide = read('docs/guides/operators.md')
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'deploy'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of files.split('\n').filter(Boolean)) expect(guide, file).toContain(`](../../${file})`)
})
