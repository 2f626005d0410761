/** One line on a terminal's stderr: how much is read, how fast, how long yet. Nothing elsewhere: logs of a nightly job stay clean. */

export interface Progress {
  /** So many bytes more were read, of so many in all, as far as that is known. */
  add(bytes: number, totalBytes: number): void
  /** Takes the line away. */
  end(): void
}

export interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const EVERY_MS = 200
/** A run shorter than this shows nothing at all. */
const FIRST_MS = 500
const CLEAR_LINE = '\r\u001b[K'

export const showProgress = (stream: Terminal, quiet: boolean, now: () => number = () => performance.now()): Progress => {
  if (quiet || stream.isTTY !== true) return { add: () => undefined, end: () => undefined }
  const start = now()
  let shown = start + FIRST_MS - EVERY_MS
  let read = 0
  let drawn = false
  return {
    add(bytes, totalBytes) {
      read += bytes
      const at = now()
      if (at - shown < EVERY_MS) return
      shown = at
      drawn = true
      stream.write(CLEAR_LINE + describe(read, totalBytes, at - start))
    },
    end() {
      if (drawn) stream.write(CLEAR_LINE)
    },
  }
}

const describe = (read: number, total: number, ms: number): string => {
  const rate = (read / Math.max(ms, 1)) * 1000
  const told = [`${size(read)} read`, `${size(rate)}/s`]
  // The total is an estimate where something is compressed: it is not claimed once it is passed.
  if (total > read) told.push(`${Math.floor((read / total) * 100)} %`, `${duration((total - read) / Math.max(rate, 1))} left`)
  return told.join(', ')
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e3)} kB`

const duration = (seconds: number): string => (seconds >= 90 ? `${Math.round(seconds / 60)} min` : `${Math.ceil(seconds)} s`)
