/**
 * The built service as an operator runs it: `node dist/server/main.js`, with a data folder, a port and an address of its
 * own. Nothing of it is left when it is stopped. The build has to be there (`npm run build`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ServiceProcess {
  url: string
  /** The one-time link that it printed; null when there is an administrator already. */
  setUpLink: string | null
  /** Everything that it has written so far. */
  output(): string
  /** Asks it to stop, waits until it has, and deletes its data. Resolves to its exit code. */
  stop(): Promise<number | null>
}

const longestStart = 30_000
const main = join(import.meta.dirname, '../../dist/server/main.js')

/** Starts the service and waits until it says that it is ready. `settings` are environment variables. */
export async function startProcess(settings: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
  const data = mkdtempSync(join(tmpdir(), 'countersign-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const child = spawn(process.execPath, [main], {
    cwd: data,
    // Nothing of the surroundings goes in: a setting of the machine that runs the tests must not change them.
    env: { PORT: String(port), COUNTERSIGN_URL: url, COUNTERSIGN_DATA: join(data, 'data'), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const stop = async () => {
    const code = await end(child)
    rmSync(data, { recursive: true, force: true })
    return code
  }
  try {
    await untilReady(child, () => output.includes('is ready at'))
  } catch (error) {
    await stop()
    throw new Error(`The service did not start. It wrote:\n${output}`, { cause: error })
  }
  const setUpLink = /^\s*(http\S+\/set-up\?token=\S+)$/m.exec(output)?.[1] ?? null
  return { url, setUpLink, output: () => output, stop }
}

function untilReady(child: ChildProcess, isReady: () => boolean): Promise<void> {
  return new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`not ready after ${longestStart} ms`)), longestStart)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
    }
    child.stdout?.on('data', () => isReady() && settle(ready))
    child.once('error', (error) => settle(() => failed(error)))
    child.once('exit', (code) => settle(() => failed(new Error(`it ended with ${code}`))))
  })
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return child.exitCode
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  const code = await ended
  clearTimeout(timer)
  return code
}

/** A port that nobody listens on. Another process could take it in between; then the start fails and says so. */
function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, () => {
      const address = server.address()
      server.close(() => (address && typeof address === 'object' ? found(address.port) : failed(new Error('no port'))))
    })
  })
}
