/**
 * What every page has to be: without violations of WCAG 2.2 AA in light and dark, as narrow as a small phone without
 * scrolling sideways, its focus always to be seen, and its first problem in focus.
 */
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Checks the page in the state that it is in, which is left as it was. */
export async function mustBeAccessible(page: Page, state: string): Promise<void> {
  const size = page.viewportSize()
  // Switched by the keyboard, so that the browser shows the focus as it does to people who tab.
  await page.keyboard.press('Shift')
  expect.soft(await violations(page, {}), `${state}: accessible`).toEqual([])
  expect.soft(await hiddenFocus(page), `${state}: the focus can be seen`).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect.soft(await violations(page, { coloursOnly: true }), `${state}: accessible in the dark`).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 320, height: 640 })
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  expect.soft(width, `${state}: fits into 320 pixels`).toBeLessThanOrEqual(320)
  if (size) await page.setViewportSize(size)
}

/** Checks a form that came back: the first faulty field has the focus and says what is wrong. Then as any page. */
export async function mustShowProblem(page: Page, state: string): Promise<void> {
  await expect(page).toHaveTitle(/^Problem: /)
  const faulty = page.locator('[aria-invalid="true"]').first()
  await expect.soft(faulty, `${state}: the first problem has the focus`).toBeFocused()
  await expect.soft(faulty, `${state}: the field says what is wrong`).toHaveAccessibleDescription(/\S/)
  await mustBeAccessible(page, state)
}

/** Sends a form past the checks of the browser, as one without them would. */
export async function sendUnchecked(page: Page, button: string): Promise<void> {
  await page.evaluate(() => {
    for (const form of document.forms) form.noValidate = true
  })
  await page.getByRole('button', { name: button, exact: true }).click()
}

async function violations(page: Page, { coloursOnly = false }): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true)
  const found = await (coloursOnly ? axe.withRules(['color-contrast']) : axe.withTags(rules)).analyze()
  expect(found.passes.length).toBeGreaterThan(0)
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary?.replace(/\s+/g, ' ')}`),
  )
}

/** Names what can be reached by Tab and does not show it when it has been. */
function hiddenFocus(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const before = document.activeElement
    const hidden: string[] = []
    for (const element of document.querySelectorAll<HTMLElement>('a[href], button, input, select, summary')) {
      if (!element.checkVisibility() || element.matches(':disabled')) continue
      element.focus({ preventScroll: true })
      const { outlineStyle, outlineWidth, clipPath } = getComputedStyle(element)
      const shown = outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2 && clipPath === 'none'
      if (document.activeElement !== element || !shown) hidden.push(element.outerHTML.slice(0, 120))
    }
    if (before instanceof HTMLElement) before.focus()
    return hidden
  })
}
