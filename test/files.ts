/** Files for tests: a folder that goes away, and tar archives made in memory, also such as no honest tool would make. */
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

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
