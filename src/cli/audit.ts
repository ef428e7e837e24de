// Commands about the audit log: verify its chain, and take it out of the database. Both may take a while on a long log, and
// show a person how far they have come.

import { createLinker, type Head, parseHead, writeHead } from '../audit/chain.ts'
import { type ExportFormat, exportEvents, exportFormats } from '../audit/export.ts'
import { narrowedBy, noTexts, parseFilter } from '../audit/filter.ts'
import { recordAlone } from '../audit/record.ts'
import { type Finding, type Verification, verifyChain } from '../audit/verify.ts'
import { isoDay } from '../time.ts'
import { type Command, exitCodes, UsageFault } from './command.ts'
import { changeDatabase, type Opened, withDatabase } from './opening.ts'
import { escapeMisleading, plain, plainLines, type Terminal } from './terminal.ts'

const verifyAudit: Command = {
  name: 'verify-audit',
  words: [],
  options: [
    {
      name: 'expect',
      value: 'HEAD',
      meaning: 'A head that was noted earlier: without it, an end that was cut off is not found.',
    },
  ],
  summary: 'Find out whether audit events were changed, removed, put in or reordered.',
  about: [
    'Links what is not linked yet, then goes through the whole chain. Prints its head: note it on another machine, and give it to the next run with --expect. The log of the service says the head as well, every ten minutes.',
    'The exit code is 1 when anything was found. What it can find and what not is said in SECURITY.md.',
  ],
  examples: ['countersign verify-audit', 'countersign verify-audit --expect 1234:hHo9vPmWqk1xW3…'],
  run: async (given, surroundings) => {
    const typed = given.option('expect')
    const expected = typed === undefined ? null : parseHead(typed)
    if (typed !== undefined && expected === null)
      throw new UsageFault('HEAD must be a number, a colon and 43 characters, as verify-audit prints it.')
    const { terminal } = surroundings
    const found = await withDatabase(surroundings, async (opened) => {
      await linkFirst(opened, expected, surroundings.clock())
      return verifyChain(opened.db, opened.keys, {
        expected,
        onProgress: (done, of) => terminal.progress(`Verifying ${done} of ${of} …`),
      })
    })
    terminal.progress('')
    for (const line of reportOf(found)) terminal.say(line)
    await terminal.write(`${found.links === 0 ? 'none' : writeHead(found.head)}\n`)
    return found.found === 0 ? exitCodes.done : exitCodes.failed
  },
}

/** Links what is due, unless the chain is not the one that is expected: then nothing vouches for what stands there now. */
async function linkFirst({ db, keys }: Opened, expected: Head | null, now: number): Promise<void> {
  if (expected) {
    const link = await db
      .selectFrom('audit_links')
      .select('hash')
      .where('sequence', '=', expected.sequence)
      .executeTakeFirst()
    if (link?.hash !== expected.hash) return
  }
  await createLinker(db, keys).link(now)
}

function reportOf({ links, linked, pending, found, findings }: Verification): string[] {
  const period = linked ? `, linked from ${isoDay(linked.first)} to ${isoDay(linked.last)}` : ''
  const waiting = pending === 0 ? [] : [`${pending} not linked yet: nothing vouches for them.`]
  if (found === 0) return [`${links} events${period}: all are as they were linked.`, ...waiting, 'Head:']
  return [
    `${links} events${period}: ${found} ${found === 1 ? 'thing is' : 'things are'} wrong.`,
    ...findings.map((finding) => `  - ${plain(sentenceOf(finding))}`),
    ...(found > findings.length ? [`  … and ${found - findings.length} more.`] : []),
    ...waiting,
    'Head:',
  ]
}

function sentenceOf(finding: Finding): string {
  switch (finding.kind) {
    case 'changed':
      return `Link ${finding.sequence}: event ${finding.event}, its place or its link was changed.`
    case 'removed':
      return `Link ${finding.sequence}: event ${finding.event} was removed.`
    case 'gap':
      return `Links between ${finding.after} and ${finding.before} are missing, with their events or without.`
    case 'mark':
      return `Event ${finding.event} was put in, or its link was removed.`
    case 'backdated':
      return `Link ${finding.sequence}: event ${finding.event} is dated long before it was linked: it was put in, or a clock was set back.`
    case 'head':
      return `Link ${finding.sequence} is not there as it was noted: the end was cut off, or the chain was made anew.`
  }
}

const exportAudit: Command = {
  name: 'export-audit',
  words: [],
  options: [
    { name: 'format', value: 'FORMAT', meaning: 'csv or jsonl (one JSON object a line). Without it: jsonl.' },
    { name: 'since', value: 'DAY', meaning: 'From this day on, in UTC, such as 2026-11-24.' },
    { name: 'until', value: 'DAY', meaning: 'Up to the end of this day.' },
  ],
  summary: 'Write the audit events to standard output, oldest first.',
  about: ['The export is an audit event itself.'],
  examples: ['countersign export-audit > audit.jsonl', 'countersign export-audit --format csv --since 2026-11-01'],
  run: async (given, surroundings) => {
    const { terminal, clock } = surroundings
    const format = formatFrom(given.option('format') ?? 'jsonl')
    const texts = { ...noTexts, since: given.option('since') ?? '', until: given.option('until') ?? '' }
    const { filter, faults } = parseFilter(texts)
    const [fault] = faults
    if (fault === 'until' && filter.since !== null && filter.before !== null)
      throw new UsageFault('--until must not be before --since.')
    if (fault !== undefined) throw new UsageFault(`--${fault} must be a day of the calendar, such as 2026-11-24.`)
    await changeDatabase(surroundings, async ({ db }) => {
      const now = clock()
      const details = { format, by: 'host' as const, filters: narrowedBy(filter) }
      await recordAlone(db, { name: 'audit.exported', details }, { now, caller: null, actor: null, subject: null })
      const onProgress = (done: number) => terminal.progress(`Exported ${done} events …`)
      for await (const piece of exportEvents(db, { filter, format, until: now }, onProgress))
        await terminal.write(forReader(piece, format, terminal))
      terminal.progress('')
    })
    return exitCodes.done
  },
}

/** JSON has escapes that mean the same; a table is left as it is, but where it would be read on a screen. */
function forReader(piece: string, format: ExportFormat, { isScreen }: Terminal): string {
  if (format === 'jsonl') return escapeMisleading(piece)
  return isScreen ? plainLines(piece) : piece
}

function formatFrom(typed: string): ExportFormat {
  const format = exportFormats.find((known) => known === typed)
  if (!format) throw new UsageFault(`"${typed}" is not a format. The formats are ${exportFormats.join(' and ')}.`)
  return format
}

export const auditCommands: readonly Command[] = [verifyAudit, exportAudit]
