/**
 * Loads what the build made of the sources: chunks of plain script (scripts/bundle.mjs), each with what V8 had made of it when it was built, so that a run neither
 * resolves some two hundred modules nor compiles them again. V8 itself checks what it is given: another version of it, or other flags, and the chunk is compiled.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Script } from 'node:vm'

export type Exports = Readonly<Record<string, unknown>>

/** What a chunk asks for: other chunks and what is installed, each at once or later, and where it lies. */
type Chunk = (
  load: (name: string) => Exports,
  loadLater: (name: string) => Promise<Exports>,
  require: NodeJS.Require,
  importLater: (name: string) => Promise<unknown>,
  url: string,
) => Exports

/** Machine code is not kept, but what is kept knows the machine's word. */
export const CODE_OF = `${process.versions.v8}-${process.arch}`

/** How a chunk is asked for by name. `told` is the build's, which has no code to give yet: it hears of every chunk that is loaded. */
export const chunksIn = (folder: URL, told?: (name: string, script: Script) => void): ((name: string) => Exports) => {
  const loaded = new Map<string, Exports>()
  const load = (name: string): Exports => {
    const known = loaded.get(name)
    if (known !== undefined) return known
    const url = new URL(`${name}.chunk`, folder)
    const code = told === undefined ? codeOf(new URL(`../code/${CODE_OF}/${name}`, folder)) : undefined
    const script = new Script(readFileSync(url, 'latin1'), {
      filename: url.href,
      ...(code === undefined ? {} : { cachedData: code }),
    })
    told?.(name, script)
    const chunk = script.runInThisContext() as Chunk // written by scripts/bundle.mjs
    const exports = chunk(
      load,
      async (later) => load(later),
      createRequire(url),
      (later) => import(later),
      url.href,
    )
    loaded.set(name, exports)
    return exports
  }
  return load
}

const codeOf = (file: URL): Buffer | undefined => {
  try {
    return readFileSync(file)
  } catch {
    return undefined // built by another Node
  }
}
