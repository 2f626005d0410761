/**
 * Events as kubectl prints them for people: tables of `get events` and `events` of any version, with or without their head, with columns of
 * the user's own, and the tables at the end of a description. pkg/printers/internalversion/printers.go (printEvent), k8s.io/kubectl/pkg/cmd/events,
 * k8s.io/kubectl/pkg/describe (DescribeEvents). Their ages count back from the moment the table was made.
 */
import type { Sink } from '../src/model/format.js'
import { stampOf } from '../src/read/stamps.js'
import { eventReader, type EventReader, type Happening } from './kubernetes-event.js'
import { cellsOf, fieldOf, given, isAligned, type Column, type Field } from './kubectl-columns.js'

/** '46m', '5m30s', '3h2m', '2d4h', '1y20d': HumanDuration of k8s.io/apimachinery/pkg/util/duration. */
const AGE = /^(?:([0-9]{1,4})y)?(?:([0-9]{1,5})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,7})s)?$/u
const DAY = 86_400_000
const HOUR = 3_600_000
const MINUTE = 60_000
const UNITS = [365 * DAY, DAY, HOUR, MINUTE, 1_000] as const

/** Milliseconds of an age; NaN where it is none ('<unknown>', '<invalid>'). What is cut off of it is not told: the middle is taken. */
export const ageOf = (text: string): number => {
  const match = text === '' ? null : AGE.exec(text)
  if (match === null) return NaN
  const ms = UNITS.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0)
  // Seconds up to ten minutes, minutes up to eight hours, hours up to eight days.
  const cut = ms < 10 * MINUTE ? 0 : ms < 8 * HOUR ? MINUTE : ms < 8 * DAY ? HOUR : DAY
  return ms + cut / 2
}

interface When {
  readonly basis: 'utc' | 'ago'
  readonly first: number
  readonly last: number
  readonly count: number
}

/** 'x12 over 1h' beside an age. */
const OVER = /^([^ ]{1,20}) \(x([0-9]{1,9}) over ([^ )]{1,20})\)$/u

const timesOf = (last: string, first: string, count: string): When | null => {
  const counted = Number(count)
  const times = counted >= 1 && counted < 1e9 ? Math.floor(counted) : 1
  // The API's own times are UTC.
  const absolute = stampOf(last)?.ms ?? stampOf(first)?.ms
  if (absolute !== undefined) return { basis: 'utc', first: Math.min(stampOf(first)?.ms ?? absolute, absolute), last: absolute, count: times }
  const over = OVER.exec(last)
  const age = ageOf(over === null ? last : (over[1] ?? ''))
  const since = ageOf(over === null ? first : (over[3] ?? ''))
  if (Number.isNaN(age) && Number.isNaN(since)) return null
  const at = -(Number.isNaN(age) ? since : age)
  return { basis: 'ago', first: Number.isNaN(since) ? at : Math.min(at, -since), last: at, count: over === null ? times : Number(over[2]) }
}

/** Kinds by their names in lower case, and those that reasons speak of where a table leaves the kind out. */
const KINDS: ReadonlyMap<string, string> = new Map(
  (
    'Pod Node Deployment StatefulSet DaemonSet ReplicaSet ReplicationController Job CronJob HorizontalPodAutoscaler Service Endpoints Ingress ' +
    'PersistentVolumeClaim PersistentVolume DeploymentConfig Rollout'
  )
    .split(' ')
    .map((kind) => [kind.toLowerCase(), kind]),
)
const ABOUT_NODES =
  /^(?:Node|Rebooted$|RegisteredNode|RemovingNode|DeletingNode|Starting$|SystemOOM|OOMKilling|EvictionThresholdMet|ContainerGCFailed|InvalidDiskCapacity|CIDR|Cordon|Uncordon|Drain)/u

const kindOfReason = (reason: string, name: string): string => {
  if (ABOUT_NODES.test(reason)) return 'Node'
  if (reason === 'ScalingReplicaSet') return 'Deployment'
  if (reason === 'SuccessfulCreate' || reason === 'SuccessfulDelete' || reason === 'FailedCreate') return 'ReplicaSet'
  return name === '' ? '' : 'Pod'
}

/** An event's own name is its object's, a dot, and a number in hex. */
const EVENT_NAME = /^(.{1,253})\.[0-9a-f]{14,20}$/u

interface Row {
  readonly last: string
  readonly first: string
  readonly count: string
  readonly type: string
  readonly reason: string
  readonly kind: string
  readonly object: string
  readonly namespace: string
  readonly container: string
  readonly source: string
  readonly host: string
  readonly message: string
}

/** 'pod/web-1', 'Pod web-1', 'web-1.17f5d0a1b2c3d4e5' as kind and name. */
const objectOfRow = (row: Row): readonly [string, string] => {
  const slash = row.object.lastIndexOf('/')
  const named = row.object.slice(slash + 1)
  const name = EVENT_NAME.exec(named)?.[1] ?? named
  const kind = (slash < 0 ? row.kind : row.object.slice(0, slash)).toLowerCase()
  // 'deployment.apps/web'
  const known = KINDS.get(kind.slice(0, kind.includes('.') ? kind.indexOf('.') : undefined))
  return [known ?? (kind === '' ? kindOfReason(row.reason, name) : row.kind), name]
}

export interface EventTable {
  /** A row under a head line. False: no row of this table. */
  row(columns: readonly Column[], line: string): boolean
  /** A row of a table without its head. False: none. */
  bare(line: string): boolean
  /** A row of the table that ends a description of this object. */
  described(kind: string, namespace: string, name: string, line: string): void
  end(): void
}

/** A watch (`-w`) prints each event as it happens: its rows tell that they are new, and no time. A list has few that are so new. */
const NEW_MS = 2_000
const MAX_NEW = 10

/** What keeps a new pod from starting, and is tried again and again: a table without FIRST SEEN tells only the last time. */
const KEEP_WAITING: ReadonlySet<string> = new Set(['FailedMount', 'FailedMapVolume', 'FailedAttachVolume', 'FailedCreatePodSandBox', 'Failed'])
const MAX_WAITING = 2_000

export const eventTable = (sink: Sink): EventTable => {
  const readers = new Map<When['basis'], EventReader>()
  const readerOf = (basis: When['basis']): EventReader => {
    let reader = readers.get(basis)
    if (reader === undefined) readers.set(basis, (reader = eventReader(sink, basis)))
    return reader
  }

  const fresh: { readonly happening: Happening; readonly line: number }[] = []
  let watched = 0
  const waiting: { readonly happening: Happening; readonly line: number }[] = []
  const scheduled = new Map<string, number>()
  const started = new Set<string>()

  /** Whether it is told later, when it is known since when its pod had waited. */
  const waits = (happening: Happening): boolean => {
    const { kind, namespace, name, reason, first, last } = happening
    if (kind !== 'Pod') return false
    const key = `${namespace}/${name}`
    if (reason === 'Started' && started.size < MAX_WAITING) started.add(key)
    if (reason === 'Scheduled' && scheduled.size < MAX_WAITING) scheduled.set(key, last)
    if (!KEEP_WAITING.has(reason) || first !== last || waiting.length >= MAX_WAITING) return false
    waiting.push({ happening, line: sink.line })
    return true
  }

  const tellWaiting = (): void => {
    const line = sink.line
    for (const { happening, line: at } of waiting) {
      const key = `${happening.namespace}/${happening.name}`
      const onset = started.has(key) ? undefined : scheduled.get(key)
      sink.at(at)
      readerOf('ago').tell(onset === undefined ? happening : { ...happening, onset }, '')
    }
    sink.at(line)
  }
  const tell = (row: Row): void => {
    const times = timesOf(row.last, row.first, row.count)
    if (times === null) {
      sink.record(NaN, 'utc')
      return
    }
    if (times.basis === 'ago')
      sink.warn('its events tell ages, not times: they are counted back from when the table was made; ages above ten minutes are whole minutes')
    const [kind, name] = objectOfRow(row)
    // 'kubelet, node-1'
    const [component = '', from = ''] = row.source.split(/, ?/u)
    const happening: Happening = {
      type: row.type,
      reason: row.reason,
      message: row.message,
      kind,
      namespace: kind === 'Node' ? '' : row.namespace,
      name,
      container: row.container,
      component,
      host: row.host || from,
      first: times.first,
      last: times.last,
      count: times.count,
      uid: '/',
      objectUid: '',
    }
    if (times.basis === 'ago' && waits(happening)) return
    if (times.basis === 'utc' || times.last < -NEW_MS) readerOf(times.basis).tell(happening, '')
    else if (fresh.length < MAX_NEW) fresh.push({ happening, line: sink.line })
    else {
      watched++
      sink.record(NaN, 'utc')
    }
  }

  const tellFresh = (): void => {
    if (watched > 0) {
      sink.warn('a watch of events tells no times: what it saw happen is not used. `-o json` tells times')
      sink.fact({
        fact: 'missing',
        what: `the times of ${watched + fresh.length} events that were watched with kubectl`,
        hides: 'when they happened: each row only says that it was new',
      })
    }
    const line = sink.line
    for (const one of fresh) {
      sink.at(one.line)
      if (watched > 0) sink.record(NaN, 'utc')
      else readerOf('ago').tell(one.happening, '')
    }
    sink.at(line)
  }

  return {
    row(columns, line) {
      const cells = isAligned(columns, line) ? cellsOf(columns, line) : shifted(columns, line)
      if (cells === null) return false
      const of: Partial<Record<Field, string>> = {}
      columns.forEach(({ head }, index) => {
        of[fieldOf(head)] ??= given(cells[index])
      })
      if (!/^[A-Za-z][A-Za-z0-9]{1,62}$/u.test(of.reason ?? '')) return false
      tell({
        last: of.last ?? '',
        first: of.first ?? '',
        count: of.count ?? '',
        type: of.type ?? '',
        reason: of.reason ?? '',
        // 1.14 calls the column of 'pod/web-1' KIND.
        kind: of.kind ?? '',
        object: of.object ?? (of.kind?.includes('/') === true ? of.kind : (of.name ?? '')),
        namespace: of.namespace ?? '-',
        container: /\{([^}]{1,253})\}/u.exec(of.sub ?? '')?.[1] ?? '',
        source: of.source ?? '',
        host: of.host ?? '',
        message: of.message ?? '',
      })
      return true
    },
    bare(line) {
      const row = bareRow(line)
      if (row === null) return false
      tell(row)
      return true
    },
    described(kind, namespace, name, line) {
      const cells = split(line)
      const type = cells.findIndex((cell) => cell === 'Normal' || cell === 'Warning')
      if (type < 0) {
        sink.part()
        return
      }
      // Up to 1.5: FirstSeen LastSeen Count From [SubObjectPath] Type Reason Message
      const old = type >= 4
      const rest = cells.slice(type + (old ? 2 : 4)).join(' ')
      tell({
        last: cells[old ? 1 : type + 2] ?? '',
        first: old ? (cells[0] ?? '') : '',
        count: old ? (cells[2] ?? '') : '',
        type: cells[type] ?? '',
        reason: cells[type + 1] ?? '',
        kind,
        object: `${kind}/${name}`,
        namespace: namespace === '' ? '-' : namespace,
        container: old && type > 4 ? (/\{([^}]{1,253})\}/u.exec(cells[4] ?? '')?.[1] ?? '') : '',
        source: old ? (cells[3] ?? '') : cells.length === type + 4 ? '' : (cells[type + 3] ?? ''),
        host: '',
        message: !old && cells.length === type + 4 ? (cells[type + 3] ?? '') : rest,
      })
    },
    end() {
      tellWaiting()
      tellFresh()
      for (const reader of readers.values()) reader.end()
    },
  }
}

/** Cells part at two blanks or a tab. */
const split = (line: string): readonly string[] =>
  line
    .slice(0, 8_192)
    .trim()
    .split(/\t+| {2,}/u)

/** A row whose cells do not stand under their heads: a watch prints each with its own widths. */
const shifted = (columns: readonly Column[], line: string): readonly string[] | null => {
  const cells = split(line)
  if (cells.length < columns.length - 1) return null
  const sub = columns.findIndex(({ head }) => fieldOf(head) === 'sub')
  // Only the sub-object is ever left empty.
  const filled = cells.length < columns.length && sub >= 0 ? [...cells.slice(0, sub), '', ...cells.slice(sub)] : cells
  if (filled.length < columns.length) return null
  return [...filled.slice(0, columns.length - 1), filled.slice(columns.length - 1).join('  ')]
}

const BARE =
  /^(?:([a-z0-9][a-z0-9-]{0,62}) {2,60})?([0-9][0-9smhdy]{0,15}|<unknown>|<invalid>)((?: \(x[0-9]+ over [0-9smhdy]+\))?) {2,60}(Normal|Warning) {2,60}/u

/** '[NAMESPACE] LAST-SEEN TYPE REASON OBJECT MESSAGE', or the wide form, which adds SUBOBJECT SOURCE before and FIRST COUNT NAME after the message. */
const bareRow = (line: string): Row | null => {
  const match = BARE.exec(line)
  if (match === null) return null
  const [all, namespace = '-', age = '', over = '', type = ''] = match
  const [reason = '', object = '', ...rest] = split(line.slice(all.length))
  if (!/^[A-Z][A-Za-z0-9]{1,62}$/u.test(reason) || !object.includes('/') || object.includes(' ')) return null
  const row = { last: `${age}${over}`, first: '', count: '', type, reason, kind: '', object, namespace, container: '', source: '', host: '' }
  const wide = rest.length >= 5 && EVENT_NAME.test(rest.at(-1) ?? '') && /^[0-9]+$/u.test(rest.at(-2) ?? '')
  if (!wide) return { ...row, message: rest.join('  ') }
  const sub = /^[a-zA-Z.]+\{([^}]{1,253})\}$/u.exec(rest[0] ?? '')
  const from = sub === null ? 0 : 1
  return {
    ...row,
    container: sub?.[1] ?? '',
    source: rest[from] ?? '',
    message: rest.slice(from + 1, -3).join('  '),
    first: rest.at(-3) ?? '',
    count: rest.at(-2) ?? '',
  }
}

/** Whether a line is a row of a table of events that lost its head. */
export const isBareRow = (line: string): boolean => line.length < 4_096 && bareRow(line) !== null
