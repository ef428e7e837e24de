/**
 * What would take a test too long to live through (fifty colleagues, a hundred wrong codes), written straight into the
 * database of the service, which reads it at the next request.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ServiceProcess } from '../../support/process.ts'

/** Uses recovery codes up until so many are left. */
export function leaveRecoveryCodes(service: ServiceProcess, left: number): void {
  write(
    service,
    `update recovery_codes set used_at = 1 where used_at is null and hash not in
       (select hash from recovery_codes where used_at is null limit ${left})`,
  )
}

/** Disables every authenticator, as after a hundred wrong codes in a row. */
export function disableAuthenticators(service: ServiceProcess): void {
  write(service, 'update totp_factors set failures = 100, disabled_at = 1')
}

/** Forgets wrong guesses, so that the next one is not made to wait. */
export function forgetGuesses(service: ServiceProcess): void {
  write(service, 'delete from attempts')
}

/** Adds so many people who have never signed in. */
export function addColleagues(service: ServiceProcess, count: number): void {
  write(
    service,
    `insert into users (id, email, email_key, name, role, theme, created_at)
     with recursive counter(n) as (values (1) union all select n + 1 from counter where n < ${count})
     select 'colleague-' || n, 'c' || n || '@example.org', 'c' || n || '@example.org', null, 'member', 'system', 1
     from counter`,
  )
}

function write({ dataFolder }: ServiceProcess, sql: string): void {
  const database = new DatabaseSync(join(dataFolder, 'countersign.sqlite'))
  database.exec(`pragma busy_timeout = 5000; ${sql}`)
  database.close()
}
