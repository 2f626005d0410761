/** What is made of an extract where it was read, before it is handed over. */
import { packed, type Packed } from './artifact/artifact.js'
import { collect } from './launch/flags.js'
import type { InputExtract, Signal } from './model/extract.js'
import type { Maker } from './read/extract-all.js'
import type { PackedSignals } from './read/packed-signals.js'

/** An input as it is to be saved, and what there is to say of it. */
export interface PackedInput {
  readonly packed: Packed
  readonly about: string
}

/** What comes from another thread is no Buffer any more. */
const asBuffer = ({ buffer, byteOffset, length }: Buffer): Buffer => Buffer.from(buffer, byteOffset, length)

export const asItIs: Maker<InputExtract> = { name: 'as it is', make: (extract) => extract, received: (extract) => extract }

/** What reading so many bytes leaves behind is worth tidying before more is made. */
const MUCH_BYTES = 256 << 20
const tidyAfter = ({ bytes }: InputExtract): void => {
  if (bytes >= MUCH_BYTES) collect()
}

/** Packed at once: what was kept of all inputs is not to lie in memory together, nor to be copied from thread to thread. */
export const asPacked: Maker<PackedInput> = {
  name: 'packed',
  make(extract) {
    tidyAfter(extract)
    return { packed: packed(extract), about: `${extract.path}: ${extract.format}, ${extract.signals.length} signals, ${extract.series.length} series` }
  },
  received: ({ packed: { sum, stored, ...words }, about }) => ({ packed: { ...words, sum: asBuffer(sum), stored: asBuffer(stored) }, about }),
}

/** An input whose signals a thread has packed (src/read/packed-signals.ts), where they are many: until all inputs are read nobody asks for them. */
export type WithPacked = Omit<InputExtract, 'signals'> & { readonly signals: readonly Signal[] | PackedSignals }

export const withPacked: Maker<WithPacked> = {
  name: 'with packed signals',
  make(extract) {
    tidyAfter(extract)
    return extract
  },
  received: (extract) => extract,
}
