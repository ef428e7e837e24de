/**
 * A person's phone: a real authenticator (Debian's `oathtool`) and a real QR reader (`zbarimg`). They are other people's
 * programs on purpose: agreeing with our own code would prove nothing.
 */
import { execFileSync } from 'node:child_process'
import { expect, type Locator, type TestInfo } from '@playwright/test'

const period = 30_000
/** Time enough to type a code and have it checked, on a slow machine. */
const timeToType = 10_000

export class Authenticator {
  readonly secret: string
  readonly #clock: () => number
  #lastShown = 0

  /** The phone's clock is the machine's, unless a test moves time. */
  constructor(secret: string, clock: () => number = Date.now) {
    this.secret = secret
    this.#clock = clock
  }

  /** What the app shows at this moment. */
  codeNow(): string {
    this.#lastShown = this.#step()
    return oathtool('--totp', '-b', this.secret)
  }

  /** Waits for the app to show another code than the last one that was taken from it. */
  async nextCode(): Promise<string> {
    await this.#untilStep(this.#lastShown + 1)
    return this.codeNow()
  }

  /**
   * A code that was not shown before. Saves most of the waiting: as on a phone whose clock is half a minute off, which
   * the service allows for, it may be that of the step before or after this one.
   */
  async anyFreshCode(): Promise<string> {
    const untilNext = period - (this.#clock() % period)
    const earliest = untilNext > timeToType ? this.#step() - 1 : this.#step()
    const step = Math.max(earliest, this.#lastShown + 1)
    await this.#untilStep(step - 1)
    this.#lastShown = step
    return this.#codeOf(step)
  }

  /** What an app on a phone shows whose clock is off by so many minutes; takes nothing from this one. */
  codeOff(minutes: number): string {
    return this.#codeOf(this.#step() + minutes * 2)
  }

  /** Six digits that the app shows at no time near by. */
  wrongCode(): string {
    const near = new Set(this.#codes(this.#step() - 200, 400))
    for (let guess = 0; ; guess += 1) {
      const code = String(guess).padStart(6, '0')
      if (!near.has(code)) return code
    }
  }

  #step(): number {
    return Math.floor(this.#clock() / period)
  }

  async #untilStep(step: number): Promise<void> {
    await expect.poll(() => this.#step(), { timeout: 2 * period, intervals: [250] }).toBeGreaterThanOrEqual(step)
  }

  #codeOf(step: number): string {
    return this.#codes(step, 0)[0] ?? ''
  }

  #codes(first: number, more: number): string[] {
    const at = `@${(first * period) / 1000}`
    return oathtool('--totp', '-b', '--now', at, '--window', String(more), this.secret).split('\n')
  }
}

function oathtool(...parameters: string[]): string {
  return execFileSync('oathtool', parameters, { encoding: 'utf8' }).trim()
}

/** Takes a picture of a QR code and reads it, as the camera of a phone would. */
export async function scan(picture: Locator, testInfo: TestInfo): Promise<URL> {
  const path = testInfo.outputPath('qr-code.png')
  await picture.screenshot({ path })
  return new URL(execFileSync('zbarimg', ['--quiet', '--raw', path], { encoding: 'utf8' }).trim())
}
