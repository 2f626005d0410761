/**
 * A prefix of a bucket as a folder, for one user at a time: copied here, worked on, and what has changed is put back. What others read comes
 * before the state that names it, so that whoever is killed in between leaves what the next run makes again.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { copyObject, listObjects, putTo, putWhere, removeObject, type Listed } from './s3.js'

/** Nobody who is at work says nothing for so long. */
const STALE_MS = 15 * 60_000
const RENEW_MS = 60_000
const LOCK = 'faultline.lock'

export interface Borrowed {
  readonly path: string
  /** Puts back what has changed, and lets others in. */
  giveBack(): Promise<void>
}

/** Null: another run has it. `last`: what names all else, put back at the end; `mine`: what is of no use to others. Throws a UserError. */
export const borrowFolder = async (url: string, last: string, mine: readonly string[]): Promise<Borrowed | null> => {
  const at = (name: string): string => `${url.replace(/\/+$/u, '')}/${name}`
  if (!(await take(at(LOCK)))) return null
  const renewing = setInterval(() => void putTo(at(LOCK), stamp()).catch(() => undefined), RENEW_MS)
  renewing.unref()
  const path = await mkdtemp(join(tmpdir(), 'faultline-out-'))
  const close = async (): Promise<void> => {
    clearInterval(renewing)
    await rm(path, { recursive: true, force: true })
    await removeObject(at(LOCK))
  }
  try {
    const before = new Map<string, string>()
    const listed = (await listObjects(`${url.replace(/\/+$/u, '')}/`)).filter(({ name }) => name !== LOCK)
    for (const { name, url: one } of listed) {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      await copyObject(one, file)
      before.set(name, sumOf(await readFile(file)))
    }
    return {
      path,
      async giveBack() {
        try {
          await putBack(path, at, before, last, mine)
        } finally {
          await close()
        }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

const stamp = (): string => `${JSON.stringify({ at: new Date().toISOString() })}\n`
const sumOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** The storage decides who is first: it takes what is not there, or is still what it was when we looked. */
const take = async (url: string): Promise<boolean> => {
  if (await putWhere(url, stamp(), null)) return true
  const [held] = await listObjects(url)
  return isStale(held) && putWhere(url, stamp(), held.tag)
}

const isStale = (held: Listed | undefined): held is Listed & { readonly tag: string } =>
  held !== undefined && held.tag !== null && Date.now() - (held.changed?.getTime() ?? Date.now()) > STALE_MS

const putBack = async (
  path: string,
  at: (name: string) => string,
  before: ReadonlyMap<string, string>,
  last: string,
  mine: readonly string[],
): Promise<void> => {
  const names = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.partial') && !mine.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort((a, b) => Number(a === last) - Number(b === last) || (a < b ? -1 : 1))
  for (const name of names) {
    const content = await readFile(join(path, name))
    if (before.get(name) !== sumOf(content)) await putTo(at(name), content)
  }
  for (const name of before.keys()) if (!names.includes(name)) await removeObject(at(name))
}
