/**
 * Recovery codes are shown once: leaving their page before the tick asks first. Sending the form, for the download or
 * to go on, is not leaving.
 */

/** Watches the form marked `data-unsaved-codes`, where there is one. */
export function warnOfUnsavedCodes(page: Document): void {
  const form = page.querySelector<HTMLFormElement>('form[data-unsaved-codes]')
  const tick = form?.querySelector<HTMLInputElement>('input[name="saved"]')
  if (!form || !tick) return
  let sending = false
  form.addEventListener('submit', () => {
    sending = true
    // A download leaves the page where it is: watch again afterwards.
    window.setTimeout(() => {
      sending = false
    }, 2000)
  })
  window.addEventListener('beforeunload', (event) => {
    if (!sending && !tick.checked) event.preventDefault()
  })
}
