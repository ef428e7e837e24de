// What is wrong with a new password, in words: the same on every page that asks for one.

import { maximumLength, type PasswordProblem } from '../passwords/rules.ts'
import type { Frame } from './views/parts/frame.ts'

const messages = {
  'too-short': 'problem.passwordTooShort',
  'too-long': 'problem.passwordTooLong',
  common: 'problem.passwordCommon',
  'names-you': 'problem.passwordNamesYou',
} as const

/** Says a problem in the person's language. */
export function passwordWords(frame: Frame, problem: PasswordProblem, minLength: number): string {
  return frame.t(messages[problem], { minLength, maxLength: maximumLength })
}
