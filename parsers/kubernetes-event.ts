/**
 * Events, core/v1 and events.k8s.io/v1: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 * An event stands for `count` occurrences between its first and its last time; those between the two are not told.
 */
import { node, pod, workload, type Entity } from '../src/model/entity.js'
import type { Basis, Phase, Stamp } from '../src/model/extract.js'
import type { LateText, Repeat, Sink } from '../src/model/format.js'
import { entityOf, latest, numberOf, objectOf, ofJob, textOf, timeOf, withoutHash, type Json, type JsonObject } from './kubernetes-fields.js'
import { recentBytes, type RecentBytes } from './recent-bytes.js'
import { recent, type Recent } from './recent.js'
import type { WebhookCertificate } from './kubernetes-messages.js'
import { certificateOf, entityInMessage, meaningOf, type Saying, type Told } from './kubernetes-reasons.js'

/** Occurrences further apart than this, on average over a longer time, are apart: the first is another story than the last. */
const APART_MS = 5 * 60_000
/** So many occurrences are one long story even where they come slowly, such as the retries of a mount. */
const STEADY = 20
const VERY_APART_MS = 15 * 60_000
const LONG_MS = 10 * 60_000
/** Events remembered, for those that are seen again with a higher count. */
const REMEMBERED = 50_000
/** A new container refuses connections until it listens; ages tell whole minutes. */
const STARTING_MS = 3_000
const STARTING_BY_AGE_MS = 60_000
/** A node that joins has started its kubelet not long before; otherwise a restarted controller lists the nodes it knows. */
const JOIN_MS = 3 * 60_000
/** Both are told in whole seconds, by two programs. */
const SECONDS_MS = 2_000

/** A list of fewer events, or of a shorter time, says nothing about how long they are kept. */
const MIN_LISTED = 5
const LISTED_MS = 30 * 60_000

const NEVER: Stamp = { ms: NaN, basis: 'utc' }
const NO_TEXT: LateText['of'] = () => ''
const SLASH = 47

export type WatchType = '' | 'ADDED' | 'MODIFIED' | 'DELETED'

/** All of an event but when it happened and how often: events say the same of the same things again and again. */
export interface Subject {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly container: string
  /** Who wrote it, and on which machine. */
  readonly component: string
  readonly host: string
  /** '' where it is not known. */
  readonly objectUid: string
}

/** An event, wherever it was written; times are milliseconds on the reader's basis, NaN where there is none. */
export interface Happening extends Subject {
  readonly first: number
  readonly last: number
  readonly count: number
  /** When it must have begun, where the event tells only when it was last seen and others tell more. */
  readonly onset?: number
  /** The same for the same event, ending in '/' where it has none. */
  readonly uid: string
}

/** A subject, and what it means. */
export interface Judged extends Told {
  /** The node that its pod was on; '' where it does not tell. */
  readonly on: string
  readonly objectUid: string
  readonly saying: Saying | null
  /** A webhook's certificate that it tells of, too. */
  readonly certificate: WebhookCertificate | null
  /** Of what it says: which occurrences are one burst. */
  readonly burst: string
  /** What says it again; null until it was said, undefined where it is judged anew each time. */
  repeat: Repeat | null | undefined
  /** The same for its first occurrence, where what it says begins or ends with the last one. */
  repeatFirst: Repeat | null
  /** How many moves of pods were known when its pod was last found where it is; -1: it was not looked up. */
  placedAt: number
  /** The container that it is about. */
  readonly place: string
  readonly text: string
  /** The text of so many occurrences over so long. */
  readonly counted: (count: number, overMs: number) => string
}

export interface EventReader {
  read(event: JsonObject, watch: WatchType): void
  tell(happening: Happening, watch: WatchType): void
  /**
   * As tell, of a subject that was judged before (null: it is about nothing that is an entity); bytes[start, end) is the event's uid. The last
   * time is not before the first.
   */
  happened(judged: Judged | null, first: number, last: number, count: number, uid: Buffer, start: number, end: number, watch: WatchType, onset: number): void
  /** As happened, of an event on `line` of which it was looked up in `seen` how often it was seen before. */
  known(judged: Judged | null, first: number, last: number, count: number, before: number, line: number): void
  /** How often an event was when it was last seen, by its uid. */
  readonly seen: RecentBytes
  end(): void
}

const madeOf = (text: string | LateText): string => (typeof text === 'string' ? text : text.of(text.one, text.other))

const burstOf = (reason: string, { attributes = {} }: Saying): string => `${reason} ${JSON.stringify(attributes)}`

/** The node of a pod that was scheduled. */
const placeIn = (saying: Saying | null): string | null => {
  const on = saying?.kind === 'pod.scheduled' ? saying.attributes?.['node'] : undefined
  return typeof on === 'string' ? on : null
}

/** Once ten events of an object were alike, the recorder says so before what it says: client-go's tools/record/events_cache.go. */
const COMBINED = '(combined from similar events): '

/** What is combined tells its last step only: which ReplicaSet was scaled before, and to what, it does not say. */
const isOnlyTheLast = ({ kind }: Saying, { message }: Told): boolean => kind === 'change.scaled' && message.startsWith(COMBINED)

/**
 * Says nothing: it is the same for the same subject, whenever it happens. Null where it is about nothing that is an entity. `known`: of the entities of
 * subjects that will be said again, one string for all that is said of it: to find what is known of one, its letters need not be compared.
 */
export const judge = (
  { type, reason, message, kind, namespace, name, container, component, host, objectUid }: Subject,
  known: Recent<Entity> | null = null,
): Judged | null => {
  const named = entityOf(kind, namespace, name)
  if (named === null) return null
  const entity = known?.get(named) ?? named
  known?.set(entity, entity)
  const told: Told = {
    reason,
    message: message.startsWith(COMBINED) ? message.slice(COMBINED.length) : message,
    kind,
    namespace,
    name,
    entity,
    component,
    container,
  }
  const saying = meaningOf(told)
  const where = `${kind.toLowerCase()}/${namespace === '' ? '' : `${namespace}/`}${name}`
  const text = `${type === '' ? '' : `${type} `}${reason} ${where}: ${message.length > 300 ? `${message.slice(0, 300)}…` : message}`
  // Spelt out: spreading one object into another one of so many members takes fifty microseconds.
  return {
    reason,
    message,
    kind,
    namespace,
    name,
    entity,
    component,
    container,
    repeat: known === null ? undefined : null,
    repeatFirst: null,
    placedAt: -1,
    on: kind !== 'Pod' ? '' : (placeIn(saying) ?? (component === 'kubelet' ? host : '')),
    objectUid,
    saying,
    certificate: certificateOf(told),
    burst: saying === null ? '' : burstOf(reason, saying),
    place: `${namespace}/${name}/${container}`,
    text,
    counted: (count, overMs) => (count > 1 ? `${text} (x${count}${overMs > 0 ? ` over ${span(overMs)}` : ''})` : text),
  }
}

/** `expire`: what is read is a list of the API, which forgets events; a log of events does not. */
export const eventReader = (sink: Sink, basis: Basis = 'utc', expire = true): EventReader => {
  const stamp = (ms: number): Stamp => ({ ms, basis })
  const counts = recentBytes(REMEMBERED)
  const startedAt = recent<{ readonly first: number; readonly last: number }>(REMEMBERED)
  const placed = recent<string>(REMEMBERED)
  /** Of the events of lists: a watch forgets nothing. */
  const listed = { count: 0, oldest: NaN, newest: NaN }
  /** Said again and again, each time written over. */
  const firstAt = { ms: NaN, basis }
  const lastAt = { ms: NaN, basis }
  const late = { of: NO_TEXT, one: 0, other: 0 }
  /** How often a pod was found on another node than before. */
  const moves = { count: 0 }
  const kubeletStarts: { name: string; ms: number }[] = []
  const registered: { name: string; ms: number; line: number; text: string }[] = []

  /** What of this event is new is said: a watch and a second list show the same event again, with more occurrences or none. `before`: as many as were seen, or -1. */
  const sayNew = (saying: Saying, told: Judged, first: number, last: number, count: number, before: number, watch: WatchType): void => {
    let text: string | LateText = told.text
    if (count > 1) {
      late.of = told.counted
      late.one = count
      late.other = last - first
      text = late
    }
    if (before >= 0) {
      if (count > before) occurred(saying, told, last, last, count - before, false, text)
    } else if (watch === 'MODIFIED' || isOnlyTheLast(saying, told)) occurred(saying, told, last, last, 1, false, text)
    else if (count > 1 && last - first > LONG_MS && (last - first) / (count - 1) > (count < STEADY ? APART_MS : VERY_APART_MS)) {
      occurred(saying, told, first, first, 1, true, text)
      occurred(saying, told, last, last, 1, false, text)
    } else occurred(saying, told, count === 1 ? last : first, last, count, false, text)
  }

  /** `earlier`: an old occurrence before the one at hand, of which is not known how its condition ended. */
  const occurred = (saying: Saying, told: Judged, first: number, last: number, count: number, earlier: boolean, text: string | LateText): void => {
    const { reason, name } = told
    if (told.certificate !== null) sayCertificate(told.certificate, first, last, count, text)
    if (saying.kind === 'kubelet.started') kubeletStarts.push({ name, ms: last })
    if (reason === 'RegisteredNode') registered.push({ name, ms: last, line: sink.line, text: madeOf(text) })
    else {
      const said = withStart(saying, told, first, last)
      if (said !== null) say(said, told, first, last, count, earlier, text)
    }
  }

  const sayCertificate = (certificate: WebhookCertificate, first: number, last: number, count: number, text: string | LateText): void => {
    const { webhook, entity, attributes, lateMs } = certificate
    sink.signal({
      kind: 'node.certificate-expired',
      entity,
      at: stamp(first),
      until: stamp(last),
      count,
      // The message is that of the last occurrence.
      attributes: { ...attributes, lateMs: Math.max(0, lateMs - (last - first)) },
      burst: webhook,
      text: madeOf(text),
    })
  }

  const repeatOf = ({ kind, entity, attributes = {} }: Saying, told: Judged, phase: Phase): Repeat =>
    sink.repeat({ kind, entity: entity ?? told.entity, phase, at: NEVER, attributes, text: '', burst: told.burst })

  const say = (saying: Saying, told: Judged, first: number, last: number, count: number, earlier: boolean, late: string | LateText): void => {
    const phase = saying.phase ?? 'point'
    if (!earlier && saying === told.saying && told.repeat !== undefined) {
      lastAt.ms = last
      told.repeat ??= repeatOf(saying, told, phase)
      if (phase !== 'point') {
        if (first !== last) {
          firstAt.ms = first
          told.repeatFirst ??= repeatOf(saying, told, phase === 'end' ? 'end' : 'point')
          told.repeatFirst(firstAt, late)
        }
        told.repeat(lastAt, late)
      } else {
        firstAt.ms = first
        told.repeat(firstAt, late, lastAt, count)
      }
      return
    }
    const entity = saying.entity ?? told.entity
    const attributes = saying.attributes ?? {}
    const burst = saying === told.saying ? told.burst : burstOf(told.reason, saying)
    const text = madeOf(late)
    if (phase === 'point') {
      sink.signal({ kind: saying.kind, entity, at: stamp(first), until: stamp(last), count, attributes, text, burst: earlier ? `${burst} earlier` : burst })
      return
    }
    if (first !== last) sink.signal({ kind: saying.kind, entity, phase: phase === 'end' ? 'end' : 'point', at: stamp(first), attributes, text, burst })
    // How long an earlier occurrence lasted is not told: it opens nothing.
    sink.signal({ kind: saying.kind, entity, phase: earlier && phase === 'begin' ? 'point' : phase, at: stamp(last), attributes, text, burst })
  }

  const withStart = (saying: Saying, told: Judged, first: number, last: number): Saying | null => {
    if (saying.kind === 'pod.started') startedAt.set(told.place, { first, last })
    if (saying.kind !== 'pod.unready' || saying.attributes?.['reason'] !== 'refused') return saying
    const started = startedAt.get(told.place)
    if (started === undefined || first < started.first || first - started.first > (basis === 'ago' ? STARTING_BY_AGE_MS : STARTING_MS)) return saying
    // What was refused for so long after its last start was not starting any more.
    if (last - started.last > STARTING_BY_AGE_MS) return saying
    // Ordinary, and by ages it cannot be told apart from what happened half a minute later.
    return basis === 'ago' ? null : { ...saying, attributes: { ...saying.attributes, starting: 'yes' } }
  }

  const addFacts = (told: Judged, ms: number): void => {
    const { on, objectUid: uid } = told
    if (told.kind === 'Pod') {
      // No pod was placed anew since that was looked up.
      if (on === '' || told.placedAt === moves.count) return
      if (placed.get(told.entity) === on) {
        told.placedAt = moves.count
        return
      }
      moves.count++
      placed.set(told.entity, on)
      sink.fact({ fact: 'pod-on-node', pod: told.entity, node: node(on), at: stamp(ms), ...(uid === '' ? {} : { uid }) })
    } else if (told.reason === 'SuccessfulCreate') {
      const created = /^Created pod: ([a-z0-9.-]{1,253})/u.exec(told.message)?.[1] ?? /[Cc]reate Pod ([a-z0-9.-]{1,253}) in/u.exec(told.message)?.[1]
      if (created !== undefined) sink.fact({ fact: 'pod-owner', pod: pod(told.namespace, created), workload: ownerOf(told), ...ofJob(told.kind) })
    }
  }
  const read = (event: JsonObject, watch: WatchType): void => {
    const about = objectOf(event, 'involvedObject') ?? objectOf(event, 'regarding')
    const series = objectOf(event, 'series')
    const eventTime = timeOf(event, 'eventTime')
    const metadata = objectOf(event, 'metadata')
    let last = latest(timeOf(series, 'lastObservedTime'), latest(timeOf(event, 'lastTimestamp'), timeOf(event, 'deprecatedLastTimestamp')))
    let first = timeOf(event, 'firstTimestamp')
    if (Number.isNaN(first)) first = timeOf(event, 'deprecatedFirstTimestamp')
    if (Number.isNaN(first)) first = eventTime
    if (Number.isNaN(first)) first = last
    if (Number.isNaN(last)) last = first
    if (Number.isNaN(last)) first = last = timeOf(metadata, 'creationTimestamp')
    if (first > last) first = last
    const component = textOf(event, 'reportingComponent') || textOf(event, 'reportingController') || textOf(objectOf(event, 'source'), 'component')
    const reason = textOf(event, 'reason')
    const message = textOf(event, 'message') || textOf(event, 'note')
    const named = about === undefined ? entityInMessage(reason, message) : null
    const kind = named?.kind ?? textOf(about, 'kind')
    const namespace = kind === 'Node' ? '' : (named?.namespace ?? (textOf(about, 'namespace') || textOf(metadata, 'namespace') || textOf(event, 'namespace')))
    tell(
      {
        type: textOf(event, 'type'),
        reason,
        message,
        kind,
        namespace,
        name: named?.name ?? textOf(about, 'name'),
        container: /\{([^}]{1,253})\}$/u.exec(textOf(about, 'fieldPath'))?.[1] ?? '',
        component,
        host: textOf(objectOf(event, 'source'), 'host') || (component === 'kubelet' ? textOf(event, 'reportingInstance') : ''),
        first,
        last,
        count: Math.max(countOf(event, 'count'), countOf(event, 'deprecatedCount'), countOf(series, 'count')),
        uid: textOf(metadata, 'uid') || `${namespace}/${textOf(metadata, 'name')}`,
        objectUid: textOf(about, 'uid'),
      },
      watch,
    )
  }

  const tell: EventReader['tell'] = (happening, watch) => {
    const { first, last, count, uid, onset = NaN } = happening
    const bytes = Buffer.from(uid)
    happened(judge(happening), first, last, count, bytes, 0, bytes.length, watch, onset)
  }

  const happened: EventReader['happened'] = (judged, first, last, count, uid, start, end, watch, onset) => {
    arrived(first, last, watch)
    const since = onset < first
    if (since) sink.reaches(onset, basis)
    if (judged === null || Number.isNaN(last) || watch === 'DELETED') return
    addFacts(judged, last)
    if (judged.saying === null) return
    if (since) {
      const text = `${judged.text}${count > 1 ? ` (x${count}${last > first ? ` over ${span(last - first)}` : ''})` : ` (not started since it was scheduled ${span(last - onset)} before)`}`
      occurred(judged.saying, judged, onset, last, count, false, text)
      return
    }
    const before = uid[end - 1] === SLASH ? -1 : counts.swap(uid, start, end, count)
    if (before !== count) sayNew(judged.saying, judged, first, last, count, before, watch)
  }

  const arrived = (first: number, last: number, watch: WatchType): void => {
    sink.record(last, basis)
    if (watch === '' && !Number.isNaN(last)) {
      listed.count++
      if (!(listed.oldest <= last)) listed.oldest = last
      if (!(listed.newest >= last)) listed.newest = last
    }
    if (first < last) sink.reaches(first, basis)
  }

  /** A restarted controller manager registers all nodes it knows at once: only those whose kubelet started then have joined. */
  const sayRegistered = (): void => {
    for (const { name, ms, line, text } of registered.slice(0, REMEMBERED)) {
      const together = registered.filter((other) => other.name !== name && Math.abs(other.ms - ms) < 30_000)
      const joined = kubeletStarts.some((start) => start.name === name && start.ms - ms <= SECONDS_MS && ms - start.ms < JOIN_MS)
      if (together.length === 0 || joined) sink.signal({ kind: 'change.node-added', entity: node(name), at: stamp(ms), text, line })
    }
  }

  return {
    read,
    tell,
    happened,
    known(judged, first, last, count, before, line) {
      sink.at(line)
      arrived(first, last, '')
      if (judged === null) return
      addFacts(judged, last)
      if (judged.saying !== null && before !== count) sayNew(judged.saying, judged, first, last, count, before, '')
    },
    seen: counts,
    end() {
      counts.end()
      sayRegistered()
      if (expire && listed.count >= MIN_LISTED && listed.newest - listed.oldest >= LISTED_MS) sink.fact({ fact: 'kept-from', at: stamp(listed.oldest) })
    },
  }
}

const ownerOf = (told: Told): Entity => (told.kind === 'ReplicaSet' ? workload(told.namespace, withoutHash(told.name)) : told.entity)

const countOf = (of: Json | undefined, key: string): number => {
  const count = numberOf(of, key)
  return count >= 1 && count < 1e9 ? Math.floor(count) : 1
}

/** '8s', '3m', '5h50m': as kubectl writes ages. */
export const span = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 180) return minutes < 10 && seconds % 60 > 0 ? `${minutes}m${seconds % 60}s` : `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours}h${minutes % 60 > 0 ? `${minutes % 60}m` : ''}` : `${Math.floor(hours / 24)}d`
}
