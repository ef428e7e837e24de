// Draws a QR code as SVG, on our own server: the secret in it never leaves this origin. Colours are attributes, because the
// content security policy allows no inline style; they do not follow the theme, because readers want dark on light.

import { encode } from 'uqr'

const quietZone = 4

/** Returns SVG markup for a text. Contains nothing but numbers and fixed words, so it may go into a page as it is. */
export function qrCode(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 0 })
  const dark = data.flatMap((row, y) =>
    row.flatMap((on, x) => (on ? [`M${x + quietZone} ${y + quietZone}h1v1h-1z`] : [])),
  )
  const side = size + 2 * quietZone
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges" aria-hidden="true"><rect width="${side}" height="${side}" fill="#fff"/><path fill="#000" d="${dark.join('')}"/></svg>`
}
