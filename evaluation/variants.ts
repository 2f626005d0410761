/** The same dump as others would have collected it: a source missing, a clock that is off, more or less noise, another zone, other wrappings. */
import { random as chance, type Random } from '../simulator/core/random.js'
import { literally, type Truth } from '../simulator/truth.js'
import { offsetAt } from '../src/timeline/zones.js'

/** Path in the dump and content. */
export type Files = readonly (readonly [path: string, content: string])[]

export interface Varied {
  readonly files: Files
  /** Arguments of the command line that go with it. */
  readonly options: readonly string[]
}

/** null: this dump has nothing that could be varied so. */
type Variant = (files: Files, truth: Truth, chance: Random, startMs: number) => Varied | null

/** A journal, by what all of its lines begin with. */
const JOURNAL = /^(?:-- |[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \S+ [\w.-]+(?:\[\d+\])?: )/u
const isJournal = ([path, content]: Files[number]): boolean => path.startsWith('nodes/') && JOURNAL.test(content)

const lines = (content: string, each: (line: string) => string | readonly string[] | null): string =>
  content
    .split('\n')
    .flatMap((line) => each(line) ?? [])
    .join('\n')

const onlyIfChanged = (before: Files, after: Files, options: readonly string[] = []): Varied | null =>
  after.length === before.length && after.every(([path, content], i) => path === before[i]?.[0] && content === before[i][1]) ? null : { files: after, options }

const withoutFiles =
  (gone: RegExp): Variant =>
  (files) =>
    onlyIfChanged(
      files,
      files.filter(([path]) => !gone.test(path)),
    )

/** What one program says about its node: in files of its own or in the node's journal. */
const withoutUnit =
  (unit: string, own: RegExp): Variant =>
  (files) => {
    const line = new RegExp(`^[A-Z][a-z]{2} [ \\d]\\d [\\d:.]+ \\S+ ${unit}(?:\\[\\d+\\])?: `, 'u')
    return onlyIfChanged(
      files,
      files
        .filter(([path]) => !own.test(path))
        .map((file) => (isJournal(file) ? ([file[0], lines(file[1], (said) => (line.test(said) ? null : said))] as const) : file)),
    )
  }

const two = (n: number): string => String(n).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const clockOf = (d: Date): string => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`

/** Every stamp that the machine itself put on a line, by the same time later. Fractions of a second stay. */
const shifted = (line: string, byS: number | ((ms: number) => number), year: number, zoned: boolean): string => {
  const later = (month: number, day: string, time: string): Date => {
    const ms = Date.parse(`${year}-${two(month)}-${two(Number(day))}T${time}Z`)
    return new Date(ms + (typeof byS === 'number' ? byS : byS(ms)) * 1000)
  }
  const local = line
    .replace(/^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)/u, (all, month: string, day: string, time: string) => {
      const d = later(MONTHS.indexOf(month) + 1, day, time)
      return Number.isNaN(d.getTime()) ? all : `${MONTHS[d.getUTCMonth()] ?? ''} ${two(d.getUTCDate())} ${clockOf(d)}`
    })
    .replace(/(^|: )([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)(?=\.\d{6} )/u, (_, before: string, severity: string, month: string, day: string, time: string) => {
      const d = later(Number(month), day, time)
      return `${before}${severity}${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())} ${clockOf(d)}`
    })
  if (!zoned || typeof byS !== 'number') return local
  return local.replace(
    /(^|time=")(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/u,
    (_, before: string, day: string, time: string) => `${before}${new Date(Date.parse(`${day}T${time}Z`) + byS * 1000).toISOString().slice(0, 19)}`,
  )
}

const yearOf = (startMs: number): number => new Date(startMs).getUTCFullYear()
const hosts = (files: Files): string[] => [...new Set(files.flatMap(([path]) => /^nodes\/([^/]+)\//u.exec(path)?.[1] ?? []))]

/** The logs of one node, one of the story where there is one, are ahead or behind. */
const clockOffset: Variant = (files, truth, random, startMs) => {
  const story = hosts(files).filter((host) => truth.steps.some(({ entity }) => entity.includes(literally(host))))
  const [first, ...rest] = story.length > 0 ? story : hosts(files)
  if (first === undefined) return null
  const host = random.pick([first, ...rest])
  const byS = random.int(90, 300) * (random.chance(0.5) ? 1 : -1)
  return onlyIfChanged(
    files,
    files.map(([path, content]) => [path, path.startsWith(`nodes/${host}/`) ? lines(content, (line) => shifted(line, byS, yearOf(startMs), true)) : content]),
  )
}

/** Node logs whose stamps carry no zone are in the local time of another one, and the user says so. */
const otherZone: Variant = (files, truth, random, startMs) => {
  if (truth.options.length > 0) return null
  const zone = random.pick(['America/New_York', 'Asia/Kolkata', 'Australia/Adelaide'] as const)
  // A log that goes on for months may meet a change of the hour.
  const byS = (ms: number): number => offsetAt(zone, Number.isNaN(ms) ? startMs : ms) * 60
  return onlyIfChanged(
    files,
    files.map(([path, content]) => [path, path.startsWith('nodes/') ? lines(content, (line) => shifted(line, byS, yearOf(startMs), false)) : content]),
    ['--timezone', `nodes/*=${zone}`],
  )
}

/** Lines that tell of ordinary work, whatever the day. */
const NOISE: readonly RegExp[] = [
  /\b[IWEF]\d{4} [\d:.]+ +\d+ (?:reconciler_common|operation_generator|util|kubelet_getters|kubelet)\.go:\d+\] "(?:operationExecutor|MountVolume|No sandbox|Image garbage|SyncLoop \(PLEG\)|SyncLoop ADD)/u,
  / containerd\[\d+\]: time=\S+ level=info /u,
  /^time="[^"]+" level=info /u,
  / kernel: cni0: port /u,
  /\[[^\]]+\] LOG: {2}(?:duration: |checkpoint |connection authorized|disconnection)/u,
  /" [23]\d\d \d+ "/u,
  /"level":"(?:info|debug)"/u,
]

const noise =
  (copies: (random: Random) => number): Variant =>
  (files, _, random) =>
    onlyIfChanged(
      files,
      files.map(([path, content]) => [
        path,
        lines(content, (line) => (NOISE.some((ordinary) => ordinary.test(line)) ? Array.from({ length: copies(random) }, () => line) : line)),
      ]),
    )

/** journalctl -o json, and Docker's json-file instead of the CRI's lines. */
const otherWrapping: Variant = (files, _truth, _random, startMs) => {
  // What the stamp leaves out: a log that begins in the autumn before has months that lie ahead in the year of its end.
  const inYear = (written: string): number => {
    const ms = Date.parse(`${yearOf(startMs)}-${written}Z`)
    return ms > startMs + 7 * 86_400_000 ? Date.parse(`${yearOf(startMs) - 1}-${written}Z`) : ms
  }
  const asJson = (line: string): string | null => {
    const [, month = '', day = '', time = '', micros = '', host = '', unit = '', pid] =
      /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)\.(\d{6}) (\S+) ([\w.-]+)(?:\[(\d+)\])?: /u.exec(line) ?? []
    if (unit === '') return null
    const seconds = inYear(`${two(MONTHS.indexOf(month) + 1)}-${two(Number(day))}T${time}`) / 1000
    return JSON.stringify({
      __REALTIME_TIMESTAMP: `${seconds}${micros}`,
      _HOSTNAME: host,
      _TRANSPORT: unit === 'kernel' ? 'kernel' : 'stdout',
      SYSLOG_IDENTIFIER: unit,
      ...(pid === undefined ? {} : { _PID: pid }),
      MESSAGE: line.slice(line.indexOf(': ') + 2),
    })
  }
  const asDocker = (line: string): string | null => {
    const [stamp = '', stream = '', , ...rest] = line.split(' ')
    return rest.length === 0 ? null : JSON.stringify({ log: `${rest.join(' ')}\n`, stream, time: stamp })
  }
  return onlyIfChanged(
    files,
    files.map((file) => {
      const [path, content] = file
      if (isJournal(file)) return [`${path}.json`, `${lines(content, asJson)}\n`]
      return /^pods\/.*\/\d+\.log$/u.test(path) && / F /u.test(content) ? [path, `${lines(content, asDocker)}\n`] : file
    }),
  )
}

const VARIANTS: ReadonlyMap<string, Variant> = new Map([
  ['no kubelet logs', withoutUnit('kubelet', /(?:^|\/)kubelet[^/]*$/u)],
  ['no kernel logs', withoutUnit('kernel', /(?:^|\/)(?:dmesg|kern)[^/]*$/u)],
  ['no events', withoutFiles(/(?:^|\/)events[^/]*$/u)],
  ['no objects', withoutFiles(/^kubernetes\/(?!events)/u)],
  ['no metrics', withoutFiles(/^(?:prometheus|metrics)\//u)],
  ['no Postgres logs', withoutFiles(/^postgres[^/]*\//u)],
  ['no app logs', withoutFiles(/^pods\//u)],
  ['no access logs', withoutFiles(/^ingress\//u)],
  ['no control plane logs', withoutFiles(/^control-plane\//u)],
  ['no alerts', withoutFiles(/alert/u)],
  ['clock off', clockOffset],
  ['half the noise', noise((random) => (random.chance(0.5) ? 1 : 0))],
  ['noise twice', noise(() => 2)],
  ['other zone', otherZone],
  ['other wrapping', otherWrapping],
])

export const variantNames: readonly string[] = [...VARIANTS.keys()]

export const vary = (name: string, files: Files, truth: Truth, seed: number, startMs: number): Varied | null =>
  VARIANTS.get(name)?.(files, truth, chance(`${truth.case}/${seed}/${name}`), startMs) ?? null
