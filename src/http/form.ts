// Reads a posted form. Each field that a handler asks for is one string or absent: a field given twice is a trick, and
// so is U+0000, which nobody types and PostgreSQL cannot hold; either counts as absent. Other encodings are
// refused; a file is read only where a route is declared to take one.

import type { Context } from 'hono'
import { Refusal } from '../refusal.ts'

export interface Form {
  /** The field's text; the empty string when it is missing, was given more than once, or holds U+0000. */
  text(name: string): string
  /** All values of a field that may repeat, in order. */
  all(name: string): string[]
}

export interface Upload {
  /** As in `Form`. */
  text(name: string): string
  /** The content of a file; null when none was chosen, or more than one. What it is called is nobody's business. */
  file(name: string): Buffer | null
}

/** Reads the request's body as `multipart/form-data`, for the routes that are declared to take a file. */
export async function readUpload(c: Context): Promise<Upload> {
  mustBe(c, 'multipart/form-data')
  const fields = await c.req.raw.formData().catch((cause: unknown) => {
    throw new Refusal('bad-request', { cause })
  })
  const contents = new Map<string, Buffer>()
  for (const name of new Set(fields.keys())) {
    const [value, ...more] = fields.getAll(name)
    if (typeof value === 'object' && value.size > 0 && more.length === 0)
      contents.set(name, Buffer.from(await value.arrayBuffer()))
  }
  return { text: (name) => onlyText(fields.getAll(name)), file: (name) => contents.get(name) ?? null }
}

/** Reads the request's body as `application/x-www-form-urlencoded`. The door has limited its size already. */
export async function readForm(c: Context): Promise<Form> {
  mustBe(c, 'application/x-www-form-urlencoded')
  const fields = new URLSearchParams(await c.req.text())
  return {
    text: (name) => onlyText(fields.getAll(name)),
    all: (name) => fields.getAll(name).filter((value) => !value.includes('\0')),
  }
}

function mustBe(c: Context, type: string): void {
  if (contentType(c) !== type) throw new Refusal('unsupported-form')
}

/** Reads what kind of body a request says that it has, in lower case and without parameters. */
export function contentType(c: Context): string | undefined {
  return c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}

function onlyText([value, ...more]: readonly unknown[]): string {
  return typeof value !== 'string' || more.length > 0 || value.includes('\0') ? '' : value
}
