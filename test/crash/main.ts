/**
 * `npm run test:crash`: the long run. Progress goes to the error output; tables and, on the last line, the count of kills and
 * faults to the output. It fails when there is a fault, and keeps the history in which it was found.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { addDatabase, type Cluster, startCluster } from '../support/cluster.ts'
import { type DatabaseKind, OptionFaults } from '../support/command-words.ts'
import { disturbing, killing, newTally, type Tally } from './nemeses.ts'
import { type Options, readOptions, usage } from './options.ts'
import { type Arena, type Report, run } from './run.ts'
import { setStage } from './stage.ts'
import { type Chapter, writeChapter } from './table.ts'

/** Commits reach the disk, as in production. */
const postgresSettings = { shared_buffers: '64MB', max_connections: '60' }
const kept = 'test-results'

function say(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`)
}

/** True once somebody at the keyboard has had enough. */
let isBrokenOff = false

async function main(options: Options): Promise<boolean> {
  const chapters: Chapter[] = []
  let cluster: Cluster | null = null
  // Ended, it leaves nothing behind: whatever was started ends with this process.
  process.once('SIGTERM', () => process.exit(143))
  process.once('SIGINT', () => {
    say('\nEnough: what there is by now is judged. Once more, and it ends at once.\n')
    isBrokenOff = true
    process.once('SIGINT', () => process.exit(130))
  })
  try {
    const databases = options.only.includes('kills') ? options.databases : []
    if (databases.includes('postgres') || options.only.includes('histories'))
      cluster = await startCluster(postgresSettings)
    for (const kind of databases)
      chapters.push(await kill(kind, Math.ceil(options.kills / databases.length), options, cluster))
    if (cluster && options.only.includes('histories')) chapters.push(await takeHistories(options, cluster))
  } finally {
    await cluster?.stop()
  }
  const faults = chapters.flatMap(({ report }) => report.faults)
  const kills = chapters.reduce((sum, { tally }) => sum + tally.starts.length, 0)
  for (const chapter of chapters) process.stdout.write(`\n${writeChapter(chapter)}\n`)
  keepHistories(chapters)
  process.stdout.write(
    `\nseed ${options.seed}; load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}\n`,
  )
  process.stdout.write(`${kills} kills, ${faults.length} faults\n`)
  return faults.length === 0
}

async function kill(kind: DatabaseKind, times: number, options: Options, cluster: Cluster | null): Promise<Chapter> {
  const tally = newTally()
  const processes = kind === 'sqlite' ? 1 : 2
  const title = kind === 'sqlite' ? 'Killed on SQLite' : 'Killed on PostgreSQL, one of two processes at a time'
  const onDone = progress(title, times, tally)
  const nemesis = killing(
    { ...options, times, doneBetween: 8, chainEvery: 10, onDone, isEnough: isEnough(options) },
    tally,
  )
  const report = await stageIt(
    kind === 'sqlite' ? null : await databaseIn(cluster, 'kills'),
    processes,
    options,
    nemesis,
  )
  return { title, tally, report }
}

async function takeHistories(options: Options, cluster: Cluster): Promise<Chapter> {
  const tally = newTally()
  const title = 'Histories of two processes on PostgreSQL'
  const times = options.disturbances
  const onDone = progress(title, times, tally)
  const nemesis = disturbing(
    { ...options, times, doneBetween: 40, chainEvery: 6, onDone, isEnough: isEnough(options) },
    tally,
    cluster,
  )
  return { title, tally, report: await stageIt(await databaseIn(cluster, 'histories'), 2, options, nemesis) }
}

async function stageIt(
  postgres: string | null,
  processes: number,
  { seed }: Options,
  nemesis: (arena: Arena) => Promise<void>,
): Promise<Report> {
  const stage = await setStage(postgres, processes)
  try {
    const people = { administrator: 2, protected: 150, plain: 60 }
    return await run({ stage, seed, clients: 10, people, patience: 6_000, nemesis })
  } finally {
    await stage.close()
  }
}

function isEnough({ minutes }: Options): () => boolean {
  return () => isBrokenOff || performance.now() > minutes * 60_000
}

function progress(title: string, times: number, { starts }: Tally): (done: number) => void {
  return (done) => {
    if (process.stderr.isTTY || done % 10 === 0 || done === times)
      say(`${title}: ${done} of ${times}; ready after ${Math.round(starts.at(-1)?.took ?? 0)} ms the last time`)
    if (done === times) say('\n')
  }
}

function databaseIn(cluster: Cluster | null, name: string): Promise<string> {
  if (!cluster) throw new Error('There is no PostgreSQL.')
  return addDatabase(cluster.url, name)
}

function keepHistories(chapters: readonly Chapter[]): void {
  for (const [number, { report }] of chapters.entries()) {
    if (report.faults.length === 0) continue
    mkdirSync(kept, { recursive: true })
    const file = `${kept}/crash-history-${number + 1}.jsonl`
    writeFileSync(file, report.history.entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    say(`The history is in ${file}, an entry a line.\n`)
  }
}

try {
  const options = readOptions(process.argv.slice(2), Date.now() % 1_000_000)
  if (options === null) process.stdout.write(`${usage}\n`)
  else process.exitCode = (await main(options)) ? 0 : 1
} catch (error) {
  const text = error instanceof OptionFaults ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`\n${text}\n`)
  process.exitCode = 1
}
