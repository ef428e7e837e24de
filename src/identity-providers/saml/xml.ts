// Reads the small part of XML that SAML messages are made of, and nothing else: elements, attributes, text, namespaces. No
// document type, no entities but the five, no processing instructions, no CDATA, and comments only where they are skipped on
// purpose. Whatever two readers could understand differently is refused, so that what is checked here is what the signature
// is checked for elsewhere.

import { SamlRefused } from './refused.ts'

export interface XmlAttribute {
  namespace: string
  name: string
  value: string
}

export interface XmlElement {
  namespace: string
  /** Without the prefix. */
  name: string
  attributes: readonly XmlAttribute[]
  children: readonly XmlElement[]
  /** The text between its tags, without that of its children. */
  text: string
}

const deepest = 40
const mostElements = 10_000
const declaration =
  /^<\?xml[ \t\n]+version=(["'])1\.0\1(?:[ \t\n]+encoding=(["'])utf-8\2)?(?:[ \t\n]+standalone=(["'])(?:yes|no)\3)?[ \t\n]*\?>/i
const name = '[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?'
const value = `(?:"[^<"]*"|'[^<']*')`
const attribute = new RegExp(`(${name})[ \\t\\n]*=[ \\t\\n]*(${value})`, 'g')
const openTag = new RegExp(`<(${name})((?:[ \\t\\n]+${name}[ \\t\\n]*=[ \\t\\n]*${value})*)[ \\t\\n]*(/?)>`, 'y')
const closeTag = new RegExp(`</(${name})[ \\t\\n]*>`, 'y')
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace'

type Scope = ReadonlyMap<string, string>
interface Open {
  tag: string
  element: XmlElement & { attributes: XmlAttribute[]; children: XmlElement[] }
  scope: Scope
}

/** Reads a document and gives its root. Throws `SamlRefused` for everything else. */
export function readXml(document: string, { skipsComments = false } = {}): XmlElement {
  const text = document.replace(/\r\n?/g, '\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed())
    throw malformed('a character that XML does not have')
  return new Reader(text, skipsComments).read()
}

/** One reading of one document. */
class Reader {
  readonly #text: string
  readonly #skipsComments: boolean
  readonly #open: Open[] = []
  #root: XmlElement | null = null
  #at = 0
  #count = 0

  constructor(text: string, skipsComments: boolean) {
    this.#text = text
    this.#skipsComments = skipsComments
  }

  read(): XmlElement {
    this.#at = declaration.exec(this.#text)?.[0].length ?? 0
    for (let next = this.#nextTag(); next !== -1; next = this.#nextTag()) {
      this.#readText(next)
      this.#readMarkup()
    }
    this.#readText(this.#text.length)
    if (!this.#root || this.#open.length > 0) throw malformed('it ends too early')
    return this.#root
  }

  #nextTag(): number {
    return this.#text.indexOf('<', this.#at)
  }

  #readText(end: number): void {
    const raw = this.#text.slice(this.#at, end)
    this.#at = end
    const inside = this.#open.at(-1)
    if (inside) inside.element.text += decoded(raw)
    else if (!/^[ \t\n]*$/.test(raw)) throw malformed('text outside the root')
  }

  #readMarkup(): void {
    const begins = (mark: string) => this.#text.startsWith(mark, this.#at)
    if (begins('<!--')) this.#skipComment()
    else if (begins('<!DOCTYPE')) throw new SamlRefused('doctype', 'there is a document type')
    else if (begins('<!') || begins('<?')) throw malformed('CDATA, or an instruction')
    else if (begins('</')) this.#close()
    else this.#openElement()
  }

  #skipComment(): void {
    if (!this.#skipsComments) throw new SamlRefused('comment', 'there is a comment')
    const end = this.#text.indexOf('-->', this.#at)
    if (end === -1) throw malformed('a comment without end')
    this.#at = end + '-->'.length
  }

  #close(): void {
    const found = matchAt(closeTag, this.#text, this.#at)
    if (!found || this.#open.pop()?.tag !== found[1]) throw malformed('an end tag in the wrong place')
    this.#at += found[0].length
  }

  #openElement(): void {
    const found = matchAt(openTag, this.#text, this.#at)
    this.#count += 1
    if (!found || this.#count > mostElements || this.#open.length >= deepest) throw malformed('a tag')
    const [whole, tag = '', written = '', empty] = found
    const above = this.#open.at(-1)
    if (!above && this.#root) throw malformed('a second root')
    const opened = elementFrom(tag, written, above?.scope ?? new Map([['xml', xmlNamespace]]))
    if (above) above.element.children.push(opened.element)
    else this.#root = opened.element
    if (empty === '') this.#open.push(opened)
    this.#at += whole.length
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function elementFrom(tag: string, written: string, outer: Scope): Open {
  const pairs = [...written.matchAll(attribute)].map(([, key = '', quoted = '']) => ({
    key,
    value: decoded(quoted.slice(1, -1).replace(/[\t\n]/g, ' ')),
  }))
  const scope = new Map(outer)
  for (const { key, value } of pairs) declare(scope, key, value)
  const attributes = pairs
    .filter(({ key }) => !isDeclaration(key))
    .map(({ key, value }) => ({ ...resolved(key, scope, ''), value }))
  const keys = [...pairs.map(({ key }) => key), ...attributes.map((one) => `{${one.namespace}}${one.name}`)]
  if (new Set(keys).size !== keys.length) throw malformed('an attribute twice')
  const element = { ...resolved(tag, scope, scope.get('') ?? ''), attributes, children: [], text: '' }
  return { tag, element, scope }
}

const isDeclaration = (key: string) => key === 'xmlns' || key.startsWith('xmlns:')

function declare(scope: Map<string, string>, key: string, value: string): void {
  if (!isDeclaration(key)) return
  const prefix = key === 'xmlns' ? '' : key.slice('xmlns:'.length)
  if (/^xml/i.test(prefix) || value === xmlNamespace || (prefix !== '' && value === ''))
    throw malformed('a namespace that may not be declared')
  scope.set(prefix, value)
}

function resolved(qualified: string, scope: Scope, unprefixed: string): { namespace: string; name: string } {
  const [first = '', second] = qualified.split(':')
  if (second === undefined) return { namespace: unprefixed, name: first }
  const namespace = scope.get(first)
  if (namespace === undefined) throw malformed('a prefix that is not declared')
  return { namespace, name: second }
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decoded(raw: string): string {
  if (raw.includes(']]>')) throw malformed('the end of a CDATA section')
  return raw.replace(/&([^&;]{0,12};?)/g, (_, what: string) => {
    const known = what.endsWith(';') ? what.slice(0, -1) : ''
    const character = Object.hasOwn(entities, known) ? entities[known] : characterNumbered(known)
    if (character === undefined) throw malformed('an entity that is not known')
    return character
  })
}

function characterNumbered(reference: string): string | undefined {
  const [, hexadecimal, decimal] = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(reference) ?? []
  const code = hexadecimal === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hexadecimal, 16)
  const isCharacter =
    [9, 10, 13].includes(code) || (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code <= 0x10ffff)
  return isCharacter && code !== 0xfffe && code !== 0xffff ? String.fromCodePoint(code) : undefined
}

function malformed(what: string): SamlRefused {
  return new SamlRefused('not-xml', `this cannot be read: ${what}`)
}

/** Goes through an element and everything below it, each with what it stands in. */
export function* everyElement(
  element: XmlElement,
  parent: XmlElement | null = null,
): Generator<{ element: XmlElement; parent: XmlElement | null }> {
  yield { element, parent }
  for (const child of element.children) yield* everyElement(child, element)
}

/** Finds the children of a name. */
export function childrenNamed(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name)
}

/** Reads an attribute that has no namespace; null where there is none. */
export function attributeOf(element: XmlElement, name: string): string | null {
  return element.attributes.find((one) => one.namespace === '' && one.name === name)?.value ?? null
}

/** Writes text so that it is text, in elements and attributes alike. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
