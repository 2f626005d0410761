/** Times as each program writes them. A millisecond count may have a fraction: microseconds and nanoseconds come from it. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (n: number): string => String(n).padStart(2, '0')
const micros = (ms: number): string => String(Math.floor((ms - Math.floor(ms / 1000) * 1000) * 1000)).padStart(6, '0')
const clock = (d: Date): string => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
const date = (ms: number): Date => new Date(Math.floor(ms))

/** 1121 08:19:14.821218 (klog's header, without year and zone) */
export const klogStamp = (ms: number): string => {
  const d = date(ms)
  return `${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())} ${clock(d)}.${micros(ms)}`
}

/** Nov 21 08:19:14.821218 (journalctl -o short-precise; the day is padded with a zero) */
export const journalStamp = (ms: number): string => {
  const d = date(ms)
  return `${MONTHS[d.getUTCMonth()] ?? ''} ${two(d.getUTCDate())} ${clock(d)}.${micros(ms)}`
}

/** 2026-11-21T08:19:14Z (Kubernetes' metav1.Time) */
export const secondStamp = (ms: number): string =>
  date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')

/** 2026-11-21T08:19:14.821218Z (Kubernetes' MicroTime) */
export const microStamp = (ms: number): string => `${date(ms).toISOString().slice(0, 19)}.${micros(ms)}Z`

/** 2026-11-21T08:19:14.821218344Z (Go's RFC 3339 with nanoseconds: CRI, containerd) */
export const nanoStamp = (ms: number): string => `${date(ms).toISOString().slice(0, 19)}.${micros(ms)}${String(Math.floor(ms * 7919) % 1000).padStart(3, '0')}Z`

/** 2026-11-21 08:19:14.821 UTC (Postgres' %m in UTC) */
export const postgresStamp = (ms: number): string => `${date(ms).toISOString().slice(0, 23).replace('T', ' ')} UTC`

/** 21/Nov/2026:08:19:14 +0000 (nginx' $time_local) */
export const nginxStamp = (ms: number): string => {
  const d = date(ms)
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()] ?? ''}/${d.getUTCFullYear()}:${clock(d)} +0000`
}
