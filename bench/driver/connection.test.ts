import { expect, test } from 'vitest'
import { readAnswer } from './connection.ts'
import { cookiesIn, locationIn, writeRequest } from './requests.ts'

const read = (text: string) => readAnswer(Buffer.from(text))

test('an answer is complete when its body is as long as it says', () => {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'
  for (let length = 0; length < answer.length; length += 1) expect(read(answer.slice(0, length))).toBeNull()
  expect(read(answer)).toMatchObject({ status: 200, length: answer.length })
})

test('an answer in pieces is complete when the empty piece has come', () => {
  const answer = 'HTTP/1.1 422 Unprocessable\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  for (let length = 0; length < answer.length; length += 1) expect(read(answer.slice(0, length))).toBeNull()
  expect(read(answer)).toMatchObject({ status: 422, length: answer.length })
})

test('an answer whose end cannot be told is an error, and one without a body is none', () => {
  expect(() => read('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')).toThrow('no end')
  expect(read('HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n')).toMatchObject({ status: 304 })
})

test('cookies and the way on are read from the head', () => {
  const head =
    'HTTP/1.1 303 See Other\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=; Max-Age=0\r\nlocation: /my-profile\r\n'
  expect(cookiesIn(head)).toEqual([
    ['a', '1'],
    ['b', ''],
  ])
  expect(locationIn(head)).toBe('/my-profile')
  expect(locationIn('HTTP/1.1 200 OK\r\n')).toBeNull()
})

test('a form comes from a page of the service, and is as long as it says', () => {
  const request = writeRequest({ port: 80, method: 'POST', path: '/x', person: 258, form: { a: 'b c', d: 'é' } })
  const [head = '', body = ''] = request.split('\r\n\r\n')
  expect(body).toBe('a=b+c&d=%C3%A9')
  expect(head).toContain(`Content-Length: ${body.length}`)
  expect(head).toContain('Origin: http://localhost:80')
  expect(head).toContain('X-Forwarded-For: 10.0.1.2')
})
