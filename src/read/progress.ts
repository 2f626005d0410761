/** One line on a terminal's stderr: a bar, how much is read, how fast, how long yet. Nothing elsewhere: logs of a nightly job stay clean. */

export interface Progress {
  /** So many bytes more were read, of so many in all, as far as that is known. */
  add(bytes: number, totalBytes: number): void
  /** Takes the line away. */
  end(): void
}

export interface Terminal {
  readonly isTTY?: boolean
  /** How many letters fit on a line: a line that breaks could not be taken away. */
  readonly columns?: number
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
      stream.write(CLEAR_LINE + describe(read, totalBytes, at - start).slice(0, Math.max(0, (stream.columns ?? 80) - 1)))
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
  if (total <= read) return told.join(', ')
  const share = read / total
  return [`${bar(share)} ${Math.floor(share * 100)} %`, ...told, `${duration((total - read) / Math.max(rate, 1))} left`].join(', ')
}

const BAR = 20

const bar = (share: number): string => {
  const full = Math.floor(share * BAR)
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
}

const size = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e3)} kB`

const duration = (seconds: number): string => (seconds >= 90 ? `${Math.round(seconds / 60)} min` : `${Math.ceil(seconds)} s`)
