/**
 * Copy buttons: put a text on the clipboard, and say so on the button and aloud.
 */

const sayForMilliseconds = 4000

/** Makes every button marked `data-copy-from` copy what the element with that id holds. */
export function copyOnClick(page: Document): void {
  for (const button of page.querySelectorAll<HTMLElement>('[data-copy-from]')) {
    button.addEventListener('click', () => void copy(page, button))
  }
}

async function copy(page: Document, button: HTMLElement): Promise<void> {
  const from = button.dataset.copyFrom ?? ''
  const source = page.getElementById(from)
  const label = button.querySelector<HTMLElement>('[data-copy-label]')
  if (source === null || label === null) return
  const outcome = (await wrote(textOf(source))) ? label.dataset.copied : label.dataset.failed
  say(label, page.querySelector(`[data-copy-status="${CSS.escape(from)}"]`), outcome ?? '')
}

function say(label: HTMLElement, status: Element | null, text: string): void {
  label.dataset.label ??= label.textContent ?? ''
  label.textContent = text
  if (status !== null) status.textContent = text
  window.setTimeout(() => {
    label.textContent = label.dataset.label ?? ''
    if (status !== null) status.textContent = ''
  }, sayForMilliseconds)
}

async function wrote(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/** Reads what is to be copied: the `data-copy` value, a field's value, the items of a list line by line, or the text. */
export function textOf(source: HTMLElement): string {
  const given = source.dataset.copy
  if (given !== undefined) return given
  if (source instanceof HTMLInputElement) return source.value
  const items = [...source.querySelectorAll('li')]
  if (items.length > 0) return items.map((item) => item.textContent?.trim() ?? '').join('\n')
  return source.textContent?.trim() ?? ''
}
