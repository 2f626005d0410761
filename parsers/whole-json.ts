/** For answers of an API that are a few megabytes at the most: read to their end, then parsed whole. */
import type { BytesReader, Sink } from '../src/model/format.js'

const MAX_BYTES = 64 << 20

/** `what` is said of one that is larger ("… of Grafana's JSON: not read"); broken JSON is skipped. */
export const wholeJson = (sink: Sink, what: string, use: (root: unknown) => void): BytesReader => {
  let parts: Buffer[] = []
  let size = 0
  return {
    chunk(bytes) {
      size += bytes.length
      if (size <= MAX_BYTES) parts.push(Buffer.from(bytes))
      else parts = []
    },
    end() {
      if (size > MAX_BYTES) {
        sink.warn(`more than ${MAX_BYTES >> 20} MiB of ${what}: not read`)
        return
      }
      let root: unknown
      try {
        root = JSON.parse(
          Buffer.concat(parts)
            .toString('utf8')
            .replace(/^\ufeff/u, ''),
        )
      } catch {
        sink.skip('the JSON is broken or ends in the middle')
        return
      }
      use(root)
    },
  }
}
