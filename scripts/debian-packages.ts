/** Makes sure that the programs which only the tests need are there: the browser, the database, the authenticator, the QR reader. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const onPath = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
const filesIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []

/** Each Debian package with how to tell that it, or its like from elsewhere, is there. */
const needed: Record<string, () => boolean> = {
  chromium: () => existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'),
  'fonts-liberation': () => filesIn('/usr/share/fonts').some((name) => /\.(?:ttf|otf)$/.test(name)),
  postgresql: () => filesIn('/usr/lib/postgresql').some((name) => name.endsWith('bin/initdb')),
  // On Debian this one and nginx are where only root's path leads.
  pgbouncer: () => onPath('pgbouncer') || existsSync('/usr/sbin/pgbouncer'),
  curl: () => onPath('curl'),
  nginx: () => onPath('nginx') || existsSync('/usr/sbin/nginx'),
  caddy: () => onPath('caddy'),
  openssl: () => onPath('openssl'),
  oathtool: () => onPath('oathtool'),
  'zbar-tools': () => onPath('zbarimg'),
}

const missingOf = (names: readonly string[]) => names.filter((name) => needed[name]?.() === false)

function runAsRoot(command: string[]): boolean {
  const [program = '', ...parameters] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command]
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { env: environment, encoding: 'utf8' })
  if (status === 0) return true
  console.error(error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n'))
  return false
}

/** The packages that the tests outside the browser need. */
export const packagesForVitest = ['postgresql', 'pgbouncer', 'curl', 'nginx', 'caddy', 'openssl']

/** The packages that the tests in the browser need. */
export const packagesForBrowser = Object.keys(needed).filter((name) => !packagesForVitest.includes(name))

/**
 * Installs what is missing and returns whether everything is there now. It never asks: where it may not install, it names
 * the packages and leaves it to the person.
 */
export function installDebianPackages(packages: readonly string[]): boolean {
  const wanted = missingOf(packages)
  if (wanted.length === 0) return true
  console.log(`Installing what the tests need: ${wanted.join(', ')} …`)
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...wanted]
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const updated = runAsRoot(['apt-get', 'update'])
    if (updated && runAsRoot(install) && missingOf(packages).length === 0) return true
  }
  console.error(
    `The tests need programs that could not be installed. Install by hand: apt-get install ${missingOf(packages).join(' ')}`,
  )
  return false
}
