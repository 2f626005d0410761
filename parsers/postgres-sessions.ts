/** How many sessions are open, by who they are; counted instead of told line by line. */
import type { Basis, Labels, Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { timeOrder } from '../src/model/lists.js'
import { CHANGE, ENDED, GREETINGS } from './postgres-kernel.js'
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
  readonly changes: Changes
}

/** How many sessions are open, by time: one entry for the changes of one second, where they stand together. */
interface Changes {
  times: Float64Array
  /** As long as nothing comes later that was written earlier. */
  open: Float64Array
  size: number
  /** When the second of the last one begins. */
  second: number
  inOrder: boolean
}

/** When what is told happened: a time that is handed from function to function would be an object each time. */
const moment = new Float64Array(1)

const addChange = (changes: Changes, by: number): void => {
  const ms = moment[0] ?? NaN
  const { size, second } = changes
  const last = size === 0 ? 0 : size - 1
  const latest = size === 0 ? NaN : (changes.times[last] ?? NaN)
  const open = (changes.open[last] ?? 0) + by
  if (ms >= second && ms < second + 1000) {
    changes.open[last] = open
    if (ms > latest) changes.times[last] = ms
    return
  }
  if (ms < latest) changes.inOrder = false
  if (size === changes.times.length) {
    const { times } = changes
    changes.times = new Float64Array(size * 2)
    changes.times.set(times)
    const before = changes.open
    changes.open = new Float64Array(size * 2)
    changes.open.set(before)
  }
  changes.times[size] = ms
  changes.open[size] = open
  changes.second = Math.floor(ms / 1000) * 1000
  changes.size++
}

/** The same in the order of time, as logs nearly always are. Changes of one second that did not stand together are one all the same. */
const sorted = (changes: Changes): Changes => {
  if (changes.inOrder) return changes
  const { times, open, size, second } = changes
  const ordered: Changes = { times: new Float64Array(size), open: new Float64Array(size), size: 0, second, inOrder: true }
  const order = timeOrder(times, size)
  let count = 0
  for (const place of order) {
    count += (open[place] ?? 0) - (place === 0 ? 0 : (open[place - 1] ?? 0))
    const ms = times[place] ?? 0
    const last = ordered.size - 1
    if (last < 0 || Math.floor((ordered.times[last] ?? 0) / 1000) !== Math.floor(ms / 1000)) ordered.size++
    ordered.times[ordered.size - 1] = ms
    ordered.open[ordered.size - 1] = count
  }
  return ordered
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
  /** With a FATAL: one that was never wholly open, as where all slots are taken, has no disconnection after it. */
  died(ms: number, pid: number): void
  /** A server start or crash ends every session that was open. */
  reset(at: Stamp): void
  /** Whose session a pid is, where the log said so when it began. */
  of(pid: number): Session
  /** Whether any session is known to be open. */
  readonly any: boolean
  end(): void
}

/** A session that may be open, and whose it is. */
interface Member {
  readonly session: Session
  readonly group: Group
}
/**
 * What is known of a pid, as numbers that lie together: the pid; since when its session is open, NaN where it is not; when one ended that nobody saw begin, NaN
 * where none did; of those that are open the one that began before, and after.
 */
const PLACE = { pid: 0, open: 1, ended: 2, floats: 4, before: 6, after: 7, words: 8 } as const

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
  let floats = new Float64Array(PLACE.floats * room)
  let words = new Int32Array(floats.buffer)
  let head = NONE
  let tail = NONE
  let openCount = 0
  let endedCount = 0
  /** Of those that are open. */
  let members = new Array<Member | undefined>(room).fill(undefined)
  const resets: number[] = []
  let disconnections = false

  const slotOf = (pid: number): number => (Math.imul(pid | 0, 0x9e3779b1) >>> 7) & (slots.length - 1)
  const openAt = (place: number): number => floats[place * PLACE.floats + PLACE.open] ?? NaN
  const endedAt = (place: number): number => floats[place * PLACE.floats + PLACE.ended] ?? NaN
  const setEnded = (place: number, ms: number): void => {
    floats[place * PLACE.floats + PLACE.ended] = ms
  }
  const beforeOf = (place: number): number => words[place * PLACE.words + PLACE.before] ?? NONE
  const afterOf = (place: number): number => words[place * PLACE.words + PLACE.after] ?? NONE
  const add = (pid: number): number => {
    let slot = slotOf(pid)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = used + 1
    const at = used * PLACE.floats
    floats[at + PLACE.pid] = pid
    floats[at + PLACE.open] = floats[at + PLACE.ended] = NaN
    return used++
  }
  /** It is open since that moment. */
  const append = (place: number, member: Member | undefined): void => {
    floats[place * PLACE.floats + PLACE.open] = moment[0] ?? NaN
    words[place * PLACE.words + PLACE.before] = tail
    words[place * PLACE.words + PLACE.after] = NONE
    if (tail === NONE) head = place
    else words[tail * PLACE.words + PLACE.after] = place
    tail = place
    members[place] = member
  }
  /** Keeps those of whom something is known. */
  const makeRoom = (): void => {
    const old = { floats, words, head, used, members }
    const now = moment[0] ?? NaN
    if (openCount + endedCount > room / 2) room *= 2
    slots = new Int32Array(2 * room)
    floats = new Float64Array(PLACE.floats * room)
    words = new Int32Array(floats.buffer)
    members = new Array<Member | undefined>(room).fill(undefined)
    used = 0
    head = tail = NONE
    for (let place = old.head; place !== NONE; place = old.words[place * PLACE.words + PLACE.after] ?? NONE) {
      const at = place * PLACE.floats
      const next = add(old.floats[at + PLACE.pid] ?? 0)
      setEnded(next, old.floats[at + PLACE.ended] ?? NaN)
      moment[0] = old.floats[at + PLACE.open] ?? NaN
      append(next, old.members[place])
    }
    for (let place = 0; place < old.used; place++) {
      const at = place * PLACE.floats
      const ended = old.floats[at + PLACE.ended] ?? NaN
      if (Number.isNaN(ended) || !Number.isNaN(old.floats[at + PLACE.open])) continue
      setEnded(add(old.floats[at + PLACE.pid] ?? 0), ended)
    }
    moment[0] = now
  }
  const find = (pid: number): number => {
    const mask = slots.length - 1
    for (let slot = slotOf(pid); ; slot = (slot + 1) & mask) {
      const place = (slots[slot] ?? 0) - 1
      if (place < 0 || floats[place * PLACE.floats + PLACE.pid] === pid) return place
    }
  }
  const placeOf = (pid: number): number => {
    const place = find(pid)
    if (place !== NONE) return place
    if (used === room) makeRoom()
    return add(pid)
  }

  /** Sessions that are the same object are the same group: the server shares them. */
  const recent = new Map<Session, Member>()
  let recentBasis: Basis = 'utc'
  const memberOf = (session: Session, basis: Basis): Member => {
    if (basis !== recentBasis || recent.size > MAX_GROUPS) recent.clear()
    recentBasis = basis
    let member = recent.get(session)
    if (member === undefined) recent.set(session, (member = { session, group: namedGroup(session, basis) }))
    return member
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
    const changes: Changes = { times: new Float64Array(16), open: new Float64Array(16), size: 0, second: NaN, inOrder: true }
    groups.set(key, (group = { labels: on(labels, basis), changes }))
    return group
  }

  /** Of those that are known by their numbers, as long as those are the same sessions. */
  const numbered = new Array<Member | undefined>(GREETINGS).fill(undefined)
  let numberedBasis: Basis = 'utc'
  const numberedMember = (number: number, session: Session, basis: Basis): Member => {
    if (basis !== numberedBasis) numbered.fill(undefined)
    numberedBasis = basis
    const known = numbered[number]
    return known?.session === session ? known : (numbered[number] = memberOf(session, basis))
  }

  /** At the moment. */
  const close = (place: number): void => {
    const earlier = beforeOf(place)
    const later = afterOf(place)
    if (earlier === NONE) head = later
    else words[earlier * PLACE.words + PLACE.after] = later
    if (later === NONE) tail = earlier
    else words[later * PLACE.words + PLACE.before] = earlier
    floats[place * PLACE.floats + PLACE.open] = NaN
    openCount--
    const member = members[place]
    if (member !== undefined) addChange(member.group.changes, -1)
  }
  const closeAt = (place: number, ms: number): void => {
    moment[0] = ms
    close(place)
  }

  /** At the moment, as `end` is. */
  const open = (pid: number, member: Member): void => {
    const ms = moment[0] ?? NaN
    const place = placeOf(pid)
    const began = openAt(place)
    if (!Number.isNaN(began)) closeAt(place, Math.max(ms, began))
    const { changes } = member.group
    moment[0] = ms
    addChange(changes, 1)
    const ended = endedAt(place)
    if (!Number.isNaN(ended)) {
      setEnded(place, NaN)
      endedCount--
      if (ended >= ms) {
        moment[0] = ended
        addChange(changes, -1) // newest first: its end was read before
        return
      }
    }
    if (openCount >= MAX_OPEN) close(head)
    append(place, member)
    openCount++
  }
  const end = (pid: number): void => {
    const ms = moment[0] ?? NaN
    disconnections = true
    const place = placeOf(pid)
    if (openAt(place) <= ms) {
      close(place)
      return
    }
    if (endedCount >= MAX_ENDED) {
      for (let other = 0; other < used; other++) setEnded(other, NaN)
      endedCount = 0
    }
    if (Number.isNaN(endedAt(place))) endedCount++
    setEnded(place, ms)
  }

  return {
    changed({ times, words, from, to }, basis, greeted) {
      for (let at = from; at < to; at += CHANGE.size) {
        moment[0] = times[(at + CHANGE.ms) >> 3] ?? NaN
        const pid = words[(at + CHANGE.pid) >> 2] ?? 0
        const who = words[(at + CHANGE.who) >> 2] ?? ENDED
        const session = who === ENDED ? undefined : greeted[who]
        if (session === undefined) end(pid)
        else open(pid, numberedMember(who, session, basis))
      }
    },
    opened(ms, basis, pid, session) {
      if (Number.isNaN(ms) || pid <= 0) return
      moment[0] = ms
      open(pid, memberOf(session, basis))
    },
    closed(ms, pid) {
      if (Number.isNaN(ms) || pid <= 0) return
      moment[0] = ms
      end(pid)
    },
    died(ms, pid) {
      if (Number.isNaN(ms) || pid <= 0) return
      const place = find(pid)
      if (place !== NONE && openAt(place) <= ms) closeAt(place, ms)
    },
    reset({ ms }) {
      if (Number.isNaN(ms)) return
      resets.push(ms)
      for (let place = head; place !== NONE;) {
        const next = afterOf(place)
        if (openAt(place) <= ms) closeAt(place, ms)
        place = next
      }
    },
    of(pid) {
      const place = find(pid)
      return place === NONE || Number.isNaN(openAt(place)) ? NOBODY : (members[place]?.session ?? NOBODY)
    },
    get any() {
      return openCount > 0
    },
    end() {
      // Newest first: the start that ended a session was read before it.
      resets.sort((a, b) => a - b)
      for (let place = resets.length === 0 ? NONE : head; place !== NONE;) {
        const next = afterOf(place)
        const began = openAt(place)
        const at = resets.find((ms) => ms > began)
        if (at !== undefined) closeAt(place, at)
        place = next
      }
      if (!disconnections) return // log_disconnections is off: nobody knows how many are open
      for (const group of groups.values()) {
        const { times, open, size } = sorted(group.changes)
        sink.series('faultline_postgres_sessions', group.labels, null).pushAll(times, open, size)
      }
    },
  }
}
