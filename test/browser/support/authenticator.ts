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
  #lastShown = 0

  constructor(secret: string) {
    this.secret = secret
  }

  /** What the app shows at this moment. */
  codeNow(): string {
    this.#lastShown = stepNow()
    return oathtool('--totp', '-b', this.secret)
  }

  /** Waits for the app to show another code than the last one that was taken from it. */
  async nextCode(): Promise<string> {
    await untilStep(this.#lastShown + 1)
    return this.codeNow()
  }

  /**
   * A code that was not shown before. Saves most of the waiting: as on a phone whose clock is half a minute off, which
   * the service allows for, it may be that of the step before or after this one.
   */
  async anyFreshCode(): Promise<string> {
    const untilNext = period - (Date.now() % period)
    const earliest = untilNext > timeToType ? stepNow() - 1 : stepNow()
    const step = Math.max(earliest, this.#lastShown + 1)
    await untilStep(step - 1)
    this.#lastShown = step
    return oathtool('--totp', '-b', '--now', `@${(step * period) / 1000}`, this.secret)
  }

  /** Six digits that the app shows at no time near by. */
  wrongCode(): string {
    const first = `@${((stepNow() - 200) * period) / 1000}`
    const near = new Set(oathtool('--totp', '-b', '--now', first, '--window', '400', this.secret).split('\n'))
    for (let guess = 0; ; guess += 1) {
      const code = String(guess).padStart(6, '0')
      if (!near.has(code)) return code
    }
  }
}

function stepNow(): number {
  return Math.floor(Date.now() / period)
}

async function untilStep(step: number): Promise<void> {
  await expect.poll(stepNow, { timeout: 2 * period, intervals: [250] }).toBeGreaterThanOrEqual(step)
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
