/** How many sessions are open, by who they are; counted instead of told line by line. */
import type { Basis, Labels, Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { CHANGE, ENDED } from './postgres-kernel.js'
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

/** Sessions that began or ended one after the other, as postgres-kernel.ts writes them, in bytes [from, to) of both. */
export interface Changed {
  readonly times: Float64Array
  readonly words: Int32Array
  readonly from: number
  readonly to: number
}

export interface Sessions {
  /** As opened and closed; those that began are known by their numbers. */
  changed(changed: Changed, basis: Basis, greeted: readonly (Session | undefined)[]): void
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

/**
 * By pid since when its session is open, or when one ended that nobody saw begin. In arrays of numbers: sessions come and go by the thousand, and what a Map
 * keeps of times are objects.
 */
export const sessions = (sink: Sink): Sessions => {
  const groups = new Map<string, Group>()
  let room = 4_096
  /** By hash a pid's place + 1; twice as many as there are places. */
  let slots = new Int32Array(2 * room)
  let used = 0
  let pids = new Float64Array(room)
  /** NaN: it is not open; nothing ended. */
  let openAt = new Float64Array(room)
  let endedAt = new Float64Array(room)
  /** Those that are open are a list, in the order in which they began. */
  let before = new Int32Array(room)
  let after = new Int32Array(room)
  let head = NONE
  let tail = NONE
  let openCount = 0
  let endedCount = 0
  /** Of those that are open. */
  let sessionAt: Session[] = []
  let groupAt: Group[] = []
  const resets: number[] = []
  let disconnections = false

  const slotOf = (pid: number): number => (Math.imul(pid | 0, 0x9e3779b1) >>> 7) & (slots.length - 1)
  const add = (pid: number): number => {
    let slot = slotOf(pid)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = used + 1
    pids[used] = pid
    openAt[used] = NaN
    endedAt[used] = NaN
    return used++
  }
  const append = (place: number, ms: number): void => {
    openAt[place] = ms
    before[place] = tail
    after[place] = NONE
    if (tail === NONE) head = place
    else after[tail] = place
    tail = place
  }
  /** Keeps those of whom something is known. */
  const makeRoom = (): void => {
    const old = { pids, openAt, endedAt, after, head, used, sessionAt, groupAt }
    if (openCount + endedCount > room / 2) room *= 2
    slots = new Int32Array(2 * room)
    pids = new Float64Array(room)
    openAt = new Float64Array(room)
    endedAt = new Float64Array(room)
    before = new Int32Array(room)
    after = new Int32Array(room)
    sessionAt = []
    groupAt = []
    used = 0
    head = tail = NONE
    for (let place = old.head; place !== NONE; place = old.after[place] ?? NONE) {
      const next = add(old.pids[place] ?? 0)
      endedAt[next] = old.endedAt[place] ?? NaN
      append(next, old.openAt[place] ?? NaN)
      sessionAt.push(old.sessionAt[place] ?? NOBODY)
      const group = old.groupAt[place]
      if (group !== undefined) groupAt.push(group)
    }
    for (let place = 0; place < old.used; place++) {
      const ended = old.endedAt[place] ?? NaN
      if (Number.isNaN(ended) || !Number.isNaN(old.openAt[place])) continue
      endedAt[add(old.pids[place] ?? 0)] = ended
    }
  }
  const find = (pid: number): number => {
    const mask = slots.length - 1
    for (let slot = slotOf(pid); ; slot = (slot + 1) & mask) {
      const place = (slots[slot] ?? 0) - 1
      if (place < 0 || pids[place] === pid) return place
    }
  }
  const placeOf = (pid: number): number => {
    const place = find(pid)
    if (place !== NONE) return place
    if (used === room) makeRoom()
    return add(pid)
  }

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

  /** Of those that are known by their numbers, as long as those are the same sessions. */
  let numbered: Group[] = []
  let numberedAs: Session[] = []
  let numberedBasis: Basis = 'utc'
  const groupBy = (number: number, session: Session, basis: Basis): Group => {
    if (basis !== numberedBasis) {
      numbered = []
      numberedAs = []
      numberedBasis = basis
    }
    const known = numbered[number]
    if (known !== undefined && numberedAs[number] === session) return known
    numberedAs[number] = session
    return (numbered[number] = groupOf(session, basis))
  }

  const close = (place: number, ms: number): void => {
    const [earlier, later] = [before[place] ?? NONE, after[place] ?? NONE]
    if (earlier === NONE) head = later
    else after[earlier] = later
    if (later === NONE) tail = earlier
    else before[later] = earlier
    openAt[place] = NaN
    openCount--
    const group = groupAt[place]
    if (group !== undefined) addChange(group.changes, ms, -1)
  }

  const open = (ms: number, pid: number, session: Session, group: Group): void => {
    const place = placeOf(pid)
    const began = openAt[place] ?? NaN
    if (!Number.isNaN(began)) close(place, Math.max(ms, began))
    addChange(group.changes, ms, 1)
    const ended = endedAt[place] ?? NaN
    if (!Number.isNaN(ended)) {
      endedAt[place] = NaN
      endedCount--
      if (ended >= ms) {
        addChange(group.changes, ended, -1) // newest first: its end was read before
        return
      }
    }
    if (openCount >= MAX_OPEN) close(head, ms)
    append(place, ms)
    openCount++
    sessionAt[place] = session
    groupAt[place] = group
  }
  const end = (ms: number, pid: number): void => {
    disconnections = true
    const place = placeOf(pid)
    if ((openAt[place] ?? NaN) <= ms) {
      close(place, ms)
      return
    }
    if (endedCount >= MAX_ENDED) {
      endedAt.fill(NaN)
      endedCount = 0
    }
    if (Number.isNaN(endedAt[place])) endedCount++
    endedAt[place] = ms
  }

  return {
    changed({ times, words, from, to }, basis, greeted) {
      for (let at = from; at < to; at += CHANGE.size) {
        const ms = times[(at + CHANGE.ms) >> 3] ?? NaN
        const pid = words[(at + CHANGE.pid) >> 2] ?? 0
        const who = words[(at + CHANGE.who) >> 2] ?? ENDED
        const session = who === ENDED ? undefined : greeted[who]
        if (session === undefined) end(ms, pid)
        else open(ms, pid, session, groupBy(who, session, basis))
      }
    },
    opened(ms, basis, pid, session) {
      if (!Number.isNaN(ms) && pid > 0) open(ms, pid, session, groupOf(session, basis))
    },
    closed(ms, pid) {
      if (!Number.isNaN(ms) && pid > 0) end(ms, pid)
    },
    reset({ ms }) {
      if (Number.isNaN(ms)) return
      resets.push(ms)
      for (let place = head; place !== NONE;) {
        const next = after[place] ?? NONE
        if ((openAt[place] ?? NaN) <= ms) close(place, ms)
        place = next
      }
    },
    of(pid) {
      const place = find(pid)
      return place === NONE || Number.isNaN(openAt[place]) ? NOBODY : (sessionAt[place] ?? NOBODY)
    },
    get any() {
      return openCount > 0
    },
    end() {
      // Newest first: the start that ended a session was read before it.
      resets.sort((a, b) => a - b)
      for (let place = resets.length === 0 ? NONE : head; place !== NONE;) {
        const next = after[place] ?? NONE
        const began = openAt[place] ?? NaN
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
