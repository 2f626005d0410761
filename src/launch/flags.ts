/** How V8 is to treat a program that goes over many bytes once; set where a command starts. What V8 made of the chunks before (scripts/keep-code.mjs) holds under the same flags only. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export const FLAGS: readonly string[] = [
  // Left alone, the heap grows to several times what is in use before it is tidied: memory is to stay small however much is read.
  '--heap-growing-percent=30',
  // Left alone, V8 copies up to three times as much code into a function that it optimises. A fifth of the time of 512 MB of log went into optimising; with less copied in,
  // reading it takes some 4 % less in all, and up to 15 MB of memory less.
  '--max-inlined-bytecode-size-cumulative=300',
  // Left alone, V8 optimises a function, in threads of its own, after so little running that half of it is done again once other lines come. Waiting some milliseconds longer
  // saves a seventh of the time of 64 MB of log, and a quarter of that of a dump of 5 MB. Node 20's only: later ones have a compiler in between, and no such flag.
  ...(process.versions.v8.startsWith('11.') ? ['--interrupt-budget=400000'] : []),
]

/** Of bytes to be read: below this the young generation hardly grows. */
const MUCH_BYTES = 64 << 20
/** Two halves of 8 MB. */
const YOUNG_BYTES = 16 << 20
const FEW_BYTES = 1 << 13
const MOST_TRIES = 4_096

let bound = false

/**
 * Left alone, what is new in the heap gets two halves of 16 MB before V8 looks what of it is in use, and what it has copied lies beside them. No flag bounds that once
 * V8 runs; but the factor by which it grows can be set: here it is made to grow to two halves of 8 MB, and no more after that. With two of 4 MB events would take some
 * 7 % longer to read. It is tidied more often then, and by one thread: to start several costs more than they save.
 */
export const boundYoung = (bytes: number): void => {
  if (bound || bytes < MUCH_BYTES) return
  bound = true
  const kept: number[][] = []
  const size = (): number => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? YOUNG_BYTES
  // It grows when as much as it holds was still in use.
  for (let tries = 0; tries < MOST_TRIES && (tries % 32 > 0 || size() < YOUNG_BYTES); tries++) kept.push(new Array<number>(FEW_BYTES >> 3).fill(tries))
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-parallel-scavenge')
}

/** Where much was read, what nobody holds any more is given back before more is made. */
export const tidy = (): void => {
  if (bound) collect()
}

/** In this thread what nobody holds any more is given back at once: V8 would do so only once there is a third more of it. */
export const collect = (): void => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void // what the flag gives a new context
  gc()
}
