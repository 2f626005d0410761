/** Files for tests: a folder that goes away, and tar archives made in memory, also such as no honest tool would make. */
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** What a test's context has: something to be done after the test. */
interface Cleaner {
  after(done: () => unknown): unknown
}

/** A folder with these files in it, removed after the test. */
export const folderWith = async (test: Cleaner, files: Readonly<Record<string, string | Buffer>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-test-'))
  test.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

export interface TarEntry {
  readonly name: string
  readonly content?: string | Buffer
  /** '0' file, '2' symbolic link, '5' folder … */
  readonly type?: string
  readonly link?: string
  /** Instead of the content's own size. */
  readonly size?: number
}

const header = ({ name, type = '0', link = '' }: TarEntry, size: number): Buffer => {
  const block = Buffer.alloc(512)
  block.write(name.slice(0, 100), 0)
  block.write('0000644\0', 100)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(`${(1_795_249_081).toString(8).padStart(11, '0')}\0`, 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write(link, 157)
  block.write('ustar\u000000', 257)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

export const tarOf = (entries: readonly TarEntry[]): Buffer => {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '')
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
    return [header(entry, entry.size ?? content.length), content, padding]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

export interface ZipEntry {
  readonly name: string
  readonly content: string | Buffer
  readonly stored?: boolean
  /** Sizes and checksum come after the bytes, as a tool writes that does not know them yet. */
  readonly streamed?: boolean
  readonly zip64?: boolean
  readonly flags?: number
  readonly method?: number
  /** Unix mode, for links. */
  readonly mode?: number
  /** Instead of the content's own. */
  readonly crc?: number
  /** Where the table of contents says that it begins: of members that lie over each other. */
  readonly offset?: number
}

/** A zip archive; `contents`: with its table of contents at the end. */
export const zipOf = (entries: readonly ZipEntry[], contents = true): Buffer => {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const { name, content, stored = false, streamed = false, zip64 = false, flags = 0, method = stored ? 0 : 8, mode = 0o100644, ...lies } of entries) {
    const plain = Buffer.from(content)
    const packed = stored || method !== 8 ? plain : deflateRawSync(plain)
    const crc = lies.crc ?? crc32(plain)
    const bits = flags | 0x800 | (streamed ? 8 : 0)
    const fields = (length: number, extra: number): Buffer => {
      const block = Buffer.alloc(26)
      block.writeUInt16LE(zip64 ? 45 : 20, 0)
      block.writeUInt16LE(bits, 2)
      block.writeUInt16LE(method, 4)
      block.writeUInt16LE((8 << 11) | (18 << 5), 6)
      block.writeUInt16LE(((2026 - 1980) << 9) | (11 << 5) | 21, 8)
      block.writeUInt32LE(length < 0 ? 0 : crc, 10)
      block.writeUInt32LE(length < 0 ? 0 : zip64 ? 0xffffffff : packed.length, 14)
      block.writeUInt32LE(length < 0 ? 0 : zip64 ? 0xffffffff : plain.length, 18)
      block.writeUInt16LE(Buffer.byteLength(name), 22)
      block.writeUInt16LE(extra, 24)
      return block
    }
    const large = Buffer.alloc(zip64 ? 20 : 0)
    if (zip64) {
      large.writeUInt16LE(1, 0)
      large.writeUInt16LE(16, 2)
      large.writeBigUInt64LE(BigInt(plain.length), 4)
      large.writeBigUInt64LE(BigInt(packed.length), 12)
    }
    const descriptor = Buffer.alloc(streamed ? 16 : 0)
    if (streamed) {
      descriptor.writeUInt32LE(0x08074b50, 0)
      descriptor.writeUInt32LE(crc, 4)
      descriptor.writeUInt32LE(packed.length, 8)
      descriptor.writeUInt32LE(plain.length, 12)
    }
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields(streamed ? -1 : 0, large.length), Buffer.from(name), large, packed, descriptor])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(lies.offset ?? at, 10)
    central.push(Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3]), fields(0, large.length), rest, Buffer.from(name), large)
    locals.push(local)
    at += local.length
  }
  const table = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(table.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat(contents ? [...locals, table, end] : locals)
}
