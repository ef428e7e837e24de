// A SAML provider that lies, and everybody who could stand between: every known way to have an assertion accepted that was
// not made by this provider, for us, for this request, now.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { acceptResponse } from '../../src/identity-providers/saml/accept-response.ts'
import type { SamlKeyPair } from '../../src/identity-providers/saml/key-pair.ts'
import { type Expected, readResponse } from '../../src/identity-providers/saml/read-response.ts'
import { type SamlFault, SamlRefused } from '../../src/identity-providers/saml/refused.ts'
import { ourSide } from '../../src/identity-providers/saml/request.ts'
import { verifiedAssertion } from '../../src/identity-providers/saml/verified-assertion.ts'
import { readXml } from '../../src/identity-providers/saml/xml.ts'
import { purgeSeenAssertions } from '../../src/identity-providers/seen-assertions.ts'
import { minutes, seconds } from '../../src/time.ts'
import { openTestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/postgres.ts'
import {
  makeProviderKey,
  packed,
  type Said,
  type SignatureForm,
  signElement,
  writeAssertion,
  writeResponse,
  writeSignedResponse,
} from '../support/saml-provider.ts'
import { dialects } from '../support/service.ts'

const now = Date.parse('2026-11-25T00:00:00Z')
const ours = ourSide('https://sign-in.example.org', 'one')
const said: Said = { ...ours, request: '_request', now }
let key: SamlKeyPair
let stranger: SamlKeyPair
let expected: Expected
beforeAll(async () => {
  key = await makeProviderKey(now)
  stranger = await makeProviderKey(now)
  const settings = { entityId: 'https://idp.example.org', certificates: [key.certificate], allowsUnsolicited: false }
  expected = { settings, ...ours, request: '_request', now }
})

/** What it says, or why not. Anything but a refusal is a bug, and fails the test. */
async function outcome(xml: string, more: Partial<Expected> = {}): Promise<string> {
  return outcomeOf(packed(xml), more)
}
async function outcomeOf(encoded: string, more: Partial<Expected> = {}): Promise<string> {
  try {
    return `accepted ${(await readResponse(encoded, { ...expected, ...more })).subject}`
  } catch (error) {
    if (!(error instanceof SamlRefused)) throw error
    return error.because
  }
}
const signed = (more: Partial<Said> = {}, form?: SignatureForm) => writeSignedResponse({ ...said, ...more }, key, form)

describe('an honest provider', () => {
  test('is believed, in what it has signed', async () => {
    const acr = 'https://refeds.org/profile/mfa'
    const attributes = { email: ['alice@example.org'], groups: ['a &amp; b', ' c '], 'urn:oid:2.5.4.42': ['Alice'] }
    expect(await readResponse(packed(signed({ acr, attributes })), expected)).toEqual({
      issuer: 'https://idp.example.org',
      subject: 'alice',
      subjectFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      attributes: new Map([
        ['email', ['alice@example.org']],
        ['groups', ['a & b', 'c']],
        ['urn:oid:2.5.4.42', ['Alice']],
      ]),
      acr,
      authTime: now,
      sessionIndex: '_session',
      assertionId: '_assertion',
      expiresAt: now + minutes(6),
    })
  })

  test('may sign its response as well, in either order, by any of its keys', async () => {
    expect(await outcome(signElement(signed(), '_response', key))).toBe('accepted alice')
    const settings = { ...expected.settings, certificates: [stranger.certificate, key.certificate] }
    expect(await outcome(signed(), { settings })).toBe('accepted alice')
  })

  test.each<[string, SignatureForm]>([
    ['rsa-sha512', { signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512' }],
    ['RSA-PSS', { signature: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' }],
    ['a digest by SHA-512', { digest: 'http://www.w3.org/2001/04/xmlenc#sha512' }],
  ])('may use %s', async (_, form) => {
    expect(await outcome(signed({}, form))).toBe('accepted alice')
  })

  test('may have a clock that is a minute off, either way', async () => {
    for (const off of [-59, 59]) expect(await outcome(signed(), { now: now + seconds(off) })).toBe('accepted alice')
    expect(await outcome(signed(), { now: now + minutes(6) - 1 })).toBe('accepted alice')
  })

  test('may break lines in base64, and write letters of all languages', async () => {
    const broken = packed(signed({ nameId: 'Ælfgiþu ☃' })).replace(/.{76}/g, '$&\r\n')
    expect(await outcomeOf(broken)).toBe('accepted Ælfgiþu ☃')
  })

  test('is not believed where it says of itself that it failed, but heard', async () => {
    const denied = { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder', statusMessage: 'No access' }
    const failed = writeResponse({ ...said, ...denied }, '')
    expect(await outcome(failed)).toBe('declined')
    await expect(readResponse(packed(failed), expected)).rejects.toThrow(/status:Responder No access/)
  })
})

describe('a provider that lies', () => {
  test.each<[string, Partial<Said>, SamlFault]>([
    ['another issuer', { issuer: 'https://other.example.org' }, 'issuer'],
    [
      'another issuer of the assertion alone',
      { issuer: 'https://other.example.org', responseIssuer: 'https://idp.example.org' },
      'issuer',
    ],
    ['another issuer of the response alone', { responseIssuer: 'https://other.example.org' }, 'issuer'],
    ['no destination', { destination: null }, 'destination'],
    ['another destination', { destination: 'https://sign-in.example.org/sign-in/with/two/acs' }, 'destination'],
    ['no recipient', { recipient: null }, 'recipient'],
    ['another recipient', { recipient: 'https://other.example.org/acs' }, 'recipient'],
    ['no audience', { audience: null }, 'audience'],
    ['another audience', { audience: 'https://other.example.org' }, 'audience'],
    ['an audience that begins like ours', { audience: `${ours.entityId}/` }, 'audience'],
    [
      'an audience more, that is not ours',
      { moreConditions: '<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>' },
      'audience',
    ],
    ['a condition that nobody knows', { moreConditions: '<saml:Condition/>' }, 'conditions'],
    ['another request', { request: '_other' }, 'in-response-to'],
    ['another request in the assertion alone', { request: '_other', responseRequest: '_request' }, 'in-response-to'],
    ['another request in the response alone', { responseRequest: '_other' }, 'in-response-to'],
    ['no request', { request: null }, 'in-response-to'],
    ['no request in the assertion', { request: null, responseRequest: '_request' }, 'in-response-to'],
    ['conditions from tomorrow', { notBefore: now + seconds(61) }, 'too-early'],
    ['an assertion from tomorrow', { issueInstant: now + seconds(61) }, 'too-early'],
    ['an authentication from tomorrow', { authnInstant: now + seconds(61) }, 'too-early'],
    ['conditions of yesterday', { notOnOrAfter: now - seconds(60) }, 'too-late'],
    ['a confirmation of yesterday', { confirmedUntil: now - seconds(60) }, 'too-late'],
    ['a session that is over', { sessionNotOnOrAfter: now - seconds(60) }, 'too-late'],
    ['an empty NameID', { nameId: '' }, 'subject'],
    ['a NameID of blanks', { nameId: '  ' }, 'subject'],
    ['a NameID with blanks around', { nameId: ' alice' }, 'subject'],
    ['a NameID of 256 characters', { nameId: 'a'.repeat(256) }, 'subject'],
    ['a transient NameID', { nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }, 'subject'],
    ['a comment in the NameID', { nameId: 'alice<!-- -->.evil' }, 'comment'],
    ['an element in the NameID', { nameId: 'alice<saml:x/>' }, 'shape'],
    ['an instruction in the NameID', { nameId: 'alice<?x y?>.evil' }, 'not-xml'],
    ['CDATA in the NameID', { nameId: '<![CDATA[alice]]>' }, 'not-xml'],
    ['two subjects', { moreInAssertion: '<saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject>' }, 'subject'],
    [
      'two authentications',
      {
        moreInAssertion: `<saml:AuthnStatement AuthnInstant="2026-11-25T00:00:00Z"><saml:AuthnContext/></saml:AuthnStatement>`,
      },
      'authentication',
    ],
    [
      'an assertion in its advice',
      { moreInAssertion: `<saml:Advice>${writeAssertion({ ...said, assertionId: '_inner' })}</saml:Advice>` },
      'assertions',
    ],
    ['something encrypted', { moreInAssertion: '<saml:EncryptedAttribute/>' }, 'encrypted'],
    [
      'an encrypted assertion besides',
      { moreInResponse: '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>' },
      'encrypted',
    ],
    ['one id for two', { responseId: '_assertion' }, 'duplicate-id'],
    [
      'one id for two, spelt otherwise',
      { moreInResponse: '<samlp:Extensions><x Id="_assertion"/></samlp:Extensions>' },
      'duplicate-id',
    ],
    [
      'a signature elsewhere',
      {
        moreInResponse:
          '<samlp:Extensions><s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/></samlp:Extensions>',
      },
      'signature-shape',
    ],
    ['anything else in the response', { moreInResponse: '<samlp:Other/>' }, 'shape'],
  ])('%s', async (_, lie, because) => {
    // The signature is over what it says, in the same place, whatever else has its id.
    const honest = signElement(writeAssertion({ ...said, ...lie }), '_assertion', key)
    expect(await outcome(writeResponse({ ...said, ...lie }, honest))).toBe(because)
  })

  test.each([
    // The library looks at this one as well.
    ['IssueInstant', ['shape', 'signature']],
    ['AuthnInstant', ['authentication']],
  ])('no time, or one without its zone, in %s', async (name, because) => {
    for (const written of ['2026-11-25T00:00:00', '2026-11-25', 'now', '2026-13-45T00:00:00Z', '']) {
      const assertion = writeAssertion(said).replace(new RegExp(`${name}="[^"]*"`), `${name}="${written}"`)
      expect(because).toContain(await outcome(signElement(writeResponse(said, assertion), '_assertion', key)))
    }
  })

  test.each<[string, SignatureForm]>([
    ['rsa-sha1', { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
    ['a digest by SHA-1', { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
    ['canonical XML with comments', { canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' }],
    ['one transform', { transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature'] }],
    [
      'other transforms',
      {
        transforms: [
          'http://www.w3.org/2001/10/xml-exc-c14n#',
          'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        ],
      },
    ],
  ])('signs by %s', async (_, form) => {
    expect(await outcome(signed({}, form))).toBe('algorithm')
  })

  test.each<[string, string, string, SamlFault]>([
    [
      'confirms by more than one bearer',
      '</saml:Subject>',
      '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>',
      'subject',
    ],
    ['confirms by the holder of a key', 'cm:bearer', 'cm:holder-of-key', 'subject'],
    [
      'confirms from some time on',
      '<saml:SubjectConfirmationData',
      '<saml:SubjectConfirmationData NotBefore="2026-11-25T00:00:00Z"',
      'subject',
    ],
    [
      'names two classes of authentication',
      '</saml:AuthnContext>',
      '<saml:AuthnContextClassRef>x</saml:AuthnContextClassRef></saml:AuthnContext>',
      'authentication',
    ],
  ])('%s', async (_, what, instead, because) => {
    const assertion = writeAssertion(said).replace(what, instead)
    expect(assertion).toContain(instead)
    expect(await outcome(signElement(writeResponse(said, assertion), '_assertion', key))).toBe(because)
  })

  test('begins by itself, where it may not', async () => {
    const unasked = signed({ request: null })
    expect(await outcome(unasked, { request: null })).toBe('in-response-to')
    const settings = { ...expected.settings, allowsUnsolicited: true }
    expect(await outcome(unasked, { request: null, settings })).toBe('accepted alice')
    expect(await outcome(signed(), { request: null, settings })).toBe('in-response-to')
  })
})

describe('somebody else', () => {
  test('who signs by a key of their own, even with their certificate in it', async () => {
    const xml = writeSignedResponse(said, stranger)
    expect(xml).toContain('X509Certificate')
    expect(await outcome(xml)).toBe('signature')
  })

  test('who signs nothing, or only the response', async () => {
    const plain = writeResponse(said, writeAssertion(said))
    expect(await outcome(plain)).toBe('unsigned')
    expect(await outcome(signElement(plain, '_response', key))).toBe('unsigned')
  })

  test('who signs the response by one key and has the assertion signed by another', async () => {
    expect(await outcome(signElement(writeSignedResponse(said, stranger), '_response', key))).toBe('signature')
  })

  test('who changes anything that was signed', async () => {
    const xml = signed({ attributes: { email: ['alice@example.org'] } })
    for (const [what, instead] of [
      ['>alice<', '>bob<'],
      ['alice@example.org', 'bob@example.org'],
      ['ac:classes:Password', 'ac:classes:X509'],
      ['SessionIndex="_session"', 'SessionIndex="_other"'],
    ] as const)
      expect(await outcome(xml.replace(what, instead))).toBe('signature')
    const without = xml.replace(/<ds:Signature [\s\S]*<\/ds:Signature>/, '')
    expect(await outcome(without)).toBe('unsigned')
    expect(await outcome(xml.replace(/<ds:SignatureValue>[^<]{20}/, '<ds:SignatureValue>AAAAAAAAAAAAAAAAAAAA'))).toBe(
      'signature',
    )
    expect(await outcome(xml.replace(/<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA'))).toBe('signature')
  })

  test('who brings what another provider said, or what it said to another', async () => {
    const settings = {
      ...expected.settings,
      entityId: 'https://other.example.org',
      certificates: [stranger.certificate],
    }
    expect(await outcome(signed(), { settings })).toBe('issuer')
    expect(await outcome(signed({ issuer: settings.entityId }), { settings })).toBe('signature')
    expect(await outcome(signed(), ourSide('https://sign-in.example.org', 'two'))).toBe('destination')
  })

  test('who puts values into a digest or signature that nobody signed', async () => {
    const xml = signed()
    expect(await outcome(xml.replace('<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->'))).toBe('comment')
    expect(await outcome(xml.replace(/<ds:DigestValue>[^<]*/, '<ds:DigestValue>!'))).toBe('signature-shape')
    expect(await outcome(xml.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>&#32;'))).toBe('signature')
    const [info = ''] = /<ds:SignedInfo>[\s\S]*<\/ds:SignedInfo>/.exec(xml) ?? []
    expect(await outcome(xml.replace(info, info + info))).toBe('signature-shape')
    const signature = signatureIn(xml)
    expect(await outcome(xml.replace(signature, signature + signature))).toBe('signature-shape')
    expect(await outcome(xml.replace('</ds:SignedInfo>', '<ds:KeyName/></ds:SignedInfo>'))).toBe('signature-shape')
    const [reference = ''] = /<ds:Reference [\s\S]*<\/ds:Reference>/.exec(xml) ?? []
    expect(await outcome(xml.replace(reference, reference + reference))).toBe('signature-shape')
    expect(await outcome(xml.replace('URI="#_assertion"', 'URI=""'))).toBe('signature-shape')
    expect(await outcome(xml.replace('</ds:SignedInfo>', '</ds:SignedInfo><ds:Object/>'))).toBe('signature-shape')
    expect(await outcome(xml.replace('<ds:X509Data>', '<ds:RetrievalMethod/><ds:X509Data>'))).toBe('signature-shape')
  })
})

/** The eight shapes of “On Breaking SAML: Be Whoever You Want to Be” (Somorovsky and others, 2012). */
const wrappings: Record<string, (xml: string) => string> = {}
const signatureIn = (xml: string) => /<ds:Signature [\s\S]*<\/ds:Signature>/.exec(xml)?.[0] ?? ''
const assertionOf = (xml: string) => /<saml:Assertion [\s\S]*<\/saml:Assertion>/.exec(xml)?.[0] ?? ''
const evilOf = (part: string) =>
  part.replace('>alice<', '>mallory<').replace('ID="_assertion"', 'ID="_evil"').replace('ID="_response"', 'ID="_evil"')
const unsignedOf = (part: string) => part.replace(signatureIn(part), '')

wrappings['1: the signed response inside the signature of another'] = (xml) => {
  const evil = evilOf(unsignedOf(xml))
  const wrapped = signatureIn(xml).replace('</ds:Signature>', `${unsignedOf(xml)}</ds:Signature>`)
  return evil.replace('</saml:Issuer>', `</saml:Issuer>${wrapped}`)
}
wrappings['2: the signed response before the signature'] = (xml) =>
  evilOf(unsignedOf(xml)).replace('</saml:Issuer>', `</saml:Issuer>${unsignedOf(xml)}${signatureIn(xml)}`)
wrappings['3: another assertion before the signed one'] = (xml) => {
  const original = assertionOf(xml)
  return xml.replace(original, evilOf(unsignedOf(original)) + original)
}
wrappings['4: the signed assertion inside another'] = (xml) => {
  const original = assertionOf(xml)
  return xml.replace(
    original,
    evilOf(unsignedOf(original)).replace('</saml:Assertion>', `${original}</saml:Assertion>`),
  )
}
wrappings['5: another assertion with the signature, the original behind it'] = (xml) => {
  const original = assertionOf(xml)
  return xml.replace(original, evilOf(original) + unsignedOf(original))
}
wrappings['6: another assertion, the original in its signature'] = (xml) => {
  const original = assertionOf(xml)
  const signature = signatureIn(original)
  const holding = signature.replace('</ds:Signature>', `${unsignedOf(original)}</ds:Signature>`)
  return xml.replace(original, evilOf(original).replace(signature, holding))
}
wrappings['7: another assertion in the extensions'] = (xml) => {
  const evil = `<samlp:Extensions>${evilOf(unsignedOf(assertionOf(xml)))}</samlp:Extensions>`
  return xml.replace('<samlp:Status>', `${evil}<samlp:Status>`)
}
wrappings['8: the original in an object of the signature'] = (xml) => {
  const original = assertionOf(xml)
  const signature = signatureIn(original)
  const object = `<ds:Object>${unsignedOf(original)}</ds:Object></ds:Signature>`
  return xml.replace(original, evilOf(original).replace(signature, signature.replace('</ds:Signature>', object)))
}

describe('a signature that is wrapped around something else', () => {
  /** The first two are about signed responses. */
  const base = (name: string) => {
    if (!/^[12]/.test(name)) return signed()
    return signElement(writeResponse(said, writeAssertion(said)), '_response', key)
  }

  test.each(Object.keys(wrappings))('%s', async (name) => {
    const xml = wrappings[name]?.(base(name)) ?? ''
    expect(xml).toContain('mallory')
    expect(xml).toContain('alice')
    expect(['assertions', 'shape']).toContain(await outcome(xml))
  })

  test.each(Object.keys(wrappings))('%s: would not get further without the guards in front either', async (name) => {
    const xml = wrappings[name]?.(base(name)) ?? ''
    const { certificates } = expected.settings
    const given = await verifiedAssertion(xml, { certificates, ...ours }).catch((error: unknown) => error)
    if (given instanceof SamlRefused) expect(given.because).toBe('signature')
    else expect(String(given)).not.toContain('mallory')
  })

  test('two assertions, both signed', async () => {
    const both = writeAssertion(said) + writeAssertion({ ...said, assertionId: '_second', nameId: 'bob' })
    const xml = signElement(signElement(writeResponse(said, both), '_assertion', key), '_second', key)
    expect(await outcome(xml)).toBe('assertions')
  })

  test('an assertion by another name', async () => {
    const original = assertionOf(signed())
    const lower = evilOf(unsignedOf(original)).replaceAll('saml:Assertion', 'saml:assertion')
    expect(await outcome(signed().replace(original, lower + original))).toBe('assertions')
    const elsewhere = original.replace('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:1.0:assertion')
    expect(await outcome(signed().replace(original, elsewhere))).toBe('shape')
  })

  test('anything of another version of SAML', async () => {
    expect(await outcome(signed().replace('Version="2.0"', 'Version="1.1"'))).toBe('shape')
    const older = writeAssertion(said).replace('Version="2.0"', 'Version="1.1"')
    expect(await outcome(signElement(writeResponse(said, older), '_assertion', key))).toBe('shape')
  })

  test('an assertion that is no part of a response', async () => {
    expect(await outcome(assertionOf(signed()))).toBe('shape')
    expect(await outcome(signed().replaceAll('samlp:Response', 'samlp:LogoutResponse'))).toBe('shape')
  })
})

describe('what is no response at all', () => {
  test.each<[string, string, SamlFault]>([
    ['nothing', '', 'not-xml'],
    ['no base64', '<Response/>', 'not-xml'],
    ['no XML', packed('hello'), 'not-xml'],
    ['no UTF-8', Buffer.from([0x3c, 0xff, 0xfe]).toString('base64'), 'not-xml'],
    ['UTF-16', Buffer.from('\ufeff<r/>', 'utf16le').toString('base64'), 'not-xml'],
    ['a document type', packed(`<!DOCTYPE r [<!ENTITY a "${'b'.repeat(100)}">]><r>&a;</r>`), 'doctype'],
    ['something too large', packed(`<r>${'a'.repeat(270_000)}</r>`), 'too-large'],
    ['something larger still', 'A'.repeat(3_000_000), 'too-large'],
  ])('%s', async (_, encoded, because) => {
    expect(await outcomeOf(encoded)).toBe(because)
  })

  test('what is no base64 in the midst of what is otherwise right', async () => {
    expect(await outcomeOf(packed(signed()).replace(/^.{10}/, '$&!'))).toBe('not-xml')
  })

  test('a document type in front of what is otherwise right', async () => {
    expect(await outcome(`<!DOCTYPE Response>${signed()}`)).toBe('doctype')
  })

  test('anything cut off, or with a byte changed, is refused and breaks nothing', { timeout: 120_000 }, async () => {
    const xml = signed()
    const bytes = Buffer.from(xml)
    for (let index = 0; index < 60; index += 1) {
      const at = Math.floor((bytes.length * index) / 60)
      expect(await outcomeOf(bytes.subarray(0, at).toString('base64'))).not.toContain('accepted')
      const changed = Buffer.from(bytes)
      changed.writeUInt8(bytes.readUInt8(at) ^ 0x15, at)
      expect(await outcomeOf(changed.toString('base64'))).not.toMatch(/accepted (?!alice)/)
    }
    expect(readXml(xml).name).toBe('Response')
  })
})

for (const dialect of dialects)
  describe(`an assertion that comes again, on ${dialect}`, () => {
    const accept = (db: Database, xml: string, providerId = 'one') =>
      acceptResponse(db, providerId, packed(xml), expected).then(
        () => 'accepted',
        (error: unknown) => (error instanceof SamlRefused ? error.because : String(error)),
      )

    test('is accepted once, of fifty at once', async () => {
      const database = await openTestDatabase(dialect)
      try {
        const xml = signed()
        const outcomes = await Promise.all(Array.from({ length: 50 }, () => accept(database.db, xml)))
        expect(outcomes.filter((one) => one === 'accepted')).toHaveLength(1)
        expect(outcomes.filter((one) => one === 'replayed')).toHaveLength(49)
        // The same assertion in another envelope is the same assertion.
        expect(await accept(database.db, signElement(xml, '_response', key))).toBe('replayed')
        // For as long as it would be accepted for its age, it is known.
        await purgeSeenAssertions(database.db, now + minutes(6) - 1)
        expect(await accept(database.db, xml)).toBe('replayed')
        // What is refused uses nothing up.
        const other = signed({ assertionId: '_other' })
        expect(await accept(database.db, other.replace('>alice<', '>bob<'))).toBe('signature')
        expect(await accept(database.db, other)).toBe('accepted')
      } finally {
        await database.close()
      }
    })

    test('is known after a restart', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'saml-'))
      const postgres = dialect === 'postgres' ? await createDatabase() : null
      const at = postgres
        ? { postgres: postgres.url }
        : { sqliteFile: join(folder, `${randomBytes(4).toString('hex')}.db`) }
      try {
        const first = await openDatabase(at)
        await migrate(first)
        expect(await accept(first, signed())).toBe('accepted')
        await first.destroy()
        const second = await openDatabase(at)
        expect(await accept(second, signed())).toBe('replayed')
        await second.destroy()
      } finally {
        await postgres?.drop()
        rmSync(folder, { recursive: true })
      }
    })
  })
