/**
 * What every browser test starts from: a service of its own, and browsers that are watched. Whatever a test does, it
 * fails when a page writes an error to the console, breaks the content security policy, asks another origin for
 * anything, or when the service logs a bug.
 */
import { type BrowserContext, type BrowserContextOptions, test as base, expect, type Page } from '@playwright/test'
import { type ServiceProcess, startProcess } from '../../support/process.ts'
import { administrator } from './people.ts'

interface Fixtures {
  /** Settings of the service; as default, there is an administrator. */
  settings: Readonly<Record<string, string>>
  /** Lets a test put the clock of the service forward. */
  movableClock: boolean
  service: ServiceProcess
  /** Opens a browser of another person, or another browser of the same one: nothing is shared with `page`. */
  openBrowser: (options?: BrowserContextOptions) => Promise<Page>
}

export const test = base.extend<Fixtures>({
  settings: [
    { COUNTERSIGN_ADMIN_EMAIL: administrator.email, COUNTERSIGN_ADMIN_PASSWORD: administrator.password },
    { option: true },
  ],

  movableClock: [false, { option: true }],

  service: async ({ settings, movableClock }, use, testInfo) => {
    const service = await startProcess(settings, { movableClock })
    await use(service)
    const code = await service.stop()
    const output = service.output()
    if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('service.log', { body: output })
    expect(output.split('\n').filter((line) => /"level":(50|60)\b/.test(line))).toEqual([])
    expect(code).toBe(0)
  },

  baseURL: async ({ service }, use) => use(service.url),

  context: async ({ context, service }, use) => {
    const faults = watch(context, service.url)
    await use(context)
    expect(faults).toEqual([])
  },

  openBrowser: async ({ browser, service }, use) => {
    const opened: { context: BrowserContext; faults: string[] }[] = []
    await use(async (options = {}) => {
      const context = await browser.newContext({ baseURL: service.url, ...options })
      opened.push({ context, faults: watch(context, service.url) })
      return context.newPage()
    })
    for (const { context, faults } of opened) {
      await context.close()
      expect(faults).toEqual([])
    }
  },
})

export { expect }

/** A page that says no (422, 403, …) is reported to the console as well; that is how the service speaks, not a fault. */
const saysNo = /^Failed to load resource: the server responded with a status of 4\d\d/

function watch(context: BrowserContext, origin: string): string[] {
  const faults: string[] = []
  context.on('console', (message) => {
    const isForDocument = message.location().url === message.page()?.url()
    if (message.type() === 'error' && !(isForDocument && saysNo.test(message.text()))) faults.push(message.text())
    // Chromium reports some breaches of the policy as warnings or hints only.
    else if (/content security policy/i.test(message.text())) faults.push(message.text())
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`Asked another origin: ${request.url()}`)
  })
  context.on('requestfailed', (request) => {
    // A download ends the navigation that began it; that is no failure.
    const why = request.failure()?.errorText ?? ''
    if (why !== 'net::ERR_ABORTED') faults.push(`${request.url()} failed: ${why}`)
  })
  return faults
}
