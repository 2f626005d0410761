/** How V8 is to treat a program that goes over many bytes once; set where a command starts. What V8 made of the chunks before (scripts/keep-code.mjs) holds under the same flags only. */
export const FLAGS: readonly string[] = [
  // Left alone, the heap grows to several times what is in use before it is tidied: memory is to stay small however much is read.
  '--heap-growing-percent=30',
  // Left alone, V8 optimises a function, in threads of its own, after so little running that half of it is done again once other lines come. Waiting some milliseconds longer
  // saves a seventh of the time of 64 MB of log, and a quarter of that of a dump of 5 MB. Node 20's only: later ones have a compiler in between, and no such flag.
  ...(process.versions.v8.startsWith('11.') ? ['--interrupt-budget=400000'] : []),
]
