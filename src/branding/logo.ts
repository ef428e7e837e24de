// A logo that somebody uploads: what it is, is found in its bytes and never believed from a name or a header. PNG, JPEG and
// WebP only: SVG can hold script. It must be whole and end where its format ends, so that nothing rides behind it. Pure.

export type LogoType = 'image/png' | 'image/jpeg' | 'image/webp'
export type LogoProblem = 'too-large' | 'not-an-image' | 'measures'

/** The largest file, and the longest edge in pixels. */
export const longestLogo = 256 * 1024
export const longestEdge = 2048
const shortestEdge = 16

interface Found {
  type: LogoType
  width: number
  height: number
}

/** Finds out what an uploaded file is, or what is wrong with it. */
export function inspectLogo(bytes: Buffer): { ok: true; type: LogoType } | { ok: false; because: LogoProblem } {
  if (bytes.length > longestLogo) return { ok: false, because: 'too-large' }
  const found = readPng(bytes) ?? readWebp(bytes) ?? readJpeg(bytes)
  if (!found) return { ok: false, because: 'not-an-image' }
  const fits = (edge: number) => edge >= shortestEdge && edge <= longestEdge
  return fits(found.width) && fits(found.height) ? { ok: true, type: found.type } : { ok: false, because: 'measures' }
}

const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Walks the chunks: IHDR first, IEND last, nothing behind it. */
function readPng(bytes: Buffer): Found | null {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(pngStart) || bytes.toString('latin1', 12, 16) !== 'IHDR')
    return null
  for (let at = 8; at + 12 <= bytes.length; ) {
    const name = bytes.toString('latin1', at + 4, at + 8)
    at += 12 + bytes.readUInt32BE(at)
    if (name === 'IEND')
      return at === bytes.length
        ? { type: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
        : null
  }
  return null
}

/** One RIFF container as long as the file; the picture's measures are in its first chunk. */
function readWebp(bytes: Buffer): Found | null {
  if (bytes.length < 30 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP')
    return null
  const length = bytes.readUInt32LE(4) + 8
  if (length !== bytes.length) return null
  const type = 'image/webp'
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { type, width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 }
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8 ':
      return { type, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    default:
      return null
  }
}

/** Walks the segments up to the frame header; the file must end with the end of the picture. */
function readJpeg(bytes: Buffer): Found | null {
  if (bytes.length < 20 || bytes.readUInt16BE(0) !== 0xffd8 || bytes.readUInt16BE(bytes.length - 2) !== 0xffd9)
    return null
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { type: 'image/jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    // The picture's data begin without a frame header having been there.
    if (marker === 0xda) return null
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}
