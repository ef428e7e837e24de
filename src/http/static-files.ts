// The built files that browsers load, read once at start: a few kilobytes, compressed ahead of time.

import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import type { Context } from 'hono'
import { Refusal } from '../refusal.ts'

interface StaticFile {
  type: string
  plain: Buffer
  br: Buffer | null
  gzip: Buffer | null
}

/** Files by path below the root, such as `/assets/main-1a2b.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** Reads a folder of built files. Only files of known types are served; the rest do not exist for the outside. */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || !type) continue
    const path = join(entry.parentPath, entry.name)
    const compressed = (ending: string) => readFile(`${path}.${ending}`).catch(() => null)
    files.set(`/${relative(folder, path)}`, {
      type,
      plain: await readFile(path),
      br: await compressed('br'),
      gzip: await compressed('gz'),
    })
  }
  return files
}

const year = 365 * 24 * 60 * 60

/** Sends a file, compressed when the browser takes it. What has a hash in its name never changes. */
export function sendStaticFile(c: Context, files: StaticFiles): Response {
  const file = files.get(c.req.path)
  if (!file) throw new Refusal('not-found')
  const accepts = (c.req.header('accept-encoding') ?? '').split(',').map((part) => part.split(';', 1)[0]?.trim())
  const [body, encoding] =
    file.br && accepts.includes('br')
      ? [file.br, 'br']
      : file.gzip && accepts.includes('gzip')
        ? [file.gzip, 'gzip']
        : [file.plain, null]
  c.header('Content-Type', file.type)
  c.header(
    'Cache-Control',
    c.req.path.startsWith('/assets/') ? `public, max-age=${year}, immutable` : 'public, max-age=3600',
  )
  c.header('Vary', 'Accept-Encoding')
  if (encoding) c.header('Content-Encoding', encoding)
  return c.body(new Uint8Array(body))
}
