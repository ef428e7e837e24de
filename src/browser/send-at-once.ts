/** Sends the form of a page that only leads on. Its button stays, for when this script does not run. */

/** Sends it, once: whoever comes back to the page by the button of the browser is not sent on again. */
export function sendAtOnce(page: Document): void {
  const form = page.querySelector<HTMLFormElement>('form[data-sent-at-once]')
  const [visit] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  if (form && visit?.type !== 'back_forward') form.submit()
}
