import { describe, expect, test } from 'vitest'
import { type Effects, type History, openHistory, type Reading } from './history.ts'
import { judge } from './judge.ts'

/** Something that is asked; `then` says how it ended. */
function ask(history: History, what: string, effects: Effects = {}): number {
  return history.invoke({ by: 'a client', what, request: 'a-request', leaves: null, effects })
}

function done(history: History, what: string, effects: Effects = {}, shows: readonly Reading[] = []): number {
  const operation = ask(history, what, effects)
  history.ok(operation, { shows })
  return operation
}

function refused(history: History, what: string, oneOf: readonly Reading[]): void {
  history.fail(ask(history, what), oneOf)
}

function lost(history: History, what: string, effects: Effects = {}): number {
  const operation = ask(history, what, effects)
  history.unknown(operation, 'killed')
  return operation
}

/** A session that somebody has been given. */
function signedIn(history: History, credential = 's1', owner = 'ada'): void {
  history.ok(ask(history, 'sign-in'), { grants: { credential, owner } })
}

const live = (credential = 's1'): Reading => ({ key: `credential:${credential}`, is: 'live' })
const ended = (credential = 's1'): Reading => ({ key: `credential:${credential}`, is: 'ended' })
const check = (history: History, credential?: string) => done(history, 'check', {}, [live(credential)])
const signOut: Effects = { writes: { 'credential:s1': 'ended' } }
const rulesOf = (history: History) => judge(history.entries).map(({ rule }) => rule)

describe('single use', () => {
  const code: Effects = { spends: ['code 1'] }

  test('a code that is accepted twice is a fault', () => {
    const history = openHistory()
    done(history, 'code', code)
    done(history, 'code', code)
    expect(rulesOf(history)).toEqual(['spent twice'])
  })

  test('it is one also when both were asked at the same time', () => {
    const history = openHistory()
    const [one, other] = [ask(history, 'code', code), ask(history, 'code', code)]
    history.ok(one)
    history.ok(other)
    expect(rulesOf(history)).toEqual(['spent twice'])
  })

  test('it is one when the first was found to have been accepted, though nobody was told', () => {
    const history = openHistory()
    const first = lost(history, 'code', code)
    history.found(first)
    done(history, 'code', code)
    expect(rulesOf(history)).toEqual(['spent twice'])
  })

  test('a code of which nobody knows may be accepted, or refused, the next time', () => {
    const history = openHistory()
    lost(history, 'code', code)
    done(history, 'code', code)
    refused(history, 'code', [])
    expect(rulesOf(history)).toEqual([])
  })
})

describe('steps of an authenticator', () => {
  const step = (number: number): Effects => ({ step: { factor: 'phone', step: number } })

  test('an older step after a newer one is a fault', () => {
    const history = openHistory()
    done(history, 'code', step(8))
    done(history, 'code', step(7))
    expect(rulesOf(history)).toEqual(['step back'])
  })

  test('of what happened at the same time, either may have come first', () => {
    const history = openHistory()
    const newer = ask(history, 'code', step(8))
    const older = ask(history, 'code', step(7))
    history.ok(newer)
    history.ok(older)
    expect(rulesOf(history)).toEqual([])
  })

  test('another authenticator has steps of its own, and a lost one may not have been spent', () => {
    const history = openHistory()
    done(history, 'code', step(8))
    done(history, 'code', { step: { factor: 'tablet', step: 7 } })
    lost(history, 'code', step(9))
    done(history, 'code', step(9))
    expect(rulesOf(history)).toEqual([])
  })
})

describe('revocation', () => {
  test('a session that opens something after its sign-out was acknowledged is a fault', () => {
    const history = openHistory()
    signedIn(history)
    done(history, 'sign-out', signOut)
    check(history)
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('while the sign-out is under way, both answers are right', () => {
    const history = openHistory()
    signedIn(history)
    const out = ask(history, 'sign-out', signOut)
    check(history)
    refused(history, 'check', [ended()])
    history.ok(out)
    expect(rulesOf(history)).toEqual([])
  })

  test('a check that began before the acknowledgement may still succeed', () => {
    const history = openHistory()
    signedIn(history)
    const looking = ask(history, 'check')
    done(history, 'sign-out', signOut)
    history.ok(looking, { shows: [live()] })
    expect(rulesOf(history)).toEqual([])
  })

  test('after a sign-out of which nobody knows both answers are right, but a session that was refused does not come back', () => {
    const history = openHistory()
    signedIn(history)
    lost(history, 'sign-out', signOut)
    check(history)
    refused(history, 'check', [ended(), { key: 'active:ada', is: 'no' }])
    expect(rulesOf(history)).toEqual([])
    check(history)
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('ending everything of somebody ends what was granted before, to them, but for the one that is kept', () => {
    const history = openHistory()
    signedIn(history, 's1')
    signedIn(history, 's2')
    signedIn(history, 's3', 'bob')
    done(history, 'end-sessions', { ends: [{ owner: 'ada', but: 's2' }] })
    check(history, 's2')
    check(history, 's3')
    expect(rulesOf(history)).toEqual([])
    check(history, 's1')
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('what is granted afterwards stays, and is lost when it is refused', () => {
    const history = openHistory()
    done(history, 'end-sessions', { ends: [{ owner: 'ada' }] })
    signedIn(history)
    check(history)
    expect(rulesOf(history)).toEqual([])
    refused(history, 'check', [ended(), { key: 'active:ada', is: 'no' }])
    expect(rulesOf(history)).toEqual(['refused for nothing'])
  })

  test('what is granted at the same time may stay or go', () => {
    const history = openHistory()
    const ending = ask(history, 'end-sessions', { ends: [{ owner: 'ada' }] })
    signedIn(history)
    history.ok(ending)
    check(history)
    refused(history, 'check', [ended()])
    expect(rulesOf(history)).toEqual([])
  })

  test('an act that ends all and grants one does not end that one', () => {
    const history = openHistory()
    signedIn(history, 's1')
    const change = ask(history, 'change-password', { ends: [{ owner: 'ada' }] })
    history.ok(change, { grants: { credential: 's2', owner: 'ada' } })
    check(history, 's2')
    expect(rulesOf(history)).toEqual([])
  })
})

describe('what is kept', () => {
  const password = (is: string): Reading => ({ key: 'password:ada', is })
  const change = (to: string): Effects => ({ writes: { 'password:ada': to } })
  const begun = () => {
    const history = openHistory()
    history.begin({ 'password:ada': 'one', enforcement: 'off' })
    return history
  }

  test('an old password that is accepted after an acknowledged change is a fault', () => {
    const history = begun()
    done(history, 'change-password', change('two'))
    done(history, 'password', {}, [password('two')])
    expect(rulesOf(history)).toEqual([])
    done(history, 'password', {}, [password('one')])
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('a new one that is refused is a change that was lost', () => {
    const history = begun()
    done(history, 'change-password', change('two'))
    refused(history, 'password', [{ key: 'password:ada', not: 'two' }])
    expect(rulesOf(history)).toEqual(['refused for nothing'])
  })

  test('after a change of which nobody knows either is accepted, but not the old one after the new one was', () => {
    const history = begun()
    lost(history, 'change-password', change('two'))
    done(history, 'password', {}, [password('one')])
    refused(history, 'password', [{ key: 'password:ada', not: 'two' }])
    done(history, 'password', {}, [password('two')])
    expect(rulesOf(history)).toEqual([])
    done(history, 'password', {}, [password('one')])
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('a refused change has changed nothing', () => {
    const history = begun()
    history.fail(ask(history, 'change-password', change('two')))
    done(history, 'password', {}, [password('one')])
    done(history, 'password', {}, [password('two')])
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('a page without 2FA after an acknowledged enforcement is a fault until it is off again', () => {
    const history = begun()
    const page = () => done(history, 'check', {}, [{ key: 'enforcement', is: 'off' }])
    const enforce = (value: string) => done(history, 'enforce', { writes: { enforcement: value } })
    page()
    enforce('on')
    enforce('off')
    page()
    expect(rulesOf(history)).toEqual([])
    enforce('on')
    page()
    expect(rulesOf(history)).toEqual(['not so any more'])
  })

  test('what nothing ever made so is a fault', () => {
    const history = begun()
    done(history, 'password', {}, [password('three')])
    expect(judge(history.entries)[0]?.says).toContain('nothing that made it so')
  })

  test('what was found to have been done is as good as acknowledged then', () => {
    const history = begun()
    const change2 = lost(history, 'change-password', change('two'))
    done(history, 'password', {}, [password('one')])
    history.found(change2)
    done(history, 'password', {}, [password('one')])
    expect(rulesOf(history)).toEqual(['not so any more'])
  })
})

test('the answer to something that nobody asked is not judged but thrown', () => {
  expect(() => judge([{ is: 'ok', operation: 7 }])).toThrow('never invoked')
})
