/**
 * One WebAssembly memory for a thread, of which readers take pieces: what is read into it need not be copied to be gone over. Pages that nobody touches
 * cost nothing. Where no memory can be had (no WebAssembly, no address space), everything is read without.
 */
import { assemble, type Func } from './wasm.js'

const PAGE = 65_536
const KIB = 1_024
/** Pieces of two sizes, so many of each: a chunk of an input with room to read beyond its end, and the tables of a reader. */
export const SIZES = { chunk: 1_024 * KIB + PAGE, tables: 5 * PAGE } as const
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
  /** The functions, over this memory. Throws where they are no valid code. */
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
      compile: (functions) => new host.Instance(new host.Module(assemble(functions, PAGES)), { env: { memory } }).exports,
    }
  } catch {
    return null // no address space: a limit on virtual memory
  }
}

let known: WasmMemory | null | undefined
export const wasmMemory = (): WasmMemory | null => (known === undefined ? (known = open()) : known)
