/** The differences between two JSON documents, as lines that say where and what. */
export function differences(one: unknown, other: unknown, at = '#'): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return []
  if (!isObject(one) || !isObject(other)) return [`${at}: ${short(one)} is now ${short(other)}`]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  const lines = [...names].flatMap((name) => {
    const here = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!(name in other)) return [`${here}: is gone`]
    if (!(name in one)) return [`${here}: is new`]
    return differences(one[name], other[name], here)
  })
  return lines.length > 0 ? lines : [`${at}: stands in another order`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
