import { describe, expect, test } from 'vitest'
import { type SamlFault, SamlRefused } from './refused.ts'
import { attributeOf, childrenNamed, escapeXml, readXml } from './xml.ts'

const faultOf = (document: string): SamlFault | null => {
  try {
    readXml(document)
    return null
  } catch (error) {
    if (!(error instanceof SamlRefused)) throw error
    return error.because
  }
}

describe('XML', () => {
  test('is read with its namespaces, attributes and text', () => {
    const root = readXml(
      `<?xml version="1.0" encoding="UTF-8"?>\r\n<a:r xmlns:a="urn:a" xmlns="urn:b" x="1 &lt; 2" a:x='"'><c>one &amp;\r\n&#x74;wo</c><d xmlns=""/></a:r>\n`,
    )
    expect(root).toEqual({
      namespace: 'urn:a',
      name: 'r',
      text: '',
      attributes: [
        { namespace: '', name: 'x', value: '1 < 2' },
        { namespace: 'urn:a', name: 'x', value: '"' },
      ],
      children: [
        { namespace: 'urn:b', name: 'c', attributes: [], children: [], text: 'one &\ntwo' },
        { namespace: '', name: 'd', attributes: [], children: [], text: '' },
      ],
    })
    expect(attributeOf(root, 'x')).toBe('1 < 2')
    expect(attributeOf(root, 'y')).toBeNull()
    expect(childrenNamed(root, 'urn:b', 'c')).toHaveLength(1)
  })

  test('gives back what was escaped', () => {
    const text = `a<b>&"c' d\te\nf]]>`
    expect(readXml(`<r x="${escapeXml(text)}">${escapeXml(text)}</r>`)).toMatchObject({
      attributes: [{ value: text }],
      text,
    })
  })

  test.each<[string, SamlFault]>([
    ['<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r>&e;</r>', 'doctype'],
    ['<r>al<!-- -->ice</r>', 'comment'],
    ['<!-- --><r/>', 'comment'],
    ['<r>al<?x y?>ice</r>', 'not-xml'],
    ['<r><![CDATA[alice]]></r>', 'not-xml'],
    ['<r>&nbsp;</r>', 'not-xml'],
    ['<r>a & b</r>', 'not-xml'],
    ['<r>&#0;</r>', 'not-xml'],
    ['<r>&#xD800;</r>', 'not-xml'],
    ['<r>&constructor;</r>', 'not-xml'],
    ['<r>]]></r>', 'not-xml'],
    ['<r>\u0000</r>', 'not-xml'],
    ['<r>\ud800</r>', 'not-xml'],
    ['<r></r><r></r>', 'not-xml'],
    ['<r></r>text', 'not-xml'],
    ['text<r></r>', 'not-xml'],
    ['<r>', 'not-xml'],
    ['<r><c></r></c>', 'not-xml'],
    ['</r>', 'not-xml'],
    ['<r x="1" x="2"/>', 'not-xml'],
    ['<r xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2"/>', 'not-xml'],
    ['<r x=1/>', 'not-xml'],
    ['<r x="<"/>', 'not-xml'],
    ['<r x="1"y="2"/>', 'not-xml'],
    ['<a:r/>', 'not-xml'],
    ['<r a:x="1"/>', 'not-xml'],
    ['<a:r xmlns:a=""/>', 'not-xml'],
    ['<r xmlns:xml="urn:a"/>', 'not-xml'],
    ['<r xmlns:xmlns="urn:a"/>', 'not-xml'],
    ['<a:b:r xmlns:a="urn:a"/>', 'not-xml'],
    ['<?xml version="1.1"?><r/>', 'not-xml'],
    ['<?xml version="1.0" encoding="UTF-16"?><r/>', 'not-xml'],
    ['\ufeff<r/>', 'not-xml'],
    ['<r/>\u00a0', 'not-xml'],
    ['<r\u00a0x="1"/>', 'not-xml'],
    ['', 'not-xml'],
    ['<', 'not-xml'],
    ['<r '.repeat(50_000), 'not-xml'],
    [`<r${' x'.repeat(100_000)}`, 'not-xml'],
    [`<r${' '.repeat(200_000)}`, 'not-xml'],
    [`${'<r>'.repeat(41)}${'</r>'.repeat(41)}`, 'not-xml'],
    [`<r>${'<c/>'.repeat(10_000)}</r>`, 'not-xml'],
  ])('that could be understood differently, or too much of it, is refused: %.40s', (document, because) => {
    expect(faultOf(document)).toBe(because)
  })

  test('may have comments where they are skipped on purpose', () => {
    expect(readXml('<!-- a --><r>b<!-- c --></r><!-- d -->', { skipsComments: true }).text).toBe('b')
    expect(() => readXml('<r/><!-- a', { skipsComments: true })).toThrow(SamlRefused)
  })
})
