// What the machine tells whoever counts, where no audit event tells it. Nothing below the doors knows how it is counted or
// shown; telling takes no time, and cannot fail.

export interface Measures {
  /** An attempt was refused before it was checked. `limit` names the kind of limit that had been reached. */
  attemptRefused(limit: string): void
}

/** For whoever is not counted: commands, and tests of a part. */
export const uncounted: Measures = { attemptRefused: () => {} }
