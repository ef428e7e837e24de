/** The tests of one part, which the environment names: see `parts.ts`. */
import type { ViteUserConfig } from 'vitest/config'
import everyTest from '../vitest.config.ts'
import { parts } from './parts.ts'

const part = parts[process.env.MUTATION_PART ?? '']
if (!part) throw new Error('MUTATION_PART names no part: run this by "npm run test:mutation".')

const { test, ...rest } = everyTest as ViteUserConfig
export default { ...rest, test: { ...test, include: [...part.tests] } }
