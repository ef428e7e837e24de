// The parts whose tests are put to the proof, and the tests that must see what changes in each. A mutant that none of these
// sees has survived: whoever tests a part somewhere else adds the file here.

export interface Part {
  /** What is changed. */
  mutate: readonly string[]
  tests: readonly string[]
}

const journeys = (...names: string[]) => names.map((name) => `test/journeys/${name}.test.ts`)
const abuse = (...names: string[]) => names.map((name) => `test/abuse/${name}.test.ts`)

export const parts: Readonly<Record<string, Part>> = {
  totp: {
    mutate: ['src/totp/*.ts'],
    tests: [
      'src/totp/*.test.ts',
      ...journeys('enrolment', 'clock-hint', 'profile'),
      ...abuse('replayed-code', 'guess-limits'),
    ],
  },
  'recovery-codes': {
    mutate: ['src/recovery-codes/*.ts'],
    tests: ['src/recovery-codes/*.test.ts', ...journeys('recovery-codes'), ...abuse('guess-limits', 'replayed-code')],
  },
  attempts: {
    mutate: ['src/attempts/*.ts', 'src/sign-in/admission.ts', 'src/sign-in/guesses.ts'],
    tests: ['src/attempts/*.test.ts', ...abuse('guess-limits', 'whose-count'), ...journeys('guesses-told')],
  },
  sessions: {
    mutate: ['src/sessions/*.ts'],
    tests: [
      'src/sessions/*.test.ts',
      'src/sign-in/explain.test.ts',
      ...journeys('sign-in', 'own-sessions', 'explanations'),
      ...abuse('fixation'),
    ],
  },
  enforcement: {
    mutate: ['src/enforcement/*.ts', 'src/sign-in/enforce.ts'],
    tests: ['src/enforcement/*.test.ts', ...journeys('enforcement', 'enforcing-safely', 'explanations')],
  },
  'sign-in': {
    // The machine itself; the acts of administrators and of account life beside it have their own journeys.
    mutate: [
      'account',
      'explain',
      'known-browsers',
      'next-step',
      'protect',
      'prove',
      'rows',
      'sign-in',
      'standing',
    ].map((name) => `src/sign-in/${name}.ts`),
    tests: [
      'src/sign-in/*.test.ts',
      ...journeys('sign-in', 'enrolment', 'profile', 'recovery-codes', 'enforcement', 'explanations', 'access-tokens'),
      ...abuse('flow-skipping', 'guess-limits', 'replayed-code', 'fixation', 'acts-past-the-pages'),
    ],
  },
}
