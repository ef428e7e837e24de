/**
 * Builds the two halves of the service: what the browser loads (`dist/client`) and what Node.js runs (`dist/server`).
 *
 * Invariant: nothing the browser loads is inline or from another origin, so the strict content security policy holds.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig, type Plugin } from 'vite'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)
const worthCompressing = /\.(?:js|css|svg|txt)$/
const smallest = 256

/** Writes a `.br` and a `.gz` beside every text file, once and as small as can be, so that no request pays for it. */
function precompress(): Plugin {
  return {
    name: 'countersign:precompress',
    applyToEnvironment: ({ name }) => name === 'client',
    async writeBundle({ dir }) {
      if (dir === undefined) return
      for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !worthCompressing.test(entry.name)) continue
        const file = join(entry.parentPath, entry.name)
        const content = await readFile(file)
        if (content.length < smallest) continue
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
        await writeFile(`${file}.br`, await compressBrotli(content, { params: quality }))
        await writeFile(`${file}.gz`, await compressGzip(content, { level: 9 }))
      }
    },
  }
}

export default defineConfig(({ command }) => ({
  appType: 'custom',
  publicDir: 'src/browser/public',
  plugins: [tailwindcss(), precompress()],
  builder: {
    async buildApp({ environments, build }) {
      for (const name of ['client', 'server']) {
        const environment = environments[name]
        if (environment !== undefined) await build(environment)
      }
    },
  },
  environments: {
    client: {
      build: {
        outDir: 'dist/client',
        // The server reads it at start, to learn the names of the files below `assets/`.
        manifest: 'manifest.json',
        assetsInlineLimit: 0,
        modulePreload: false,
        rolldownOptions: { input: ['src/browser/main.ts', 'src/browser/main.css'] },
      },
    },
    server: {
      consumer: 'server',
      // One bundle starts three times as fast as a thousand files; only what has native code stays outside it.
      resolve: { external: ['@node-rs/argon2', 'pg-native'], ...(command === 'build' ? { noExternal: true } : {}) },
      build: {
        outDir: 'dist/server',
        emptyOutDir: true,
        copyPublicDir: false,
        target: 'node24',
        minify: false,
        rolldownOptions: {
          platform: 'node',
          input: { main: 'src/main.ts' },
          // All chunks lie in one folder, so that `import.meta.dirname` means the same in each of them.
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    },
  },
}))
