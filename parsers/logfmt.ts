/**
 * The fields of a log line that matter – time, level, application, message – found in its bytes, whether it is JSON, logfmt or a plain line
 * with a level word. Keys are those of zap, zerolog, pino, bunyan, logrus, slog, go-kit, structlog, Serilog, log4j2, Logstash, ECS, GELF, GCP.
 * https://brandur.org/logfmt · https://www.elastic.co/guide/en/ecs/current/ecs-base.html
 */
import { hashed, hashOf, levelOfValue, levelOfWord, NONE } from './levels.js'

/** A value's bytes: [start, end). start is -1 where the line has none. */
interface Slice {
  start: number
  end: number
}

const slice = (): Slice => ({ start: -1, end: -1 })

/** What the last scan found; one object for all lines, so that a line costs none. */
export const fields = {
  level: NONE,
  time: slice(),
  seconds: slice(),
  nanos: slice(),
  app: slice(),
  logger: slice(),
  message: slice(),
  error: slice(),
  probe: slice(),
  result: slice(),
  success: slice(),
  /** The line is made of keys and values. */
  keyed: false,
}

const TIME = 1
const LEVEL = 2
const APP = 3
const LOGGER = 4
const MESSAGE = 5
const CAUSE = 6
const PROBE = 7
const RESULT = 8
const SUCCESS = 9
const SECONDS = 10
const NANOS = 11
const GELF = 12
const NAME = 13

/** 'log.level' is both a key of its own and the level inside "log": {}. */
const ROLES: ReadonlyMap<number, number> = new Map(
  (
    [
      [TIME, 'ts time t timestamp @timestamp datetime date asctime eventtime @t _time $date t.$date timemillis time_local time_iso8601 log.timestamp'],
      [LEVEL, 'level lvl severity loglevel log_level log.level levelname level_name severity_text severitytext @l s priority'],
      [APP, 'app application app_name service service.name service_name svc appname'],
      [LOGGER, 'logger log.logger logger_name component'],
      [MESSAGE, 'msg message fields.message @m @mt event textpayload log.message'],
      [CAUSE, 'err error error.message err.message err.msg exception exc_info fields.error error.stack_trace stack_trace stack'],
      [PROBE, 'probe check target probe_name check_name'],
      [RESULT, 'result status outcome'],
      [SUCCESS, 'success ok probe_success'],
      [SECONDS, 'instant.epochsecond timestamp.seconds timestampseconds'],
      [NANOS, 'instant.nanoofsecond timestamp.nanos timestampnanos'],
      [GELF, 'short_message'],
      [NAME, 'name'],
    ] as const
  ).flatMap(([role, keys]) => keys.split(' ').map((key): [number, number] => [hashOf(key), role])),
)

const DOT = 46
const QUOTE = 34
const BACKSLASH = 92

let inJson = false
let syslogLevels = false
/** Numbers of `level` wait for the end of the object: whether they are syslog's shows in another key. */
const levelValue = slice()

const clear = (): void => {
  fields.level = NONE
  inJson = fields.keyed = false
  for (const one of [fields.time, fields.seconds, fields.nanos, fields.app, fields.logger, fields.message, fields.error]) one.start = -1
  fields.probe.start = fields.result.start = fields.success.start = -1
  levelValue.start = -1
  syslogLevels = false
}

const keep = (into: Slice, start: number, end: number): void => {
  if (into.start >= 0) return
  into.start = start
  into.end = end
}

const found = (role: number, start: number, end: number): void => {
  switch (role) {
    case TIME:
      // 't=5' is a figure of the message; a time has nine characters at least.
      if (end - start >= 9) keep(fields.time, start, end)
      return
    case LEVEL:
      return keep(levelValue, start, end)
    case APP:
      return keep(fields.app, start, end)
    case LOGGER:
      return keep(fields.logger, start, end)
    case NAME:
      // bunyan and pino name the application so; in logfmt it is the name of anything.
      if (inJson) keep(fields.logger, start, end)
      return
    case GELF:
      syslogLevels = true
      return keep(fields.message, start, end)
    case MESSAGE:
      return keep(fields.message, start, end)
    case CAUSE:
      return keep(fields.error, start, end)
    case PROBE:
      return keep(fields.probe, start, end)
    case RESULT:
      return keep(fields.result, start, end)
    case SUCCESS:
      return keep(fields.success, start, end)
    case SECONDS:
      return keep(fields.seconds, start, end)
    case NANOS:
      return keep(fields.nanos, start, end)
  }
}

/** After the closing quote of a string that begins at `at` (its opening quote), or `end` where it is not closed. */
const pastString = (bytes: Buffer, at: number, end: number): number => {
  let next = at + 1
  while (next < end) {
    const byte = bytes[next]
    if (byte === BACKSLASH) next += 2
    else if (byte === QUOTE) return next + 1
    else next++
  }
  return end
}

/** More of a JSON line than this is payload, not its envelope of time, level and message. */
const JSON_LIMIT = 65_536

/** Gives the hash of each key of a JSON object's first two levels – of the second as 'log.level' – and its value's bytes, quotes taken off. */
export const walkJson = (bytes: Buffer, start: number, lineEnd: number, give: (key: number, start: number, end: number) => void): void => {
  const end = Math.min(lineEnd, start + JSON_LIMIT)
  let depth = 0
  let key = 0
  let parent = 0
  let expectsKey = false
  let at = start
  while (at < end) {
    const byte = bytes[at] ?? 0
    switch (byte) {
      case 123: // {
        depth++
        if (depth === 2) parent = hashed(key, DOT)
        expectsKey = true
        at++
        break
      case 91: // [
        depth += 1
        if (depth === 2) parent = 1 // an element of a list has no key that is known
        expectsKey = false
        at++
        break
      case 125: // }
      case 93: // ]
        depth--
        if (depth <= 0) at = end
        else at++
        break
      case 44: // ,
        expectsKey = true
        at++
        break
      case QUOTE: {
        if (depth <= 2 && expectsKey) {
          let hash = depth === 2 ? parent : 0
          let next = at + 1
          for (; next < end; next++) {
            const letter = bytes[next] ?? 0
            if (letter === QUOTE) break
            if (letter === BACKSLASH) next++
            else hash = hashed(hash, letter)
          }
          next++
          while (next < end && bytes[next] === 32) next++
          if (bytes[next] === 58) {
            key = hash
            expectsKey = false
            at = next + 1
            break
          }
          at = next
          break
        }
        const past = pastString(bytes, at, end)
        if (depth <= 2) give(key, at + 1, past - 1)
        at = past
        break
      }
      case 32:
      case 9:
      case 58:
        at++
        break
      default: {
        let next = at + 1
        for (let letter = bytes[next]; next < end && letter !== 44 && letter !== 125 && letter !== 93 && letter !== 32; letter = bytes[++next]);
        if (depth <= 2) give(key, at, next)
        at = next
      }
    }
  }
}

const giveField = (key: number, start: number, end: number): void => {
  const role = ROLES.get(key)
  if (role !== undefined) found(role, start, end)
}

/** Scans a JSON line into `fields`. */
export const scanJson = (bytes: Buffer, start: number, lineEnd: number): void => {
  clear()
  inJson = fields.keyed = true
  walkJson(bytes, start, lineEnd, giveField)
  if (levelValue.start >= 0) fields.level = levelOfValue(bytes, levelValue.start, levelValue.end, syslogLevels)
}

/** 1 for the bytes of which keys and words are made: letters, figures and _ - . @ $ */
const WORD_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w.@$-]/.test(String.fromCharCode(byte)) && byte < 128 ? 1 : 0))
const isWordByte = (byte: number): boolean => WORD_BYTES[byte] === 1

/** How far into a line its level is looked for, where it is not made of keys and values. */
const HEAD_WORDS = 14
const HEAD_BYTES = 240
const KEYED_BYTES = 8_192

/**
 * Scans a line from `start`, which is behind its stamp. A line that begins with a key is logfmt and is read to its end;
 * of any other line only the beginning is looked at, up to its level.
 */
export const scanPlain = (bytes: Buffer, start: number, lineEnd: number): void => {
  clear()
  let end = Math.min(lineEnd, start + HEAD_BYTES)
  let nth = 0
  let at = start
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (!isWordByte(byte)) {
      if (byte === 27) {
        // An ANSI colour is no word: ESC [ 3 1 m
        at += 2
        while (at < end && (bytes[at] ?? 0) < 64) at++
      }
      at++
      continue
    }
    const from = at
    let hash = 0
    for (let letter = byte; at < end && isWordByte(letter); letter = bytes[++at] ?? 0) hash = hashed(hash, letter)
    if (at < lineEnd && bytes[at] === 61 && at > from) {
      if (nth === 0 && !fields.keyed) {
        fields.keyed = true
        end = Math.min(lineEnd, start + KEYED_BYTES)
      }
      const role = ROLES.get(hash)
      at++
      let valueEnd: number
      let valueStart = at
      if (bytes[at] === QUOTE) {
        const past = pastString(bytes, at, end)
        valueStart = at + 1
        valueEnd = Math.max(valueStart, past - 1)
        at = past
      } else {
        for (let letter = bytes[at]; at < end && letter !== 32 && letter !== 9 && letter !== 93; letter = bytes[++at]);
        valueEnd = at
      }
      // In a sentence, 'service=payments' is what it talks about; only the level is taken there.
      if (role !== undefined && (fields.keyed || role === LEVEL)) found(role, valueStart, valueEnd)
      nth++
      continue
    }
    if (!fields.keyed) {
      // Numbers between stamp and level (a pid, a thread) are no words.
      if (byte > 57 || at - from > 9) {
        const level = levelOfWord(bytes, from, at, hash, nth, lineEnd)
        if (level !== NONE) {
          fields.level = level
          return
        }
        nth++
        if (nth > HEAD_WORDS) break
      }
    } else nth++
  }
  if (levelValue.start >= 0) fields.level = levelOfValue(bytes, levelValue.start, levelValue.end, false)
}
