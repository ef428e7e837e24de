// The one connection to SQLite, in turns. Who finds the file locked by another process stands aside and asks again, so that
// neither the process nor those who only read wait for a lock; after a while it is an error. What cannot be written because
// the disk is full, or may not be, is `DatabaseUnavailable`, and the transaction is gone with it.

import { setTimeout as wait } from 'node:timers/promises'
import { type DatabaseConnection, type SqliteDatabase, SqliteDriver } from 'kysely'
import { seconds } from '../time.ts'
import { DatabaseUnavailable, lockedCodes, resultCodeOf } from './unavailable.ts'

/** This long a write waits for another process that is writing. */
const lockPatience = seconds(5)
const pauses = [2, 5, 10, 20, 50]

/** No memory, read-only, failing disk, damaged, full, no file handles, in use by something strange, too large, no database. */
const unusableCodes = [7, 8, 10, 11, 13, 14, 15, 22, 26]

export class PatientDriver extends SqliteDriver {
  readonly #turns = new Turns()
  readonly #isInTransaction: () => boolean
  #connection: DatabaseConnection | undefined

  constructor(database: SqliteDatabase, isInTransaction: () => boolean) {
    super({ database })
    this.#isInTransaction = isInTransaction
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turns.take()
    this.#connection ??= this.#patient(await super.acquireConnection())
    return this.#connection
  }

  override async releaseConnection(): Promise<void> {
    this.#turns.give()
  }

  /** A disk that is full ends the transaction by itself; then there is nothing left to take back. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#isInTransaction()) await super.rollbackTransaction(connection)
  }

  #patient(connection: DatabaseConnection): DatabaseConnection {
    return {
      executeQuery: (query) => this.#unlocked(() => connection.executeQuery(query)),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    }
  }

  /** Tries again while the file is locked. Outside a transaction nothing has happened then; inside, the lock is ours already. */
  async #unlocked<Result>(act: () => Promise<Result>): Promise<Result> {
    for (let [tries, waited] = [0, 0]; ; tries += 1) {
      try {
        return await act()
      } catch (error) {
        const code = resultCodeOf(error)
        const isLocked = lockedCodes.includes(code)
        if (!isLocked && !unusableCodes.includes(code)) throw error
        if (!isLocked || waited >= lockPatience || this.#isInTransaction()) throw new DatabaseUnavailable(error)
      }
      const pause = pauses[Math.min(tries, pauses.length - 1)] ?? 0
      waited += pause
      this.#turns.give()
      await wait(pause)
      await this.#turns.take()
    }
  }
}

/** One at a time, in the order in which they came. */
class Turns {
  readonly #waiting: (() => void)[] = []
  #taken = false

  async take(): Promise<void> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#taken = true
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken = false
  }
}
