/** How much is read of what somebody packed: bounds on what unpacking may cost, each settable by the user. */

export interface Limits {
  /** The most bytes that one archive or compressed file may unpack to. */
  readonly maxUnpacked: number
  /** The most bytes that one packed byte may become, where more than a gibibyte comes out. */
  readonly maxRatio: number
  /** The most files that are read in one run, members of archives included. */
  readonly maxMembers: number
}

/** Logs pack to a tenth, repetitive ones to a two-hundredth; gzip's own best is 1/1032. A terabyte is what a night can read. */
export const usualLimits: Limits = { maxUnpacked: 1e12, maxRatio: 500, maxMembers: 100_000 }

/** Below this size nothing is suspected. */
const FREE_BYTES = 1 << 30
/** The same where many packed files share it: a thousand small bombs are one large one. */
const FREE_BYTES_EACH = 64 << 20

/** What is allowed in this run. */
export interface Allowance {
  readonly limits: Limits
  /** Packed files found so far. */
  packed: number
}

export const allow = (limits: Limits = usualLimits): Allowance => ({ limits, packed: 0 })

/** How many packed bytes were read: what the unpacked size is compared with. */
export interface Gauge {
  raw: number
  readonly allowance: Allowance
}

export const gaugeOf = (allowance: Allowance): Gauge => ({ raw: 0, allowance })

/** Why so many bytes out of the gauge's are too many; null where they are not. */
export const tooMuch = (unpacked: number, { raw, allowance: { limits, packed } }: Gauge): string | null => {
  if (unpacked > limits.maxUnpacked) return `it unpacks to more than ${sizeOf(limits.maxUnpacked)} (--max-unpacked allows more)`
  const free = Math.max(FREE_BYTES_EACH, FREE_BYTES / Math.max(packed, 1))
  return unpacked > free && unpacked > limits.maxRatio * raw
    ? `it unpacks to more than ${limits.maxRatio} times its size (${sizeOf(unpacked)} so far; --max-ratio allows more)`
    : null
}

export const sizeOf = (bytes: number): string =>
  bytes >= 1e12 ? `${round(bytes / 1e12)} TB` : bytes >= 1e9 ? `${round(bytes / 1e9)} GB` : bytes >= 1e6 ? `${round(bytes / 1e6)} MB` : `${bytes} bytes`

const round = (value: number): number => Math.round(value * 10) / 10
