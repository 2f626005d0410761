/**
 * The logs of Redis (and Valkey) servers and Sentinels: `pid:role date sign message`, roles M, S, C, X, signs . - * #.
 * The year came with Redis 5, the role with 3.0; there is no zone. Described by serverLogRaw in src/server.c and, for Sentinel's events, in
 * https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#pubsub-messages
 */
import { redis as redisEntity, shortName, type Entity } from '../src/model/entity.js'
import type { Attributes, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, LineFormat, LineReader, SignalDraft, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readMonthDay } from '../src/read/stamps.js'
import { clean, decode } from '../src/read/text.js'
import { SENTINEL_EVENTS, SERVER_LINES } from './redis-messages.js'
import { composePrefix, withoutColours } from './text-shapes.js'
import { readEpoch, readStamp } from './text-stamps.js'

/** After its stamp and sign, where the line is Redis's; -1 where not. Sets `found`. */
const readHead = (bytes: Buffer, start: number, end: number): number => {
  if (bytes[start] === 91) return readOldHead(bytes, start + 1, end)
  let at = start
  const digits = at
  for (let byte = bytes[at] ?? 0; at < end && byte >= 48 && byte <= 57 && at - digits < 9; byte = bytes[++at] ?? 0);
  if (at === digits || bytes[at] !== 58) return -1
  const role = bytes[at + 1]
  if (role === 115 && bytes[at + 2] === 105) return readHandler(bytes, at + 1, end)
  if ((role !== 77 && role !== 83 && role !== 67 && role !== 88) || bytes[at + 2] !== 32) return -1
  let stop = readStamp(bytes, at + 3, end)
  if (stop < 0) stop = readYearless(bytes, at + 3, end)
  return behindSign(bytes, stop)
}

/** Behind ' # ', the sign of a line's level; -1 where there is none. */
const behindSign = (bytes: Buffer, stop: number): number => {
  if (stop < 0 || bytes[stop] !== 32 || bytes[stop + 2] !== 32) return -1
  const sign = bytes[stop + 1]
  return sign === 35 || sign === 42 || sign === 45 || sign === 46 ? stop + 3 : -1
}

/** `[1234] 02 Mar 10:00:00.123 # …`, `[1234 | signal handler] (1714024483) …`: up to 2.8. */
const readOldHead = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  for (let byte = bytes[at] ?? 0; at < end && byte >= 48 && byte <= 57 && at - start < 9; byte = bytes[++at] ?? 0);
  if (at === start) return -1
  if (bytes[at] === 32 && bytes[at + 1] === 124) return readHandler(bytes, at, end)
  return bytes[at] === 93 && bytes[at + 1] === 32 ? behindSign(bytes, readYearless(bytes, at + 2, end)) : -1
}

/** `1:signal-handler (1714024483) Received SIGTERM scheduling shutdown...` */
const readHandler = (bytes: Buffer, start: number, end: number): number => {
  const open = bytes.indexOf(40, start)
  if (open < 0 || open - start > 20) return -1
  const stop = readEpoch(bytes, open + 1, end)
  return stop >= 0 && bytes[stop] === 41 ? Math.min(end, stop + 2) : -1
}

const turned = Buffer.alloc(32, 32)
/** 21 Nov 08:18:01.123, before Redis 5: day and month the other way round than in syslog. */
const readYearless = (bytes: Buffer, at: number, end: number): number => {
  if (end - at < 15 || bytes[at + 2] !== 32 || bytes[at + 6] !== 32) return -1
  const take = Math.min(turned.length - 7, end - at - 7)
  turned.fill(32)
  bytes.copy(turned, 0, at + 3, at + 6)
  bytes.copy(turned, 4, at, at + 2)
  bytes.copy(turned, 7, at + 7, at + 7 + take)
  const stop = readMonthDay(turned, 0, 7 + take)
  return stop < 0 ? -1 : at + stop
}

/** 'redis-master' of the pods redis-master-0 and redis-master-7d9c5b9f4-x2x5q: what its clients call it, more or less. */
const serverName = (pod: Entity): string => shortName(pod).replace(/-(?:[0-9a-f]{6,10}-[a-z0-9]{5}|\d{1,4})$/, '')

const PREFIXED =
  /^(?:[\w.-]{1,64} {1,40}\| )?\d{1,9}:(?:[MSCX] \d\d [A-Z][a-z]{2} (?:\d{4} )?\d\d:\d\d:\d\d\.\d{3} [.*#-] |signal-handler \(\d{9,10}\) )|^\[\d{1,9}(?:\] \d\d [A-Z][a-z]{2} \d\d:\d\d:\d\d\.\d{3} [.*#-] | \| signal handler\] )/

export const redis: LineFormat = {
  id: 'redis',
  takes: 'lines',
  reads: 'logs of Redis, Valkey and Redis Sentinel',
  reference: 'https://github.com/redis/redis/blob/7.2.0/src/server.c',
  example: "1:M 21 Nov 2026 08:18:01.123 # Can't save in background: fork: Cannot allocate memory",
  units: ['redis', 'redis-server', 'redis-sentinel', 'valkey-server'],
  sniff({ lines }) {
    // docker compose colours its prefixes
    const ours = lines.filter((line) => PREFIXED.test(line.startsWith('\u001b') ? clean(line) : line)).length
    return ours === 0 ? 0 : 0.35 + (0.6 * ours) / lines.length
  },
  open: (sink, context) => reader(sink, context),
}

const reader = (sink: Sink, context: InputContext): LineReader => {
  /** Sentinels that each master's Sentinels miss. */
  const missing = new Map<string, Set<string>>()
  let lastMaster = '-'
  let told: Entity | null = null
  let state: 'unknown' | 'up' | 'down' = 'unknown'
  let lastLine = -1

  const serverOf = (envelope: Envelope | null): Entity => {
    const pod = envelope?.pod ?? context.pod
    if (pod === null) return redisEntity('-')
    const server = redisEntity(serverName(pod))
    if (told !== pod) {
      told = pod
      sink.fact({ fact: 'runs-as', of: server, by: pod })
    }
    return server
  }

  const say = (
    kind: SignalDraft['kind'],
    entity: Entity,
    at: Stamp,
    text: string,
    reason: string | null,
    phase: 'begin' | 'end' | 'point',
    more: Attributes = {},
  ): void => sink.signal({ kind, entity, at, text, phase, burst: reason ?? '', attributes: reason === null ? more : { ...more, reason } })

  const sentinel = (message: string, at: Stamp, text: string): void => {
    const [event = '', type = '', name = '', ...rest] = message.split(' ', 12)
    const master = type === 'master' ? name : rest[2] === '@' || rest[1] === '@' ? (rest[rest.indexOf('@') + 1] ?? '-') : lastMaster
    if (type === 'master' && name !== '') lastMaster = name
    if (event === '+switch-master') return say('redis.down', redisEntity(type), at, text, 'switched', 'end')
    if (event === '+tilt' || event === '-tilt') return say('redis.quorum-lost', redisEntity(lastMaster), at, text, 'tilt', event === '+tilt' ? 'begin' : 'end')
    if ((event === '+sdown' || event === '-sdown') && type === 'sentinel') {
      // One of three is a nuisance; two at once are no majority.
      const down = missing.get(master) ?? new Set<string>()
      missing.set(master, down)
      const before = down.size
      if (event === '+sdown' && down.size < 100) down.add(name)
      else down.delete(name)
      if (before < 2 && down.size >= 2) say('redis.quorum-lost', redisEntity(master), at, text, 'sentinels-down', 'begin')
      if (before >= 2 && down.size < 2) say('redis.quorum-lost', redisEntity(master), at, text, 'sentinels-down', 'end')
      return
    }
    const known = SENTINEL_EVENTS.find((one) => event.startsWith(one.event))
    if (known === undefined) return
    if (type === 'slave' && known.kind === 'redis.down') {
      // A replica by its address; its master goes on.
      return say('redis.down', redisEntity(rest[0] ?? name), at, text, 'replica', known.phase, { master })
    }
    if (type !== 'master') return
    say(known.kind, redisEntity(master), at, text, known.reason ?? event.slice(1), known.phase)
  }

  const server = (message: string, at: Stamp, text: string, envelope: Envelope | null): void => {
    for (const { says, kind, phase, reason } of SERVER_LINES) {
      if (!message.includes(says)) continue
      const entity = serverOf(envelope)
      if (reason === 'starting') {
        // A start in the middle of a log, without the end of the life before it: the server was killed.
        if (state === 'up') say('redis.down', entity, at, text, 'restarted', 'begin')
        state = 'down'
        return
      }
      if (kind === 'redis.down') {
        // A shutdown is told by the signal's handler and again by the server.
        if (phase === 'begin' && state === 'down') return
        state = phase === 'end' ? 'up' : 'down'
      }
      if (kind === 'log.error' || kind === 'log.warning') say(kind, entity, at, text, reason, 'point', { app: 'redis' })
      else say(kind, entity, at, text, reason, phase)
      return
    }
  }

  return {
    line(whole, from, to, envelope) {
      let bytes = whole
      let start = from
      let end = to
      if (bytes[start] === 27) {
        bytes = withoutColours(whole, from, to)
        start = 0
        end = bytes.length
      }
      let body = readHead(bytes, start, end)
      if (body < 0) {
        const behind = composePrefix(bytes, start, end)
        if (behind > 0) {
          const inner = readStamp(bytes, behind, end) // docker compose logs --timestamps
          body = readHead(bytes, inner > 0 && bytes[inner] === 32 ? inner + 1 : behind, end)
        }
      }
      if (body < 0) {
        // The logo in a start and a crash's registers and stack follow their line.
        if (lastLine > 0 && sink.line === lastLine + 1 && (bytes[start] === 32 || bytes[start] === 46 || bytes[start] === 45 || bytes[start] === 61)) {
          lastLine = sink.line
          sink.part()
          return true
        }
        return false
      }
      preferEnvelope(envelope)
      const at: Stamp = { ms: found.ms, basis: found.basis }
      sink.record(at.ms, at.basis)
      lastLine = sink.line
      const text = decode(bytes, start, Math.min(end, start + 2_048))
      const message = decode(bytes, body, Math.min(end, body + 2_048))
      if (message.startsWith('+') || (message.startsWith('-') && message.charCodeAt(1) > 96)) sentinel(message, at, text)
      else server(message, at, text, envelope)
      return true
    },
    end: () => undefined,
  }
}
