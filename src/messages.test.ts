/**
 * Holds that the catalogue and the source agree, and that every message can be said.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../messages/en.json' with { type: 'json' }
import { languageFromHeader, type MessageId, messagesFor } from './messages.ts'

const source = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n')

// `refusal.${code}.title` says every message of that shape.
const shapes = [...source.matchAll(/`([a-z][\w-]*\.(?:[\w.-]|\$\{[^}]+\})*)`/g)]
  .map(([, template = '']) => template)
  .filter((template) => template.includes('${'))
  .map((template) => new RegExp(`^${template.replaceAll('.', '\\.').replace(/\$\{[^}]+\}/g, '[\\w-]+')}$`))

const ids = Object.keys(en) as MessageId[]

describe('the message catalogue', () => {
  it('holds no message that nothing says', () => {
    const unsaid = ids.filter((id) => !source.includes(`'${id}'`) && !shapes.some((shape) => shape.test(id)))
    expect(unsaid).toEqual([])
  })

  it('can say every message, its placeholders filled in', () => {
    const { t } = messagesFor('en')
    for (const id of ids) {
      const names = [...en[id].matchAll(/\{(\w+)/g)].map(([, name]) => name ?? '')
      expect(t(id, Object.fromEntries(names.map((name) => [name, 1])))).not.toMatch(/[{}]/)
    }
  })

  it('refuses to say a message whose placeholder got no value', () => {
    expect(() => messagesFor('en').t('help.question')).not.toThrow()
    expect(() => messagesFor('en').t('recoveryCodes.left')).toThrow()
  })

  it('counts as people do', () => {
    const { t } = messagesFor('en')
    expect(t('recoveryCodes.left', { left: 0 })).toBe('No recovery codes left')
    expect(t('recoveryCodes.left', { left: 1 })).toBe('1 recovery code left')
    expect(t('recoveryCodes.left', { left: 8 })).toBe('8 recovery codes left')
  })

  it('speaks English where it does not know the language', () => {
    expect(messagesFor('tlh').locale).toBe('en')
    expect(messagesFor('en-GB')).toBe(messagesFor('en'))
    expect(languageFromHeader('tlh, en-GB;q=0.5')).toBe('en')
    expect(languageFromHeader(undefined)).toBe('en')
  })

  it('writes moments with their time zone', () => {
    const { formatInstant } = messagesFor('en')
    const moment = Date.UTC(2026, 10, 24, 9, 5)
    expect(formatInstant(moment, 'date-time')).toBe('November 24, 2026 at 09:05 UTC')
    expect(formatInstant(moment, 'date')).toBe('November 24, 2026')
    expect(formatInstant(moment, 'short-date')).toBe('Nov 24, 2026')
    expect(formatInstant(moment, 'time', 'Europe/Berlin')).toBe('10:05 GMT+1')
  })
})
