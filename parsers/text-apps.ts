/** Which application a line is of, and how many lines of each level every application wrote. */
import { process, type Entity } from '../src/model/entity.js'
import type { Basis, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, Sink } from '../src/model/format.js'
import { LEVEL_NAMES } from './levels.js'
import { fields } from './logfmt.js'
import { counter, onBasis, type Counter } from './text-counts.js'

export interface App {
  readonly name: string
  /** Who complains: the pod whose container wrote the line, else the process. */
  readonly entity: Entity
  readonly counters: Map<Basis, (Counter | undefined)[]>
}

/** What is around a line that tells who wrote it. */
export type Around = Pick<Envelope, 'pod' | 'host'>

export interface Apps {
  /** The application of the line whose fields were just scanned. */
  of(bytes: Buffer, envelope: Envelope | null, service: string | null): App
  named(name: string | null, around: Around | null): App
  count(app: App, level: number, at: Stamp): void
  end(): void
}

/** More names than these are no applications but something that changes from line to line. */
const MAX_APPS = 100
const NAME = /^[A-Za-z0-9_][\w.@:+-]{0,79}$/
/** An archive's or a rotation's additions to a file's name: .log, .txt, .gz, .1, -20261121 … */
const ENDING = /(?:\.(?:log|txt|json|jsonl|ndjson|out|err|stdout|stderr|gz|xz|zst|bz2|\d{1,10})|[._-]\d{4}-?\d\d-?\d\d(?:T?\d{2,6})?)$/
/** Names that say which stream a file is, not whose. */
const STREAM = /^(?:\d+|stdout|stderr|output|current|previous|console|out|err|logs?)$/

/** 'app' of 'dump.tar.gz!/host-1/app.log.2.gz'. */
export const stemOf = (path: string): string => {
  const parts = path.split(/[/\\]|!\//).filter((part) => part !== '' && part !== '.')
  const stripped = (name: string): string => {
    let rest = name
    for (let round = 0; round < 6; round++) {
      const shorter = rest.replace(ENDING, '')
      if (shorter === rest || shorter === '') break
      rest = shorter
    }
    return rest
  }
  const stem = stripped(parts.at(-1) ?? '-')
  const folder = parts.at(-2)
  return STREAM.test(stem) && folder !== undefined ? stripped(folder) : stem
}

export const appsOf = (sink: Sink, context: InputContext): Apps => {
  const stem = context.container ?? stemOf(context.path)
  const apps = new Map<string, App>()
  /** Names by the hash of their bytes, so that a line whose application is known makes no string. */
  const seen = new Map<number, { readonly bytes: Buffer; readonly pod: Entity | null; readonly host: string | null; readonly app: App }>()

  const app = (name: string, envelope: Around | null): App => {
    const host = envelope?.host ?? null
    const pod = envelope?.pod ?? context.pod
    const key = `${pod ?? host ?? ''}\n${name}`
    let one = apps.get(key)
    if (one === undefined) {
      if (apps.size >= MAX_APPS && name !== stem) return app(stem, envelope)
      one = { name, entity: pod ?? process(host ?? '-', name), counters: new Map() }
      // A stem on ever more hosts or pods is counted together, but each complains for itself.
      if (apps.size < MAX_APPS * 10) apps.set(key, one)
    }
    return one
  }

  const named = (name: string | null, envelope: Around | null): App => app(name !== null && NAME.test(name) ? name : stem, envelope)

  const fallback = (envelope: Envelope | null, service: string | null): App => app(service ?? envelope?.container ?? nonEmpty(envelope?.unit) ?? stem, envelope)

  // One set of counters an application, however many pods and hosts run it: the series have no other labels.
  const counters = new Map<string, Counter>()
  const counterOf = (name: string, level: number, basis: Basis): Counter => {
    const key = `${basis}\n${level}\n${name}`
    let one = counters.get(key)
    if (one === undefined) {
      one = counter(sink, 'faultline_log_lines', onBasis({ app: name, level: LEVEL_NAMES[level] ?? 'none' }, basis))
      counters.set(key, one)
    }
    return one
  }

  let bare: App | null = null
  let bareUnit: string | null = null

  return {
    of(bytes, envelope, service) {
      const { start, end } = fields.app.start >= 0 ? fields.app : fields.logger
      if (start < 0 || end <= start || end - start > 80) {
        if (service !== null || (envelope !== null && (envelope.pod !== null || envelope.host !== null || envelope.container !== null)))
          return fallback(envelope, service)
        const unit = envelope?.unit ?? null
        if (bare === null || unit !== bareUnit) {
          bare = fallback(envelope, null)
          bareUnit = unit
        }
        return bare
      }
      let hash = start === fields.app.start ? 1 : 2
      for (let at = start; at < end; at++) hash = (Math.imul(hash, 131) + (bytes[at] ?? 0)) | 0
      const pod = envelope?.pod ?? null
      const host = envelope?.host ?? null
      const known = seen.get(hash)
      if (known !== undefined && known.pod === pod && known.host === host && sameBytes(known.bytes, bytes, start, end)) return known.app
      const name = bytes.toString('utf8', start, end)
      // A logger with dots is a class or a module, not an application.
      const fits = NAME.test(name) && (fields.app.start >= 0 || !name.includes('.'))
      const found = fits ? app(name, envelope) : fallback(envelope, service)
      // What falls back depends on the line's service, and is not kept.
      if (fits && seen.size < MAX_APPS * 10) seen.set(hash, { bytes: Buffer.from(bytes.subarray(start, end)), pod, host, app: found })
      return found
    },
    named,
    count(one, level, at) {
      let levels = one.counters.get(at.basis)
      if (levels === undefined) one.counters.set(at.basis, (levels = []))
      const known = (levels[level] ??= counterOf(one.name, level, at.basis))
      known.add(at.ms)
    },
    end() {
      for (const one of counters.values()) one.end()
    },
  }
}

const sameBytes = (known: Buffer, bytes: Buffer, start: number, end: number): boolean => {
  if (known.length !== end - start) return false
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false
  return true
}

const nonEmpty = (name: string | null | undefined): string | null => (name === undefined || name === '' ? null : name)
