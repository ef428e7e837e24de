// A whole sign-in as a browser does it, with every page that a person sees on the way: the way in, the password, the page for
// the code, the code, and the first page behind it.

import { codeOf, emailOf, password } from '../seeding/people.ts'
import type { Answer, Connection } from './connection.ts'
import { cookiesIn, locationIn, writeRequest } from './requests.ts'

/** Signs a person in. Throws when anything is answered otherwise than to somebody who does everything right. */
export async function signIn(
  connection: Connection,
  port: number,
  person: number,
  /** The cookie by which their browser is known, if it is. */
  knownBrowser: string | null = null,
): Promise<void> {
  const cookies = new Map(knownBrowser === null ? [] : [['countersign-browser', knownBrowser]])
  const ask = async (path: string, form?: Readonly<Record<string, string>>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await connection.send(
      writeRequest({
        port,
        path,
        person,
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { method: 'POST', form }),
      }),
    )
    for (const [name, value] of cookiesIn(answer.head)) value === '' ? cookies.delete(name) : cookies.set(name, value)
    return answer
  }
  mustShow(await ask('/sign-in'), 'the way in')
  mustLead(await ask('/sign-in', { email: emailOf(person), password, next: '' }), '/sign-in/verification-code')
  mustShow(await ask('/sign-in/verification-code'), 'the page for the code')
  mustLead(await ask('/sign-in/verification-code', { code: codeOf(person, Date.now()) }), '/my-profile')
  mustShow(await ask('/my-profile'), 'the first page')
}

/** Thrown where the service answers otherwise than it should: then there is nothing to measure. */
export class Unexpected extends Error {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

function mustShow({ status, head }: Answer, page: string): void {
  if (status !== 200) throw new Unexpected(`Instead of ${page} came:\n${head}`, status)
}

function mustLead({ status, head }: Answer, to: string): void {
  if (status !== 303 || locationIn(head) !== to)
    throw new Unexpected(`Instead of leading to ${to} came:\n${head}`, status)
}
