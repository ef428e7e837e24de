// Reads metrics as Prometheus would: name and labels to a number.

import type { TestService } from './service.ts'

export const metricsToken = 'a-token-for-the-metrics-0123456789'

/** Every sample, by name and labels as they stand: `name{one="a",other="b"}`. */
export function samplesIn(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const cut = line.lastIndexOf(' ')
        return [line.slice(0, cut), Number(line.slice(cut + 1))]
      }),
  )
}

/** Scrapes with the token, after the audit chain has been extended, as happens every other second. */
export async function scrape(running: TestService): Promise<Map<string, number>> {
  await running.service.linkAudit()
  return samplesIn(await expositionOf(running))
}

/** Scrapes and gives the text as it is. */
export async function expositionOf(running: TestService): Promise<string> {
  const response = await running.fetch('/metrics', { headers: { authorization: `Bearer ${metricsToken}` } })
  if (response.status !== 200) throw new Error(`The metrics answered ${response.status}.`)
  return response.text()
}
