/**
 * One WebAssembly memory for a thread, of which readers take pieces: what is read into it need not be copied to be gone over. Pages that nobody touches
 * cost nothing. Where no memory can be had (no WebAssembly, no address space), everything is read without.
 */
import { once } from '../model/once.js'
import { assemble, type Func } from './wasm.js'

const PAGE = 65_536
const NEWLINE = 10
/** What a piece for input holds, beside room to read beyond its end. */
const CHUNK_BYTES = 1 << 20
/** Pieces of two sizes, so many of each: a chunk of an input with room to read beyond its end, and the tables of a reader. */
export const SIZES = { chunk: CHUNK_BYTES + PAGE, tables: 21 * PAGE } as const
const PIECES = { chunk: 6, tables: 8 } as const
/** Address 0 is nobody's. */
const START = PAGE
const PAGES = (START + SIZES.chunk * PIECES.chunk + SIZES.tables * PIECES.tables) / PAGE

type Exported = (...args: readonly number[]) => number
interface Host {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, Exported>> }
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Where a piece begins that is the taker's until it is given back; null where all are taken. */
  take(size: keyof typeof SIZES): number | null
  giveBack(size: keyof typeof SIZES, at: number): void
  /** The functions, over this memory: compiled the first time they are asked for. Throws where they are no valid code. */
  compile(functions: readonly Func[]): Readonly<Record<string, Exported>>
}

const open = (): WasmMemory | null => {
  // Node's types know WebAssembly only together with a browser's.
  const host = (globalThis as { readonly WebAssembly?: Host }).WebAssembly
  if (host === undefined) return null
  try {
    const memory = new host.Memory({ initial: PAGES })
    const tables = START + SIZES.chunk * PIECES.chunk
    const free = {
      chunk: Array.from({ length: PIECES.chunk }, (_, index) => START + SIZES.chunk * index),
      tables: Array.from({ length: PIECES.tables }, (_, index) => tables + SIZES.tables * index),
    }
    return {
      buffer: memory.buffer,
      take: (size) => free[size].pop() ?? null,
      giveBack(size, at) {
        free[size].push(at)
      },
      compile: once((functions) => new host.Instance(new host.Module(assemble(functions, PAGES)), { env: { memory } }).exports),
    }
  } catch {
    return null // no address space: a limit on virtual memory
  }
}

let known: WasmMemory | null | undefined
export const wasmMemory = (): WasmMemory | null => (known === undefined ? (known = open()) : known)

/** Brings an input's bytes within reach, piece after piece: they are copied only where they do not lie in the memory already. */
export interface WasmWindow {
  /** What is added to a place in the bytes at hand for its address; where what is within reach ends, after a whole line or at the limit. */
  readonly base: number
  readonly to: number
  /** Has bytes[start, …) within reach, as much as there is room for; false where there is none. `of` tells one buffer's content from another's. */
  load(memory: WasmMemory, of: object, bytes: Buffer, start: number, limit: number): boolean
  /** Gives back what was taken. */
  end(): void
}

export const wasmWindow = (): WasmWindow => {
  let loaded: object | null = null
  let from = 0
  let taken: { readonly memory: WasmMemory; readonly at: number } | null = null
  const window = {
    base: 0,
    to: 0,
    load(memory: WasmMemory, of: object, bytes: Buffer, start: number, limit: number): boolean {
      if (loaded === of && start >= from && start < window.to) return true
      loaded = of
      from = start
      if (bytes.buffer === memory.buffer) {
        window.to = limit
        window.base = bytes.byteOffset
        return true
      }
      if (taken === null) {
        const at = memory.take('chunk')
        if (at === null) return false
        taken = { memory, at }
      }
      window.to = limit - start <= CHUNK_BYTES ? limit : bytes.lastIndexOf(NEWLINE, start + CHUNK_BYTES - 1) + 1
      if (window.to <= start) return false
      bytes.copy(new Uint8Array(memory.buffer, taken.at, CHUNK_BYTES), 0, start, window.to)
      window.base = taken.at - start
      return true
    },
    end(): void {
      taken?.memory.giveBack('chunk', taken.at)
      taken = null
    },
  }
  return window
}
