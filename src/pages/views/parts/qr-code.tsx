/**
 * A QR code as a picture with a name. The markup is our own (see `pages/qr-code.ts`) and the only one that is shown as it is.
 */
import { raw } from 'hono/html'

/** Shows the code; `label` says what it is for. */
export function QrCode({ svg, label }: { readonly svg: string; readonly label: string }) {
  return (
    <figure role="img" aria-label={label} class="qr-code">
      {raw(svg)}
    </figure>
  )
}
