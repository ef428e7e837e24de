/**
 * What every page needs besides its own content. Routes make one per request; views only read it.
 */
import type { Messages } from '../../../messages.ts'

/** Carries the language, the service, the person and the built assets to a view. Spread `messagesFor(locale)` into it. */
export interface Frame extends Messages {
  readonly serviceName: string
  readonly theme: Theme
  /** Addresses of the built script and style sheet, same origin. */
  readonly assets: { readonly script: string; readonly style: string }
  /** The person whose session is good for signed-in pages; absent while a sign-in or a forced set-up is going on. */
  readonly user?: FrameUser | undefined
  /** What those who see the settings are to know on every page of administration. */
  readonly enforcement?: EnforcementNews | undefined
  /** Addresses of the accent's style sheet and of the logo, where there are any; same origin. */
  readonly brand?: { readonly style?: string | undefined; readonly logo?: string | undefined } | undefined
  /** The path of the page that is shown, to mark where we are in the navigation. */
  readonly path: string
}

/** Tells that enforcement waits to be confirmed, or went off again because nobody did. */
export type EnforcementNews =
  | {
      readonly is: 'unconfirmed'
      readonly minutesLeft: number
      readonly confirmBy: number
      readonly mayConfirm: boolean
    }
  | { readonly is: 'reverted'; readonly at: number }

/** Names the person that the top bar shows. */
export interface FrameUser {
  readonly name: string | null
  readonly email: string
  /** What the person's role grants: pages show only what may be done. */
  readonly permissions: readonly string[]
}

/** Chooses the colours; `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark'

/** Gives, per field, what is wrong with it: text in the person's language, ready to show. */
export type Problems<Field extends string> = Readonly<Partial<Record<Field, string | undefined>>>

/** Says which way a phone's clock is off, to word the hint under a wrong code. */
export type ClockHint = 'behind' | 'ahead'

/** Tells something at the top of the page: an outcome (`success`), a state (`info`, `warning`), a fault (`error`). */
export interface Notice {
  readonly kind: 'success' | 'info' | 'warning' | 'error'
  readonly text: string
}
