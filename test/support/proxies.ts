// The real nginx and the real Caddy with the files that deploy/ has as examples. Nothing in them is changed but name, ports
// and certificate; each of those must be there to be changed.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endChild, freePort } from './child.ts'
import { askVia } from './far-service.ts'

const root = join(import.meta.dirname, '../..')
const host = 'sign-in.test'

export interface ProxyProcess {
  /** Where it takes TLS. */
  port: number
  /** Where it takes plain requests, to lead them to TLS. */
  plainPort: number
  stop(): Promise<void>
}

export const proxyKinds = ['nginx', 'caddy'] as const
export type ProxyKind = (typeof proxyKinds)[number]

/** Starts a proxy in front of processes on these two ports, and waits until it hands requests on. */
export async function startProxy(kind: ProxyKind, ports: readonly number[]): Promise<ProxyProcess> {
  const folder = mkdtempSync(join(tmpdir(), `countersign-${kind}-`))
  const places = { folder, port: await freePort(), plainPort: await freePort(), ports }
  const { program, words, environment } = kind === 'nginx' ? prepareNginx(places) : prepareCaddy(places)
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const stop = async () => {
    await endChild(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilAnswering(child, places.port)
  } catch (error) {
    await stop()
    throw new Error(`${kind} did not start. It wrote:\n${output}`, { cause: error })
  }
  return { port: places.port, plainPort: places.plainPort, stop }
}

interface Places {
  folder: string
  port: number
  plainPort: number
  ports: readonly number[]
}

/** Puts values in the place of those of the example. */
function withValues(file: string, changes: readonly (readonly [string, string])[]): string {
  let text = readFileSync(join(root, file), 'utf8')
  for (const [written, value] of changes) {
    if (!text.includes(written)) throw new Error(`${file} has no "${written}" any more.`)
    text = text.replaceAll(written, value)
  }
  return text
}

function prepareNginx({ folder, port, plainPort, ports }: Places) {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, '-subj', `/CN=${host}`], {
    stdio: 'ignore',
  })
  const site = withValues('deploy/nginx/countersign.conf', [
    ['/etc/ssl/sign-in.example.org.pem', certificate],
    ['/etc/ssl/sign-in.example.org.key', key],
    ['sign-in.example.org', host],
    ['  listen [::]:80;\n', ''],
    ['  listen [::]:443 ssl;\n', ''],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['127.0.0.1:8081', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:8082', `127.0.0.1:${ports[1]}`],
  ])
  writeFileSync(join(folder, 'site.conf'), site)
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const main = [
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off;',
    'worker_processes 2;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr warn;',
    'events { worker_connections 512; }',
    `http { access_log off; ${scratch.join(' ')} include ${folder}/site.conf; }`,
  ]
  writeFileSync(join(folder, 'nginx.conf'), `${main.join('\n')}\n`)
  const program = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx'
  return { program, words: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], environment: {} }
}

function prepareCaddy({ folder, port, plainPort, ports }: Places) {
  const site = withValues('deploy/caddy/Caddyfile', [
    ['sign-in.example.org', host],
    ['127.0.0.1:8081', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:8082', `127.0.0.1:${ports[1]}`],
  ])
  // Only what a machine without a name of its own needs: a certificate from nobody, and ports that are free.
  const everywhere = [
    'admin off',
    `http_port ${plainPort}`,
    `https_port ${port}`,
    'default_bind 127.0.0.1',
    'local_certs',
    'skip_install_trust',
  ]
  writeFileSync(join(folder, 'Caddyfile'), `{\n\t${everywhere.join('\n\t')}\n}\n\n${site}`)
  const home = join(folder, 'home')
  mkdirSync(home)
  const environment = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  const words = ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
  return { program: 'caddy', words, environment }
}

async function untilAnswering(child: ChildProcess, port: number): Promise<void> {
  const { ask, close } = askVia({ port, tls: true })
  try {
    for (let attempt = 0; ; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      const answer = await ask('/healthz').catch((error: unknown) => error)
      if (answer instanceof Response && answer.status === 200) return
      if (attempt === 300) throw new Error('it does not answer', { cause: answer })
      await wait(100)
    }
  } finally {
    close()
  }
}
