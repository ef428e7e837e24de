/**
 * Writes the reference pages that are made from the source (`npm run docs`). `test/docs.test.ts` makes them the same way and
 * fails when what is in `docs/` differs, so a page never falls behind the code.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandsPage } from './docs/commands.ts'
import { eventsPage } from './docs/events.ts'
import { purposesOf, type Route, routesPage } from './docs/routes.ts'
import { settingsPage } from './docs/settings.ts'

/** Where the repository lies. */
export const root: string = join(import.meta.dirname, '..')

const madeBy = '<!-- Made by `npm run docs`. Change the source, not this page. -->\n\n'

/** What the service says of itself. */
interface Described {
  routes: readonly Route[]
  apiDescription: Record<string, unknown>
}

/** Makes every generated page: its path in the repository and its text. */
export function generatePages({ routes, apiDescription }: Described): Record<string, string> {
  return {
    'docs/reference/settings.md': madeBy + settingsPage(),
    'docs/reference/command-line.md': madeBy + commandsPage(),
    'docs/reference/events.md': madeBy + eventsPage(root),
    'docs/reference/routes.md': madeBy + routesPage(routes, purposesOf(apiDescription)),
    'docs/reference/openapi.json': `${JSON.stringify(apiDescription, null, 2)}\n`,
  }
}

/** Builds the service without serving it, to ask it for its routes and its API. The pages are JSX, which Node.js alone does not read. */
async function describedService(): Promise<Described> {
  const { runnerImport } = await import('vite')
  const source = (name: string) => join(root, 'src', name)
  const jsx = { runtime: 'automatic', importSource: 'hono/jsx' } as const
  const options = { root, configFile: false, logLevel: 'error', oxc: { jsx } } as const
  const { createService } = (await runnerImport<typeof import('../src/service.ts')>(source('service.ts'), options))
    .module
  const { openDatabase } = await import('../src/database/database.ts')
  const { keyRing } = await import('../src/secrets/key-ring.ts')
  const { readConfig } = await import('../src/config.ts')
  const db = await openDatabase({ sqliteFile: ':memory:' })
  const { routes, apiDescription } = createService({
    config: readConfig({}, root),
    db,
    keys: keyRing(async () => []),
    clock: () => 0,
    mailer: async () => {},
    log: { info: () => {}, error: () => {} },
    assets: { script: '', style: '', files: new Map() },
  })
  await db.destroy()
  return { routes, apiDescription }
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generatePages(await describedService())))
    writeFileSync(join(root, path), text)
}
