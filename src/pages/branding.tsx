// How the service looks: the page on which administrators set name, accent and logo, and the two files that browsers load for
// it, from our own origin. Every problem of the form is told at once; a logo has to be chosen again then.

import { contrastOnLight, isReadable, leastContrast, parseColor, styleSheet } from '../branding/color.ts'
import { inspectLogo, type LogoProblem, type LogoType } from '../branding/logo.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readUpload, type Upload } from '../http/form.ts'
import { Refusal } from '../refusal.ts'
import { changeBranding } from '../sign-in/change-branding.ts'
import type { Standing } from '../sign-in/standing.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { BrandingView } from './views/admin/branding.tsx'
import type { Frame, Problems } from './views/parts/frame.ts'

const path = '/admin/settings/branding'
const longestName = 60
const year = 365 * 24 * 60 * 60

/** Declares the page of the brand, and its files. */
export function brandingPages(door: Door, parts: PageParts): void {
  const { machine } = parts
  const { branding } = machine

  door.anyone('get', '/brand.css', (c) => {
    cacheFor(c, branding.current().version)
    c.header('Content-Type', 'text/css; charset=utf-8')
    return c.body(styleSheet(branding.current().color))
  })

  door.anyone('get', '/brand-logo', (c) => {
    const { logo, version } = branding.current()
    if (!logo) throw new Refusal('not-found')
    cacheFor(c, version)
    c.header('Content-Type', logo.type)
    return c.body(new Uint8Array(logo.bytes))
  })

  door.permitted('settings.change', 'get', path, (c, standing) => {
    // Asked for now: a file that was chosen would not survive it.
    if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
    const { name, color } = branding.current()
    return show(c, parts, standing, { values: { name: name ?? '', color: color ?? '' } })
  })

  door.uploading('settings.change', path, async (c, standing) => {
    const form = await readUpload(c)
    const frame = frameOf(c, parts, standing.account)
    const values = { name: form.text('name').normalize('NFC').trim(), color: form.text('color').trim() }
    const [name, color, logo] = [
      readName(frame, values.name),
      readColor(frame, values.color),
      await readLogo(frame, form),
    ]
    if ('problem' in name || 'problem' in color || 'problem' in logo) {
      const problemOf = (read: object) => ('problem' in read ? String(read.problem) : undefined)
      const problems = { name: problemOf(name), color: problemOf(color), logo: problemOf(logo) }
      return show(c, parts, standing, { values, problems })
    }
    await changeBranding(machine, standing, { name: name.is, color: color.is, logo: logo.is }, c.get('caller'))
    return c.redirect(`${path}?notice=saved`, 303)
  })
}

/** What the address names never changes; without its version, or with an old one, it may, and is not kept. */
function cacheFor(c: DoorContext, version: number): void {
  if (c.req.query('v') === String(version)) c.header('Cache-Control', `public, max-age=${year}, immutable`)
}

type Read<T> = { is: T } | { problem: string }

function readName({ t }: Frame, typed: string): Read<string | null> {
  if ([...typed].length > longestName || /[\p{Cc}\p{Cf}]/u.test(typed))
    return { problem: t('problem.brandName', { longest: longestName }) }
  return { is: typed || null }
}

function readColor({ t }: Frame, typed: string): Read<string | null> {
  if (typed === '') return { is: null }
  const color = parseColor(typed)
  if (color === null) return { problem: t('problem.color') }
  if (!isReadable(color))
    return { problem: t('problem.colorContrast', { contrast: contrastOnLight(color), least: leastContrast }) }
  return { is: color }
}

const logoProblems = {
  'too-large': 'problem.logoTooLarge',
  'not-an-image': 'problem.logoKind',
  measures: 'problem.logoMeasures',
} as const satisfies Record<LogoProblem, string>

async function readLogo({ t }: Frame, form: Upload): Promise<Read<{ type: LogoType; bytes: Buffer } | 'keep' | null>> {
  const bytes = form.file('logo')
  if (!bytes) return { is: form.text('removeLogo') === 'yes' ? null : 'keep' }
  const found = inspectLogo(bytes)
  return found.ok ? { is: { type: found.type, bytes } } : { problem: t(logoProblems[found.because]) }
}

function show(
  c: DoorContext,
  parts: PageParts,
  { account }: Standing,
  shown: { values: { name: string; color: string }; problems?: Problems<'name' | 'color' | 'logo'> },
): Promise<Response> {
  const frame = frameOf(c, parts, account)
  const view = (
    <BrandingView
      frame={frame}
      values={shown.values}
      problems={shown.problems}
      hasLogo={parts.machine.branding.current().logo !== null}
      longestName={longestName}
      notice={
        c.req.query('notice') === 'saved' ? { kind: 'success', text: frame.t('adminSettings.notice.saved') } : undefined
      }
    />
  )
  return page(c, view, shown.problems ? 422 : 200)
}
