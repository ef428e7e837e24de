// The accent colour: read strictly, so that nothing but a colour can get into a style sheet, and accepted only where text in
// it can be read. Pure. The colour for dark ground is made from it, so that one choice serves both themes.

type Rgb = readonly [number, number, number]

/** The grounds that text in the accent stands on: the grey of light pages, and the card of dark ones, which is lighter than its page. */
const lightGround: Rgb = [0xf4, 0xf5, 0xf8]
const darkGround: Rgb = [0x20, 0x23, 0x2e]
const white: Rgb = [255, 255, 255]

/** What WCAG 2.2 asks of text at AA. */
export const leastContrast = 4.5

/** Reads `#rrggbb`, in either case; null for anything else. Gives it in lower case. */
export function parseColor(text: string): string | null {
  const typed = text.trim().toLowerCase()
  return /^#[0-9a-f]{6}$/.test(typed) ? typed : null
}

/** Tells how well text in this colour can be read on light pages: the ratio of WCAG 2.2, cut to one digit. */
export function contrastOnLight(color: string): number {
  return Math.floor(contrast(toRgb(color), lightGround) * 10) / 10
}

/** Tells whether text in this colour can be read on light pages, and white text on it. */
export function isReadable(color: string): boolean {
  return contrast(toRgb(color), lightGround) >= leastContrast
}

/** Makes the colour for dark pages: the same one, lightened until it can be read there. */
export function onDark(color: string): string {
  const from = toRgb(color)
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = from.map((part) => Math.round(part + (255 - part) * share)) as unknown as Rgb
    if (contrast(mixed, darkGround) >= leastContrast + 1) return toText(mixed)
  }
  return toText(white)
}

/** Writes the style sheet that puts the accent into both themes. */
export function styleSheet(color: string | null): string {
  if (color === null) return ''
  const theme = (accent: string, content: string) =>
    ['primary', 'secondary', 'accent', 'info']
      .map((name) => `--color-${name}:${accent};--color-${name}-content:${content};`)
      .join('')
  const light = theme(color, '#ffffff')
  const dark = theme(onDark(color), '#0e1016')
  return [
    `:root:not([data-theme]),:root[data-theme="light"]{${light}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme]){${dark}}}`,
    `:root[data-theme="dark"]{${dark}}`,
  ].join('\n')
}

function toRgb(color: string): Rgb {
  const at = (index: number) => Number.parseInt(color.slice(index, index + 2), 16)
  return [at(1), at(3), at(5)]
}

function toText(rgb: Rgb): string {
  return `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

function contrast(one: Rgb, other: Rgb): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
