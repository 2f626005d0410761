/** The YAML library, loaded when the first YAML is met: most dumps hold none, and loading it takes longer than reading a small one. */
import { createRequire } from 'node:module'
import type * as Library from 'yaml'

type Yaml = Pick<typeof Library, 'parse' | 'parseAllDocuments'>

let loaded: Yaml | null = null

// Not import(): what reads an input does not wait.
export const yaml = (): Yaml => (loaded ??= createRequire(import.meta.url)('yaml') as Yaml) // its own types say the same
