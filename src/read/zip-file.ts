/** A zip archive in a file of its own: read by its table of contents, any member without those before it. */
import { openPromise, getFileNameLowLevel, type Entry, type ZipFile } from 'yauzl'
import { unreadable, type Bytes } from './decompress.js'
import { sizeOf, type Allowance, type Gauge } from './limits.js'
import type { Walk, Walked } from './walk.js'
import { dosTime, plainOf, problemOf } from './zip.js'

const TYPE_BITS = 0o170000
const LINK_BITS = 0o120000
/** Made on Unix, the upper half of the attributes is the file's mode. */
const UNIX = 3

// Names are made clean by whoever shows them (archive.ts); sizes are checked by what comes out.
const openZip = (path: string): Promise<ZipFile> => openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false })

/** False where it was cut off or is broken, or is none that the library can read: walkZip reads such a file from its front. */
export const hasContents = async (path: string, { limits }: Allowance): Promise<boolean> => {
  try {
    const zip = await openZip(path)
    try {
      const entries = zip.eachEntry()
      for (let seen = 0; seen <= limits.maxMembers && (await entries.next()).done !== true; seen++);
      return true
    } finally {
      zip.close()
    }
  } catch {
    return false
  }
}

/** Throws where the file has no table of contents. */
export const walkZipFile = async (path: string, allowance: Allowance): Promise<Walk> => {
  const zip = await openZip(path)
  const entries = zip.eachEntry()
  let entry: Entry | null = null
  let packed = 0
  let unpacked = 0

  const check = (next: Entry): void => {
    packed += next.compressedSize
    unpacked += next.uncompressedSize
    if (packed > zip.fileSize) throw unreadable('its members lie over each other: a bomb')
    if (unpacked > allowance.limits.maxUnpacked)
      throw unreadable(`it unpacks to more than ${sizeOf(allowance.limits.maxUnpacked)} (--max-unpacked allows more)`)
  }

  const packedBytes = async function* (of: Entry, gauge: Gauge): Bytes {
    const stream = await zip.openReadStreamPromise(of, { decodeFileData: false })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      gauge.raw += chunk.length // no encoding is set: buffers
      yield chunk
    }
  }

  return {
    async next() {
      let next: IteratorResult<Entry>
      try {
        next = await entries.next()
      } catch (error) {
        throw unreadable(`the zip archive is broken here (${error instanceof Error ? error.message : String(error)})`)
      }
      if (next.done === true) return null
      entry = next.value
      check(entry)
      return walked(entry)
    },
    body: (gauge) => (entry === null ? none() : plainOf(entry.compressionMethod, packedBytes(entry, gauge), gauge, entry.crc32)),
    close() {
      zip.close()
      return Promise.resolve()
    },
  }
}

const none = async function* (): Bytes {}

const walked = (entry: Entry): Walked => {
  // Without decodeStrings it is a buffer in fileNameRaw.
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
  const link = entry.versionMadeBy >> 8 === UNIX && ((entry.externalFileAttributes >>> 16) & TYPE_BITS) === LINK_BITS
  return {
    name,
    type: link ? 'link' : name.endsWith('/') ? 'folder' : 'file',
    size: entry.uncompressedSize,
    changedMs: unixTimeOf(entry) ?? dosTime(entry.lastModFileDate, entry.lastModFileTime),
    problem: problemOf(entry.generalPurposeBitFlag, entry.compressionMethod),
  }
}

const unixTimeOf = (entry: Entry): number | null => {
  const field = entry.extraFields.find(({ id }) => id === 0x5455)?.data
  return field !== undefined && field.length >= 5 && ((field[0] ?? 0) & 1) === 1 ? field.readInt32LE(1) * 1_000 : null
}
