import { describe, expect, test } from 'vitest'
import { gatedArgon2 } from '../../test/support/gated-argon2.ts'
import { Refusal } from '../refusal.ts'
import { createHashing, hashCost } from './hashing.ts'

const clock = () => 1_000_000

describe('a hashed password', () => {
  const hashing = createHashing(clock)

  test('is argon2id of the agreed cost, with a salt of its own', async () => {
    const [one, other] = await Promise.all([hashing.hashPassword('the same'), hashing.hashPassword('the same')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(other).not.toBe(one)
    expect(hashCost).toEqual({ memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 })
  })

  test('is recognised, and nothing else is', async () => {
    const hash = await hashing.hashPassword('a long enough password')
    expect(await hashing.verifyPassword(hash, 'a long enough password')).toBe(true)
    for (const wrong of ['', 'A long enough password', 'a long enough password ', 'a long enough passwor'])
      expect(await hashing.verifyPassword(hash, wrong)).toBe(false)
  })

  test('is the same password on a keyboard that composes letters differently', async () => {
    const hash = await hashing.hashPassword('Z\u00fcrich und Gen\u00e8ve')
    expect(await hashing.verifyPassword(hash, 'Zu\u0308rich und Gene\u0300ve')).toBe(true)
  })

  test('counts to the last character, however long', async () => {
    const long = 'x'.repeat(127)
    const hash = await hashing.hashPassword(`${long}y`)
    expect(await hashing.verifyPassword(hash, `${long}z`)).toBe(false)
  })

  test('of nobody is never right, not even with the decoy’s own words', async () => {
    expect(await hashing.verifyPassword(null, 'anything')).toBe(false)
    expect(await hashing.verifyPassword(null, 'nobody has this password')).toBe(false)
  })
})

test('a recovery code’s hash hangs on code, salt and cost, and is 32 bytes', async () => {
  const { hashRecoveryCode } = createHashing(clock)
  const salt = Buffer.alloc(16, 1)
  const cost = { memoryKib: 1024, passes: 1 }
  const hash = await hashRecoveryCode('0a1b2c3d4e5f6g7h', salt, cost)
  expect(hash).toHaveLength(32)
  expect((await hashRecoveryCode('0a1b2c3d4e5f6g7h', salt, cost)).equals(hash)).toBe(true)
  expect((await hashRecoveryCode('0a1b2c3d4e5f6g7j', salt, cost)).equals(hash)).toBe(false)
  expect((await hashRecoveryCode('0a1b2c3d4e5f6g7h', Buffer.alloc(16, 2), cost)).equals(hash)).toBe(false)
  expect((await hashRecoveryCode('0a1b2c3d4e5f6g7h', salt, { ...cost, passes: 2 })).equals(hash)).toBe(false)
})

test('a decoy that could not be made is made when it is needed', async () => {
  const argon2 = gatedArgon2()
  const { hash } = argon2
  let failures = 1
  argon2.hash = async (...given) => {
    failures -= 1
    if (failures >= 0) throw new Error('There is no memory left.')
    return hash(...given)
  }
  const { verifyPassword } = createHashing(clock, { argon2 })
  expect(await verifyPassword(null, 'anything')).toBe(false)
  expect(argon2.begun).toBe(2)
})

describe('the queue', () => {
  const salt = Buffer.alloc(16, 1)
  /** A hash that takes next to no time. */
  const quick = { memoryKib: 8, passes: 1 }
  const slow = { memoryKib: 8 * 1024, passes: 3 }

  test('lets everybody through in the order they came, one at a time where there is one core', async () => {
    const { hashRecoveryCode } = createHashing(clock, { concurrency: 1 })
    const order: number[] = []
    // The first is the slowest: were they not one at a time, the others would be done before it.
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        hashRecoveryCode('x', salt, index === 0 ? slow : quick).then(() => order.push(index)),
      ),
    )
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })

  test('takes from the two lines in turn, those who are known first, and nobody keeps the others waiting for ever', async () => {
    const argon2 = gatedArgon2()
    const { verifyPassword } = createHashing(clock, { concurrency: 1, argon2 })
    await verifyPassword(null, 'anything')
    argon2.close()
    const order: string[] = []
    const come = (who: string, isKnown: boolean) => verifyPassword('none', who, { isKnown }).then(() => order.push(who))
    const all = [come('first', false), ...['a', 'b', 'c', 'd'].map((who) => come(who, false))]
    all.push(...['A', 'B'].map((who) => come(who, true)))
    argon2.open()
    await Promise.all(all)
    expect(order).toEqual(['first', 'A', 'a', 'B', 'b', 'c', 'd'])
  })

  test('has room in one line while the other is full', async () => {
    const argon2 = gatedArgon2()
    const { verifyPassword, mustHaveRoom } = createHashing(clock, { concurrency: 1, argon2 })
    await verifyPassword(null, 'anything')
    argon2.close()
    const strangers = Array.from({ length: 257 }, () => verifyPassword('none', 'x'))
    expect(() => mustHaveRoom({})).toThrow(Refusal)
    expect(() => mustHaveRoom({ isKnown: true })).not.toThrow()
    argon2.open()
    await Promise.all(strangers)
    expect(() => mustHaveRoom({})).not.toThrow()
  })

  test('says no at once, and when to come back, to whoever would be the 257th to wait', async () => {
    const { hashRecoveryCode, verifyPassword } = createHashing(clock, { concurrency: 2 })
    // The decoy that it made first has taken its turn.
    await verifyPassword(null, 'anything')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2 + 256 + 3 }, () => hashRecoveryCode('x', salt, quick)),
    )
    const refused = outcomes.flatMap((it) => (it.status === 'rejected' ? [it.reason as unknown] : []))
    expect(refused).toHaveLength(3)
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(Refusal)
      expect(reason).toMatchObject({ code: 'busy', retryAt: 1_005_000 })
    }
    expect(outcomes.slice(-3).every(({ status }) => status === 'rejected')).toBe(true)
  })

  test('is open again once it has emptied, and after hashes that failed', async () => {
    const { hashRecoveryCode } = createHashing(clock, { concurrency: 1 })
    const impossible = { memoryKib: 0, passes: 0 }
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) => hashRecoveryCode('x', salt, index % 2 === 0 ? impossible : quick)),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill(['rejected', 'fulfilled']).flat())
    }
  })
})
