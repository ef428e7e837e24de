// Reads a posted form. Each field that a handler asks for is one string or absent: a field given twice is a trick, and
// so is U+0000, which nobody types and PostgreSQL cannot hold; either counts as absent. Files and other encodings are
// refused.

import type { Context } from 'hono'
import { Refusal } from '../refusal.ts'

export interface Form {
  /** The field's text; the empty string when it is missing, was given more than once, or holds U+0000. */
  text(name: string): string
  /** All values of a field that may repeat, in order. */
  all(name: string): string[]
}

/** Reads the request's body as `application/x-www-form-urlencoded`. The door has limited its size already. */
export async function readForm(c: Context): Promise<Form> {
  const type = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw new Refusal('unsupported-form')
  const fields = new URLSearchParams(await c.req.text())
  return {
    text: (name) => {
      const [value = '', ...more] = fields.getAll(name)
      return more.length > 0 || value.includes('\0') ? '' : value
    },
    all: (name) => fields.getAll(name).filter((value) => !value.includes('\0')),
  }
}
