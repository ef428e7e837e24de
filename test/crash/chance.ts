/**
 * Chance that can be had again: the same seed and name give the same numbers, whatever else is drawn meanwhile.
 */
import { createHash } from 'node:crypto'

export interface Chance {
  /** A number from 0 up to, and without, 1. */
  next(): number
  /** A whole number from `from` up to, and without, `to`. */
  between(from: number, to: number): number
  /** True so often, of 1. */
  happens(share: number): boolean
  pick<Thing>(things: readonly Thing[]): Thing
  /** Picks by weight. */
  weigh<Thing>(things: readonly (readonly [weight: number, thing: Thing])[]): Thing
}

/** Makes a source of its own for whoever has this name. */
export function chanceOf(seed: number, name: string): Chance {
  let drawn = 0
  let block = Buffer.alloc(0)
  const next = () => {
    const place = (drawn % 8) * 4
    if (place === 0) block = createHash('sha256').update(`${seed} ${name} ${drawn}`).digest()
    drawn += 1
    return block.readUInt32BE(place) / 2 ** 32
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from))
  const pick = <Thing>(things: readonly Thing[]): Thing => {
    const thing = things[between(0, things.length)]
    if (thing === undefined) throw new Error('There is nothing to pick from.')
    return thing
  }
  return {
    next,
    between,
    happens: (share) => next() < share,
    pick,
    weigh: (things) => {
      let left = next() * things.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, thing] of things) {
        left -= weight
        if (left < 0) return thing
      }
      return pick(things)[1]
    },
  }
}
