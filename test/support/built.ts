// Tests that start the built program need it built: once, before the first of them.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Builds before the tests of this file, unless that is done already. */
export function needsBuild(): void {
  beforeAll(() => {
    if (!existsSync(join(root, 'dist/server/main.js')))
      execFileSync(process.execPath, [join(root, 'scripts/bootstrap.mjs')], { stdio: 'inherit' })
  }, 120_000)
}
