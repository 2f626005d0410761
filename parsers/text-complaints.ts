/** Errors and warnings of application logs as signals: each is held until its continuation lines, which may name the cause, have been read. */
import { typeOf } from '../src/model/entity.js'
import type { Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { ERROR, WARNING } from './levels.js'
import { fields } from './logfmt.js'
import type { App } from './text-apps.js'
import { burstOf, causeOf, figuresIn, nameIn, serviceNamed, unnumbered, type Cause } from './text-causes.js'

export interface Complaints {
  /** A complaint waits for its continuation. */
  readonly pending: boolean
  /** What waits is a traceback, whose last line is its message. */
  readonly trace: boolean
  /** A record begins; the one before it is complete. */
  record(bytes: Buffer, start: number, end: number, body: number, app: App, level: number, at: Stamp): void
  part(bytes: Buffer, start: number, end: number): void
  /** The line that ends a traceback. */
  conclude(bytes: Buffer, start: number, end: number): void
  /** A complaint that is complete, its message known. */
  say(app: App, level: number, at: Stamp, text: string, message: string): void
  end(): void
}

const LINE_BYTES = 4_096
/** How much of a stack trace is looked through for a cause. */
const PARTS_LENGTH = 4_000
const MAX_BURSTS = 1_000
const MAX_CAUSES = 500

export const complaints = (sink: Sink): Complaints => {
  let app: App | null = null
  let level = 0
  let at: Stamp = { ms: 0, basis: 'utc' }
  let text = ''
  let message = ''
  let parts = ''
  let line = 0
  let trace = false
  const bursts = new Set<string>()
  const clients = new Set<string>()
  /** A flood says the same over and over: its cause is found once. */
  const causes = new Map<string, Cause>()

  const causeIn = (like: string): Cause => {
    const key = `${app?.name ?? ''}\n${figuresIn(text)}\n${like}\n${parts}`
    let cause = causes.get(key)
    if (cause === undefined) {
      if (causes.size >= MAX_CAUSES) causes.clear()
      cause = causeOf(parts === '' ? text : `${text}\n${parts}`)
      causes.set(key, cause)
      return cause
    }
    // Two names that differ in their figures only are two names.
    if (cause.reason === 'dns') return { ...cause, name: nameIn(`${text}\n${parts}`) }
    return cause.server !== null && typeOf(cause.server) === 'service' ? { ...cause, server: serviceNamed(`${text}\n${parts}`) } : cause
  }

  const flush = (): void => {
    const who = app
    if (who === null) return
    const like = unnumbered(message)
    const { reason, server, name } = causeIn(like)
    app = null
    const { entity } = who
    let burst = `${reason}: ${burstOf(like)}`
    if (!bursts.has(burst)) {
      if (bursts.size >= MAX_BURSTS) burst = reason
      else bursts.add(burst)
    }
    const kind = level >= ERROR ? 'log.error' : 'log.warning'
    sink.signal({ kind, entity, at, text, line, burst, attributes: { app: who.name, reason } })
    if (reason === 'dns') sink.signal({ kind: 'network.dns-failure', entity, at, text, line, burst: name ?? '', attributes: name === null ? {} : { name } })
    if (server === null) return
    const pair = `${entity}\n${server}`
    if (clients.has(pair) || clients.size >= MAX_BURSTS) return
    clients.add(pair)
    sink.fact({ fact: 'client-of', client: entity, server })
  }

  const decoded = (bytes: Buffer, start: number, end: number): string => decode(bytes, start, Math.min(end, start + LINE_BYTES))

  const begin = (who: App, severity: number, stamp: Stamp): void => {
    app = who
    level = severity
    at = { ms: stamp.ms, basis: stamp.basis }
    parts = ''
    trace = false
    line = sink.line
  }

  return {
    get pending() {
      return app !== null
    },
    get trace() {
      return app !== null && trace
    },
    record(bytes, start, end, body, who, severity, stamp) {
      flush()
      if (severity < WARNING) return
      begin(who, severity, stamp)
      text = decoded(bytes, start, end)
      const { message: said, error } = fields
      const of = (slice: { readonly start: number; readonly end: number }): string =>
        slice.start < 0 ? '' : decoded(bytes, slice.start, Math.min(slice.end, end))
      const both = fields.keyed ? [of(said), of(error)].filter((one) => one !== '').join(': ') : ''
      message = both === '' ? decoded(bytes, body, end) : both
      trace = message.startsWith('Traceback (most recent call last)')
    },
    part(bytes, start, end) {
      if (parts.length >= PARTS_LENGTH) return
      const more = decoded(bytes, start, end)
      // A Python record's own traceback: logging.exception puts it behind the message.
      if (more.startsWith('Traceback (most recent')) trace = true
      parts += `${more}\n`
    },
    conclude(bytes, start, end) {
      const last = decoded(bytes, start, end)
      if (message.startsWith('Traceback')) message = last
      trace = false
    },
    say(who, severity, stamp, line_, message_) {
      flush()
      if (severity < WARNING) return
      begin(who, severity, stamp)
      text = line_
      message = message_
      flush()
    },
    end: flush,
  }
}
