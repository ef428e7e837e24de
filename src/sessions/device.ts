// What kind of device a session runs on, as far as the browser says: enough for its owner to recognise it. A name that a
// browser gives itself proves nothing, so nothing is decided by it.

export interface Device {
  browser: string | null
  system: string | null
}

/** The first that fits: browsers name those they descend from as well. */
const browsers: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|CriOS|HeadlessChrome)\//],
  ['Safari', /\bVersion\/[\d.]+.* Safari\//],
  ['curl', /^curl\//],
]

const systems: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Android', /\bAndroid\b/],
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
]

/** Reads browser and system out of a `User-Agent` header; null for what it does not say. */
export function deviceFrom(userAgent: string): Device {
  const find = (known: typeof browsers) => known.find(([, sign]) => sign.test(userAgent))?.[0] ?? null
  return { browser: find(browsers), system: find(systems) }
}
