/** How many sessions are open, by who they are; counted instead of told line by line. */
import type { Basis, Labels, Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { NOBODY, type Session } from './postgres-record.js'
import { on } from './postgres-series.js'

/** Distinct (user, database, application): what comes after so many is one. */
const MAX_GROUPS = 200
/** Sessions ended before the log says that they began: a newest-first log, or ones older than the log. */
const MAX_ENDED = 20_000
/** Without disconnections in the log, pids tell nothing any more: forget the oldest. */
const MAX_OPEN = 50_000
const NONE = -1

interface Group {
  readonly labels: Labels
  readonly line: number
  readonly changes: Changes
}

/** Sessions more or less, by time: one entry for the changes of one second, where they stand together. */
interface Changes {
  times: Float64Array
  by: Int32Array
  size: number
  /** When the second of the last one begins. */
  second: number
}

const addChange = (changes: Changes, ms: number, by: number): void => {
  const { size, second } = changes
  const last = size - 1
  if (ms >= second && ms < second + 1000) {
    changes.by[last] = (changes.by[last] ?? 0) + by
    if (ms > (changes.times[last] ?? 0)) changes.times[last] = ms
    return
  }
  if (size === changes.times.length) {
    const times = new Float64Array(size * 2)
    const steps = new Int32Array(size * 2)
    times.set(changes.times)
    steps.set(changes.by)
    changes.times = times
    changes.by = steps
  }
  changes.times[size] = ms
  changes.by[size] = by
  changes.second = Math.floor(ms / 1000) * 1000
  changes.size++
}

/** The places of times from first to last; logs are nearly always in order. */
const inOrder = (times: Float64Array): Int32Array => {
  const order = new Int32Array(times.length)
  let sorted = true
  for (let place = 0; place < order.length; place++) {
    order[place] = place
    if (place > 0 && !((times[place] ?? 0) >= (times[place - 1] ?? 0))) sorted = false
  }
  return sorted ? order : order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
}

/**
 * Pids with a time each, in the order in which they came. Written in arrays of numbers: sessions come and go by the thousand, and what a Map keeps of
 * numbers that are no small integers are objects.
 */
interface Pids {
  readonly size: number
  /** The pid's place, which is its own until it goes; NONE: it is not there. */
  find(pid: number): number
  /** `pid` is not there yet. */
  add(pid: number, ms: number): number
  remove(place: number): void
  at(place: number): number
  pidAt(place: number): number
  /** The one that came first, and the one after another; NONE: there is none. */
  first(): number
  next(place: number): number
  clear(): void
}

const pidTable = (): Pids => {
  let room = 64
  /** By hash a place + 1, twice as many as there are places at least. */
  let slots = new Int32Array(2 * room)
  let pids = new Float64Array(room)
  let times = new Float64Array(room)
  /** Of the places that are taken a list in their order, of the free ones another. */
  let before = new Int32Array(room).fill(NONE)
  let after = new Int32Array(room)
  let head = NONE
  let tail = NONE
  let free = NONE
  let used = 0
  let size = 0

  const slotOf = (pid: number): number => (Math.imul(pid | 0, 0x9e3779b1) >>> 7) & (slots.length - 1)
  const put = (place: number): void => {
    let slot = slotOf(pids[place] ?? 0)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = place + 1
  }
  const longer = <T extends Float64Array | Int32Array>(larger: T, old: T): T => {
    larger.set(old)
    return larger
  }
  const grow = (): void => {
    room *= 2
    pids = longer(new Float64Array(room), pids)
    times = longer(new Float64Array(room), times)
    before = longer(new Int32Array(room), before)
    after = longer(new Int32Array(room), after)
    slots = new Int32Array(2 * room)
    for (let place = head; place !== NONE; place = after[place] ?? NONE) put(place)
  }

  return {
    get size() {
      return size
    },
    find(pid) {
      const mask = slots.length - 1
      for (let slot = slotOf(pid); ; slot = (slot + 1) & mask) {
        const place = (slots[slot] ?? 0) - 1
        if (place < 0) return NONE
        if (pids[place] === pid) return place
      }
    },
    add(pid, ms) {
      let place = free
      if (place !== NONE) free = after[place] ?? NONE
      else {
        if (used === room) grow()
        place = used++
      }
      pids[place] = pid
      times[place] = ms
      before[place] = tail
      after[place] = NONE
      if (tail === NONE) head = place
      else after[tail] = place
      tail = place
      put(place)
      size++
      return place
    },
    remove(place) {
      const mask = slots.length - 1
      let hole = slotOf(pids[place] ?? 0)
      while (slots[hole] !== place + 1) hole = (hole + 1) & mask
      // Those that were put further on because of this one move up.
      for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const own = slotOf(pids[(slots[slot] ?? 0) - 1] ?? 0)
        if (((slot - own) & mask) < ((slot - hole) & mask)) continue
        slots[hole] = slots[slot] ?? 0
        hole = slot
      }
      slots[hole] = 0
      const [earlier, later] = [before[place] ?? NONE, after[place] ?? NONE]
      if (earlier === NONE) head = later
      else after[earlier] = later
      if (later === NONE) tail = earlier
      else before[later] = earlier
      after[place] = free
      free = place
      size--
    },
    at: (place) => times[place] ?? NaN,
    pidAt: (place) => pids[place] ?? 0,
    first: () => head,
    next: (place) => after[place] ?? NONE,
    clear() {
      slots.fill(0)
      head = tail = free = NONE
      used = size = 0
    },
  }
}

export interface Sessions {
  opened(ms: number, basis: Basis, pid: number, session: Session): void
  closed(ms: number, pid: number): void
  /** A server start or crash ends every session that was open. */
  reset(at: Stamp): void
  /** Whose session a pid is, where the log said so when it began. */
  of(pid: number): Session
  /** Whether any session is known to be open. */
  readonly any: boolean
  end(): void
}

export const sessions = (sink: Sink): Sessions => {
  const groups = new Map<string, Group>()
  const open = pidTable()
  /** By the places of those that are open. */
  const openSessions: Session[] = []
  const openGroups: Group[] = []
  const ended = pidTable()
  const resets: number[] = []
  let disconnections = false

  /** Sessions that are the same object are the same group: the server shares them. */
  const recent = new Map<Session, Group>()
  let recentBasis: Basis = 'utc'
  const groupOf = (session: Session, basis: Basis): Group => {
    if (basis !== recentBasis || recent.size > MAX_GROUPS) recent.clear()
    recentBasis = basis
    let group = recent.get(session)
    if (group === undefined) recent.set(session, (group = namedGroup(session, basis)))
    return group
  }

  const namedGroup = (session: Session, basis: Basis): Group => {
    const { application } = session
    const user = session.user || '-'
    const database = session.database || '-'
    const own = `${basis}\n${user}\n${database}\n${application}`
    const key = groups.has(own) || groups.size < MAX_GROUPS ? own : basis
    let group = groups.get(key)
    if (group !== undefined) return group
    const labels: Labels = key === basis ? { user: '(others)', database: '(others)' } : { user, database, ...(application === '' ? {} : { application }) }
    const changes: Changes = { times: new Float64Array(16), by: new Int32Array(16), size: 0, second: NaN }
    groups.set(key, (group = { labels: on(labels, basis), line: sink.line, changes }))
    return group
  }

  const close = (place: number, ms: number): void => {
    const group = openGroups[place]
    open.remove(place)
    if (group !== undefined) addChange(group.changes, ms, -1)
  }

  return {
    opened(ms, basis, pid, session) {
      if (Number.isNaN(ms) || pid <= 0) return
      const before = open.find(pid)
      if (before !== NONE) close(before, Math.max(ms, open.at(before)))
      const group = groupOf(session, basis)
      addChange(group.changes, ms, 1)
      const end = ended.find(pid)
      if (end !== NONE) {
        const endedAt = ended.at(end)
        ended.remove(end)
        if (endedAt >= ms) {
          addChange(group.changes, endedAt, -1) // newest first: its end was read before
          return
        }
      }
      if (open.size >= MAX_OPEN) close(open.first(), ms)
      const place = open.add(pid, ms)
      openSessions[place] = session
      openGroups[place] = group
    },
    closed(ms, pid) {
      if (Number.isNaN(ms) || pid <= 0) return
      disconnections = true
      const session = open.find(pid)
      if (session !== NONE && open.at(session) <= ms) {
        close(session, ms)
        return
      }
      if (ended.size >= MAX_ENDED) ended.clear()
      const before = ended.find(pid)
      if (before !== NONE) ended.remove(before)
      ended.add(pid, ms)
    },
    reset({ ms }) {
      if (Number.isNaN(ms)) return
      resets.push(ms)
      for (let place = open.first(); place !== NONE;) {
        const next = open.next(place)
        if (open.at(place) <= ms) close(place, ms)
        place = next
      }
    },
    of(pid) {
      const place = open.find(pid)
      return place === NONE ? NOBODY : (openSessions[place] ?? NOBODY)
    },
    get any() {
      return open.size > 0
    },
    end() {
      // Newest first: the start that ended a session was read before it.
      resets.sort((a, b) => a - b)
      for (let place = resets.length === 0 ? NONE : open.first(); place !== NONE;) {
        const next = open.next(place)
        const began = open.at(place)
        const at = resets.find((ms) => ms > began)
        if (at !== undefined) close(place, at)
        place = next
      }
      if (!disconnections) return // log_disconnections is off: nobody knows how many are open
      for (const group of groups.values()) {
        const series = sink.series('faultline_postgres_sessions', group.labels, group.line)
        const { times, by, size } = group.changes
        const order = inOrder(times.subarray(0, size))
        let count = 0
        for (let place = 0; place < size; place++) {
          const index = order[place] ?? 0
          count += by[index] ?? 0
          const next = times[order[place + 1] ?? -1]
          // Changes of one second that did not stand together are one all the same.
          if (next === undefined || Math.floor(next / 1000) !== Math.floor((times[index] ?? 0) / 1000)) series.push(times[index] ?? 0, count)
        }
      }
    },
  }
}
