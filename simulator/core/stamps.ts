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

/** A zone as a server's log prints it: an abbreviation beside the local time. */
export interface Zone {
  readonly iana: string
  readonly name: string
  readonly offsetMinutes: number
}

/** A zone that a seed may pick, as it is on that day: in 2026 Europe's summer lasts from 29 March to 25 October. */
export const zoneOn = (iana: 'UTC' | 'Europe/Berlin' | 'Asia/Tokyo' | 'America/Sao_Paulo' | 'Asia/Kolkata', ms: number): Zone => {
  const summer = ms >= Date.UTC(2026, 2, 29, 1) && ms < Date.UTC(2026, 9, 25, 1)
  const known: Record<typeof iana, readonly [string, number]> = {
    UTC: ['UTC', 0],
    'Europe/Berlin': summer ? ['CEST', 120] : ['CET', 60],
    'Asia/Tokyo': ['JST', 540],
    'America/Sao_Paulo': ['-03', -180],
    'Asia/Kolkata': ['IST', 330],
  }
  const [name, offsetMinutes] = known[iana]
  return { iana, name, offsetMinutes }
}

/** 2026-11-21 09:19:14.821 CET (Postgres' %m; %t without the milliseconds) */
export const localStamp = (ms: number, zone: Zone, millis: boolean): string => {
  const text = date(ms + zone.offsetMinutes * 60_000).toISOString()
  return `${text.slice(0, millis ? 23 : 19).replace('T', ' ')} ${zone.name}`
}
