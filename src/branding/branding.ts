// How the service looks: name, accent and logo, as administrators have set them. One row and one logo; every change raises a
// version, by which each process knows whether its copy is old.

import { sql } from 'kysely'
import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import { type Clock, type Instant, isYoung, seconds } from '../time.ts'
import type { LogoType } from './logo.ts'

export interface Brand {
  version: number
  /** Null where the name is the one of the settings. */
  name: string | null
  /** `#rrggbb`; null for the service's own colour. */
  color: string | null
  logo: { type: LogoType; bytes: Buffer } | null
}

const plain: Brand = { version: 0, name: null, color: null, logo: null }

export interface Branding {
  /** The copy of this process. */
  current(): Brand
  /** Brings the copy up to date, where it has not been looked at within the last second: one short read, and more only when something has changed. */
  refresh(): Promise<void>
  /** Something has just been changed here: the next refresh looks in any case. */
  outdate(): void
}

/** How long another process may show what was changed in this one. It is looks and a name, and every request would have to ask. */
const lookEvery = seconds(1)

const versionNow = prepare((db) => db.selectFrom('installation').select('brand_version').where('id', '=', 1))

/** Keeps one copy of the brand in memory. */
export function createBranding(db: Database, clock: Clock): Branding {
  let copy = plain
  let lookedAt: Instant | null = null
  return {
    current: () => copy,
    async refresh() {
      const now = clock()
      if (lookedAt !== null && isYoung(lookedAt, now, lookEvery)) return
      const row = await versionNow.first(db, {})
      if (row && Number(row.brand_version) !== copy.version) copy = await readBrand(db)
      lookedAt = now
    },
    outdate() {
      lookedAt = null
    },
  }
}

/** Reads the brand with its logo. */
export async function readBrand(db: Database): Promise<Brand> {
  const row = await db
    .selectFrom('installation')
    .leftJoin('brand_logos', 'brand_logos.id', 'installation.id')
    .select(['brand_name', 'brand_color', 'brand_version', 'brand_logos.type', 'brand_logos.base64'])
    .where('installation.id', '=', 1)
    .executeTakeFirstOrThrow()
  const logo =
    row.type === null || row.base64 === null
      ? null
      : { type: row.type as LogoType, bytes: Buffer.from(row.base64, 'base64') }
  return { version: Number(row.brand_version), name: row.brand_name, color: row.brand_color, logo }
}

export interface BrandChange {
  name: string | null
  color: string | null
  /** `keep` leaves the logo as it is; null removes it. */
  logo: { type: LogoType; bytes: Buffer } | 'keep' | null
}

/** Sets the brand. The caller has checked that the actor may, and that colour and logo are what they must be. */
export async function setBrand(
  trx: DatabaseTransaction,
  { name, color, logo }: BrandChange,
  about: Omit<Circumstances, 'subject'>,
): Promise<void> {
  await trx
    .updateTable('installation')
    .set({ brand_name: name, brand_color: color, brand_version: sql<number>`brand_version + 1` })
    .where('id', '=', 1)
    .execute()
  if (logo !== 'keep') await trx.deleteFrom('brand_logos').execute()
  if (logo !== 'keep' && logo !== null)
    await trx
      .insertInto('brand_logos')
      .values({ id: 1, type: logo.type, base64: logo.bytes.toString('base64') })
      .execute()
  await record(trx, { name: 'settings.changed', details: { setting: 'branding' } }, { ...about, subject: null })
}
