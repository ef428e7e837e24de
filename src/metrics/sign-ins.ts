// How audit events read as sign-ins and guesses. The audit log is what is counted, so the figures say neither more nor less
// than it does.

/** An event as its row has it. */
export interface RecordedEvent {
  name: string
  /** JSON. */
  details: string
}

export interface SignInFigure {
  result: 'completed' | 'refused' | 'ended'
  factor: 'password' | 'totp' | 'recovery-code' | 'set-up-link' | 'other'
}

const factors: readonly SignInFigure['factor'][] = ['totp', 'recovery-code', 'set-up-link', 'password']

/**
 * Reads what an event says of a sign-in; null where it says nothing. A completed one is counted by the strongest factor that
 * it was completed with, a refused guess, in a sign-in or a step-up, by what was guessed at.
 */
export function signInFigure({ name, details }: RecordedEvent): SignInFigure | null {
  switch (name) {
    case 'sign-in.completed': {
      const proofs = listIn(details, 'proofs')
      return { result: 'completed', factor: factors.find((factor) => proofs.includes(factor)) ?? 'other' }
    }
    case 'password.refused':
      return { result: 'refused', factor: 'password' }
    case 'second-factor.refused': {
      const method = valueIn(details, 'method')
      return { result: 'refused', factor: factors.find((factor) => factor === method) ?? 'other' }
    }
    case 'sign-in.ended-by-wrong-codes':
      return { result: 'ended', factor: 'other' }
    default:
      return null
  }
}

function valueIn(details: string, field: string): unknown {
  const value: unknown = JSON.parse(details)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined
}

function listIn(details: string, field: string): readonly unknown[] {
  const value = valueIn(details, field)
  return Array.isArray(value) ? value : []
}
