/**
 * The button beside a password that shows what was typed. Hidden again before the form is sent, so that the browser
 * keeps treating it as a password.
 */

/** Makes every button marked `data-show-password` show and hide the field with that id. */
export function showPasswords(page: Document): void {
  for (const button of page.querySelectorAll<HTMLElement>('[data-show-password]')) {
    const field = page.getElementById(button.dataset.showPassword ?? '')
    if (field instanceof HTMLInputElement) toggleBetween(button, field)
  }
}

function toggleBetween(button: HTMLElement, field: HTMLInputElement): void {
  const show = button.textContent ?? ''
  const hide = button.dataset.labelHide ?? show
  const set = (shown: boolean) => {
    field.type = shown ? 'text' : 'password'
    button.textContent = shown ? hide : show
  }
  button.addEventListener('click', () => {
    set(field.type === 'password')
    field.focus()
  })
  field.form?.addEventListener('submit', () => set(false))
}
