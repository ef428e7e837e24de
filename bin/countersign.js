#!/usr/bin/env node
// The command line, for who runs it by name. It needs the build, and says so where there is none.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const main = join(import.meta.dirname ?? '', '../dist/server/main.js')
const [major = 0] = process.versions.node.split('.').map(Number)
const problem =
  major < 24
    ? `This needs Node.js 24; here is ${process.versions.node}. Try: npm run -s countersign -- help`
    : existsSync(main)
      ? null
      : 'Countersign has not been built yet. Run: npm run build'
if (problem !== null) {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}
if (process.argv.length === 2) process.argv.push('help')
await import(main)
