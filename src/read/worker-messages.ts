/** What the main thread and those that read for it say to each other. Bytes go there and back in buffers that change hands; nothing is copied twice. */
import type { Part } from '../model/extract.js'
import type { Signature } from '../model/signature.js'
import type { Source, SourcePart } from './extract-input.js'

/** As much of an input as one buffer takes; each thread has so many of them under way. */
export const BUFFER_BYTES = 1 << 20
export const BUFFERS = 4

/** All of a source but its bytes. */
export type Unit = Omit<Source, 'chunks' | 'part'> & { readonly part?: Part & Pick<SourcePart, 'head'> }

export type ToWorker =
  /** `make`: the name of the Maker that is asked for. */
  | { readonly say: 'begin'; readonly unit: Unit; readonly make: string; readonly signatures: readonly Signature[] }
  | { readonly say: 'bytes'; readonly buffer: ArrayBuffer; readonly size: number }
  /** No more bytes come; `broken`: because reading them failed. */
  | { readonly say: 'end'; readonly broken: string | null }

export type FromWorker =
  | { readonly say: 'took'; readonly buffer: ArrayBuffer }
  /** The worker itself read so many bytes of a plain file. */
  | { readonly say: 'read'; readonly bytes: number }
  | { readonly say: 'made'; readonly made: unknown }
