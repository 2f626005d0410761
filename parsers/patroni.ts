/**
 * Patroni, which decides which of several Postgres servers takes writes: lost locks, demotions, promotions. Its lines stand by themselves, in
 * a journal, or among Postgres' own in the log of a container (Spilo, Crunchy).
 * https://github.com/patroni/patroni/blob/v4.0.4/patroni/ha.py, postgresql/__init__.py; the form of its lines: log.py, DEFAULT_FORMAT
 */
import { node, pod as podEntity, postgres, process, THIS_POSTGRES, nameOf, shortName, typeOf, type Entity } from '../src/model/entity.js'
import type { Attributes, Phase, SignalKind, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'

const HEAD = /^ (DEBUG|INFO|WARNING|ERROR|CRITICAL): /u
const NAME = '([A-Za-z0-9][A-Za-z0-9._-]{0,62})'
/** 'no action. I am (pg-1), the leader with the lock', 'Lock owner: pg-1; I am pg-2' */
const SELF = new RegExp(`I am \\(?${NAME}\\)?(?:$|[,.; ])`, 'u')
const UNREACHED = new RegExp(`^Request failed to ${NAME}:`, 'u')
/** What one member says of another: 'Request failed to pg-2: GET http://10.0.0.2:8008/patroni (…)', 'Got response from pg-3 http://10.0.0.3:8008/patroni: {…}' */
const MEMBER_AT = new RegExp(
  `^(?:Request failed to ${NAME}: GET|Got response from ${NAME}) https?://(?:[^@/ ]{0,80}@)?\\[?([0-9A-Za-z.:-]{1,253}?)\\]?(?::\\d{1,5})?/`,
  'u',
)
const LOOPBACK = /^(?:127\.|localhost$|::1$|0\.0\.0\.0$)/u
const ROUTINE = /^(?:no action\.|Lock owner: |Got response from |Local timeline=|Reaped pid|Selected new)/u

interface Told {
  readonly kind: SignalKind
  readonly phase?: Phase
  readonly attributes: Attributes
}

const MEANINGS: readonly (readonly [RegExp, (match: RegExpExecArray) => Told])[] = [
  [
    /^[Dd]emoting self(?: because (.{1,160}))?/u,
    (match) => ({ kind: 'postgres.shutdown', attributes: { mode: 'demoted', ...(match[1] === undefined ? {} : { reason: match[1] }) } }),
  ],
  [
    /^demoted self(?: because (.{1,160}))?/u,
    (match) => ({ kind: 'postgres.shutdown', attributes: { mode: 'demoted', ...(match[1] === undefined ? {} : { reason: match[1] }) } }),
  ],
  [/^promoted self to leader/u, () => ({ kind: 'postgres.ready', attributes: { reason: 'promoted' } })],
  [
    /^(?:doing crash recovery in a single user mode|starting after demotion in progress)/u,
    () => ({ kind: 'postgres.recovering', attributes: { reason: 'patroni' } }),
  ],
]
/** Lost its place to keep the lock, or the lock itself. */
const GRAVE =
  /^(?:Error communicating with DCS|DCS is not accessible|system ID mismatch|Could not take out TTL lock|failed to (?:update leader lock|start postgres|acquire initialization lock)|(?:Failed|failed) to (?:bootstrap|update leader)|postmaster .{0,40}(?:died|terminated)|(?:PostgreSQL|postgres) is not running|waiting for leader to bootstrap|Loop time exceeded|Exceeded (?:retry|maximum)|pg_rewind)/u

const reasonOf = (said: string): string =>
  /DCS|etcd|consul|zookeeper|Loop time|retry/iu.test(said) ? 'timeout' : /Max retries|refused/u.test(said) ? 'refused' : 'other'

const isAsciiDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const open = (sink: Sink, context: InputContext): LineReader => {
  let self = ''
  const serverOf = (envelope: Envelope | null): Entity => {
    const pod = envelope?.pod ?? context.pod
    if (self !== '') return postgres(self)
    return pod === null ? THIS_POSTGRES : postgres(shortName(pod))
  }
  const learn = (name: string, envelope: Envelope | null): void => {
    if (self === name) return
    self = name
    const pod = envelope?.pod ?? context.pod
    // In Kubernetes a member is called after its pod.
    if (pod !== null && typeOf(pod) === 'pod' && shortName(pod) === name)
      sink.fact({ fact: 'runs-as', of: postgres(name), by: podEntity(nameOf(pod).slice(0, nameOf(pod).indexOf('/')), name) })
  }

  /** Members whose machines' addresses were told. */
  const placed = new Set<string>()
  const place = (said: string): void => {
    const [, asked, answered, host = ''] = MEMBER_AT.exec(said) ?? []
    const name = asked ?? answered
    if (name === undefined || LOOPBACK.test(host) || placed.has(`${name} ${host}`)) return
    placed.add(`${name} ${host}`)
    sink.fact({ fact: 'runs-as', of: postgres(name), by: node(host) })
  }

  const say = (said: string, level: string, text: string, at: Stamp, envelope: Envelope | null): void => {
    const name = SELF.exec(said)?.[1]
    if (name !== undefined) learn(name, envelope)
    place(said)
    if (ROUTINE.test(said)) return
    for (const [pattern, tell] of MEANINGS) {
      const match = pattern.exec(said)
      if (match === null) continue
      const { kind, phase = 'point', attributes } = tell(match)
      sink.signal({ kind, entity: serverOf(envelope), phase, at, attributes, text })
      return
    }
    const unreached = UNREACHED.exec(said)?.[1]
    const grave = GRAVE.test(said)
    if (!grave && unreached === undefined && level !== 'ERROR' && level !== 'CRITICAL') return
    sink.signal({
      kind: level === 'CRITICAL' || level === 'ERROR' ? 'log.error' : 'log.warning',
      entity: envelope?.pod ?? context.pod ?? process(envelope?.host ?? '-', 'patroni'),
      at,
      attributes: { app: 'patroni', reason: reasonOf(said), ...(unreached === undefined ? {} : { peer: unreached }) },
      burst: said.replace(/\d+/gu, 'N').slice(0, 60),
      text,
    })
  }

  return {
    line(bytes, start, end, envelope) {
      if (!isAsciiDigit(bytes[start])) return false
      const stop = readIso(bytes, start, end)
      // '2026-03-02 10:00:00,123 INFO: '
      if (stop < 0 || bytes[start + 19] !== 44 || bytes[stop] !== 32) return false
      const level = HEAD.exec(bytes.toString('latin1', stop, Math.min(end, stop + 12)))?.[1]
      if (level === undefined) return false
      preferEnvelope(envelope)
      const at = { ms: found.ms, basis: found.basis }
      sink.record(at.ms, at.basis)
      if (level === 'DEBUG') return true
      say(decode(bytes, stop + level.length + 3, Math.min(end, stop + 600)), level, decode(bytes, start, end), at, envelope)
      return true
    },
    end: () => undefined,
  }
}

const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:INFO|WARNING|ERROR|CRITICAL): /u
const WORDS =
  /I am \(?[A-Za-z0-9]|Lock owner: |leader with the lock|DCS|self (?:to leader|because)|patroni|leader lock|establishing a new .{0,10}connection to the postgres|postmaster pid=/iu

export const patroni: LineFormat = {
  id: 'patroni',
  takes: 'lines',
  reads: "Patroni's log",
  reference: 'https://patroni.readthedocs.io/en/latest/yaml_configuration.html#log',
  example: '2026-03-02 10:00:00,123 INFO: no action. I am (pg-1), the leader with the lock',
  units: ['patroni'],
  sniff: ({ lines }) => {
    const marked = lines.filter((line) => LINE.test(line))
    if (!marked.some((line) => WORDS.test(line.slice(0, 400)))) return 0
    return 0.4 + 0.5 * Math.min(1, (marked.length * 1.2) / lines.length)
  },
  open,
}
