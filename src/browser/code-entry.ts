/**
 * Saves the last click of a verification code: the form is sent once six digits are in, typed, pasted or filled in.
 * Sent once only, because a code is good once only.
 */

/** Watches every input marked `data-submits-itself`. */
export function submitCodesByThemselves(page: Document): void {
  for (const input of page.querySelectorAll<HTMLInputElement>('input[data-submits-itself]')) watch(input)
}

function watch(input: HTMLInputElement): void {
  const { form } = input
  if (form === null) return
  let sent = false
  form.addEventListener('submit', (event) => {
    if (sent) event.preventDefault()
    sent = true
  })
  // The page may come back from the browser's history with the old code in it.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    sent = false
    input.value = ''
  })
  input.addEventListener('input', () => {
    if (sixDigits(input.value) && !sent) form.requestSubmit()
  })
}

/** Tells whether a text is six digits, spaces aside: just what the server would read as a code, or a guess is wasted. */
export function sixDigits(text: string): boolean {
  return /^[0-9]{6}$/.test(text.replace(/\s/g, ''))
}
