/**
 * Puts the focus on the first faulty field where the browser did not honour `autofocus`, and on what a link in the
 * summary of problems points to.
 */

/** Focuses the first field with a problem, unless a field has the focus already. */
export function focusFirstProblem(page: Document): void {
  if (page.activeElement instanceof HTMLInputElement || page.activeElement instanceof HTMLSelectElement) return
  page.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
