import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../refusal.ts'
import { type Form, readForm } from './form.ts'

async function formOf(body: string, type?: string): Promise<Form> {
  const app = new Hono()
  let form: Form | Refusal | undefined
  app.post('/', async (c) => {
    form = await readForm(c).catch((error: unknown) => {
      if (error instanceof Refusal) return error
      throw error
    })
    return c.body(null)
  })
  const headers = type === undefined ? {} : { 'content-type': type }
  await app.request('/', { method: 'POST', body: new TextEncoder().encode(body), headers })
  if (form instanceof Refusal || form === undefined) throw form
  return form
}

const urlEncoded = 'application/x-www-form-urlencoded'

describe('a form', () => {
  test('gives each field as it was typed', async () => {
    const form = await formOf('email=ada%40example.org&name=M%C3%BCller+%26+Co&empty=', urlEncoded)
    expect(form.text('email')).toBe('ada@example.org')
    expect(form.text('name')).toBe('Müller & Co')
    expect(form.text('empty')).toBe('')
    expect(form.text('missing')).toBe('')
  })

  test('treats a field that is given twice as absent, and lists one that may repeat', async () => {
    const form = await formOf('code=1&code=2&code=3', urlEncoded)
    expect(form.text('code')).toBe('')
    expect(form.all('code')).toEqual(['1', '2', '3'])
    expect(form.all('missing')).toEqual([])
  })

  test('treats text with a zero character, which no database keeps, as absent', async () => {
    const form = await formOf('name=a%00b&code=1&code=%00&code=3', urlEncoded)
    expect(form.text('name')).toBe('')
    expect(form.all('code')).toEqual(['1', '3'])
  })

  test('knows no fields but its own', async () => {
    const form = await formOf('a=1', urlEncoded)
    for (const name of ['__proto__', 'constructor', 'toString', 'length']) expect(form.text(name)).toBe('')
  })

  test.each([urlEncoded, `${urlEncoded}; charset=UTF-8`, urlEncoded.toUpperCase()])(
    'may say it is %s',
    async (type) => {
      expect((await formOf('a=1', type)).text('a')).toBe('1')
    },
  )

  test.each([
    undefined,
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
    `text/plain; ${urlEncoded}`,
    `${urlEncoded}x`,
  ])('may not say it is %s', async (type) => {
    await expect(formOf('a=1', type)).rejects.toMatchObject({ code: 'unsupported-form', status: 415 })
  })
})
