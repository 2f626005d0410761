// What the product's sources export, bundled as the build does it: `dist/` has only what is asked for from outside, and tsx marks every function with its name at run time.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = new URL('../', import.meta.url)

/** @param {readonly string[]} files as src/read/extract-input.ts; what they export, all in one. */
export const sources = async (files) => {
  // Below the root, where the packages and mechanisms/ are found.
  const outfile = fileURLToPath(new URL(`tmp/bench/sources-${process.pid}.mjs`, root))
  const contents = files.map((file) => `export * from './${file}'`).join('\n')
  const stdin = { contents, resolveDir: fileURLToPath(root), loader: 'ts' }
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', logLevel: 'warning' })
  try {
    return await import(outfile)
  } finally {
    rmSync(outfile)
  }
}
