/**
 * A block of Prometheus' storage is a folder of files that mean nothing apart: index, chunks/000001 …, meta.json, tombstones. They are joined into
 * one input, whose bytes are the files one after another in frames; parsers/prometheus-block.ts reads them.
 * https://github.com/prometheus/prometheus/blob/v3.5.0/tsdb/docs/format/README.md
 */
import { contextOf } from './context.js'
import type { Source } from './extract-input.js'

/** First of the joined bytes; no file begins so. */
export const BLOCK_MAGIC = Buffer.from('\0prometheus block\0', 'latin1')
/** Before each frame: its kind and, in four bytes, how many bytes follow. */
export const FRAME_HEADER = 5
/** A file begins, its name follows · its bytes follow · there is no more of it. */
export const FRAME = { file: 1, bytes: 2, end: 3 } as const

const MEMBER = /^(.*\/)?(?:(index|meta\.json|tombstones)|(chunks\/\d{6})(?:\.tmp)?)$/u
/** What a running server keeps beside its blocks: the last two or three hours, not yet in a block. */
const HEAD = /^(.*\/)?(?:wal|wbl|chunks_head)\/(?:checkpoint\.\d+\/)?\d{6,8}$/u

/** Whether a file of that name may be one of them. */
export const isOfBlock = (path: string): boolean => MEMBER.test(path) || HEAD.test(path)

interface Folder {
  index: Source | null
  chunks: Source[]
  others: Source[]
}

/** The sources with the files of each block, and of what is not yet in a block, as one. */
export const joinBlocks = (sources: readonly Source[]): readonly Source[] => {
  const folders = new Map<string, Folder>()
  const heads = new Map<string, Source[]>()
  for (const source of sources) {
    const member = MEMBER.exec(source.path)
    const head = HEAD.exec(source.path)
    if (head !== null) {
      const name = head[1] ?? ''
      heads.set(name, [...(heads.get(name) ?? []), source])
    }
    if (member === null) continue
    const [, folder = '', file, segment] = member
    let known = folders.get(folder)
    if (known === undefined) folders.set(folder, (known = { index: null, chunks: [], others: [] }))
    if (segment !== undefined) known.chunks.push(source)
    else if (file === 'index') known.index = source
    else known.others.push(source)
  }
  const joined = new Map<Source, Source | null>()
  const join = (folder: string, files: readonly Source[], at: Source): void => {
    for (const file of files) joined.set(file, null)
    joined.set(
      at,
      inputOf(folder, files, at, () => framed(files, folder.length)),
    )
  }
  let blocks = 0
  for (const [folder, { index, chunks, others }] of folders) {
    if (index === null || chunks.length === 0) continue
    blocks++
    // The index first: without it the chunks have no names.
    join(folder, [index, ...others, ...chunks.sort((a, b) => (a.path < b.path ? -1 : 1))], index)
  }
  for (const [folder, files] of heads) {
    const [first] = files
    const withBlocks = [...folders].some(([other, { index, chunks }]) => index !== null && chunks.length > 0 && other.startsWith(folder))
    // Folders called 'wal' are others', too.
    if (first === undefined || !(withBlocks || files.some(({ path }) => path.includes('chunks_head/')))) continue
    for (const file of files) joined.set(file, null)
    joined.set(
      first,
      inputOf(`${folder}wal`, files, first, () => named(first.path.slice(folder.length))),
    )
  }
  if (blocks === 0 && joined.size === 0) return sources
  return sources.flatMap((source) => {
    const as = joined.get(source)
    return as === undefined ? [source] : as === null ? [] : [as]
  })
}

const inputOf = (folder: string, files: readonly Source[], first: Source, chunks: Source['chunks']): Source => {
  const path = folder.replace(/\/+$/u, '') || first.path
  return {
    path,
    wrapping: first.wrapping,
    changedMs: first.changedMs,
    context: contextOf(path),
    warnings: files.flatMap(({ warnings }) => warnings ?? []),
    chunks,
  }
}

/** Only that there is such a file. */
const named = async function* (name: string): AsyncIterable<Buffer> {
  yield BLOCK_MAGIC
  yield* frame(FRAME.file, Buffer.from(name))
  yield* frame(FRAME.end, Buffer.alloc(0))
}

const framed = async function* (files: readonly Source[], prefix: number): AsyncIterable<Buffer> {
  yield BLOCK_MAGIC
  for (const file of files) {
    yield* frame(FRAME.file, Buffer.from(file.path.slice(prefix)))
    for await (const chunk of file.chunks()) yield* frame(FRAME.bytes, chunk)
    yield* frame(FRAME.end, Buffer.alloc(0))
  }
}

const frame = function* (kind: number, bytes: Buffer): Iterable<Buffer> {
  const header = Buffer.alloc(FRAME_HEADER)
  header.writeUInt8(kind, 0)
  header.writeUInt32BE(bytes.length, 1)
  yield header
  if (bytes.length > 0) yield bytes
}
