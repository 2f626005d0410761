/**
 * The kernel's ring buffer: dmesg (seconds since boot, -T, --time-format iso) and kernel lines of a journal or syslog.
 * https://man7.org/linux/man-pages/man1/dmesg.1.html; the texts are those of mm/oom_kill.c, kernel/watchdog.c, kernel/hung_task.c, kernel/panic.c.
 */
import { node, process, THIS_NODE, type Entity } from '../src/model/entity.js'
import type { Attributes, Phase, SignalKind, Stamp } from '../src/model/extract.js'
import type { Head, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { oomReader, type Kill } from './kernel-oom.js'

/** [12345.678901] at `at`: the index after it, or -1. */
const readSinceBoot = (bytes: Buffer, at: number, end: number): number => {
  if (bytes[at] !== 91) return -1
  let next = at + 1
  while (next < end && bytes[next] === 32) next++
  const digits = next
  while (next < end && isDigit(bytes[next])) next++
  if (next === digits || bytes[next] !== 46 || next - digits > 12) return -1
  const fraction = ++next
  while (next < end && isDigit(bytes[next])) next++
  if (next - fraction !== 6 || bytes[next] !== 93) return -1
  return bytes[next + 1] === 32 ? next + 2 : next + 1
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const HUMAN = /^\[\w{3} (\w{3}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\] ?/u
/** [Sat Nov 21 08:18:01 2026] (dmesg -T): local wall clock. Leaves it in `found`. */
const readHuman = (bytes: Buffer, at: number, end: number): number => {
  if (bytes[at] !== 91 || bytes[at + 4] !== 32) return -1
  const match = HUMAN.exec(bytes.toString('latin1', at, Math.min(end, at + 32)))
  if (match === null) return -1
  const [all, month = '', day, hours, minutes, seconds, year] = match
  const index = MONTHS.indexOf(month)
  if (index < 0 || index % 3 !== 0) return -1
  found.ms = Date.UTC(Number(year), index / 3, Number(day), Number(hours), Number(minutes), Number(seconds))
  found.basis = 'local'
  return at + all.length
}

// 'eth0: NIC Link is Down', 'eth0: Link up'; igb and the older e1000: 'igb: eth0 NIC Link is Down'.
const UPLINK = /(?:^|[ :])((?:eth|en|bond)[a-z0-9]{0,14})(?::| NIC|: NIC) [Ll]ink (?:is )?([Dd]own|[Uu]p)\b/u
const BOND_LOST = /^(bond\d{1,4}): now running without any active interface/u
/** https://github.com/torvalds/linux/blob/v6.6/net/netfilter/nf_conntrack_core.c: 'nf_conntrack: table full, dropping packet', ip_conntrack before. */
const FULL_CONNTRACK: Attributes = { metric: 'nf_conntrack', does: 'ran out of room in its table of connections' }
/** https://github.com/torvalds/linux/blob/v6.6/fs/ext4/super.c (ext4_handle_error), fs/xfs/xfs_fsops.c (xfs_do_force_shutdown) */
const READ_ONLY: Attributes = { metric: 'read-only-filesystem', does: 'had a file system that takes no more writes' }
const STUCK = /stuck for (\d{1,6})s!/u
const BLOCKED = /^INFO: task (.{1,64}):(\d{1,10}) blocked for more than (\d{1,6}) seconds/u

interface Said {
  readonly kind: SignalKind
  readonly phase?: Phase
  readonly attributes?: Attributes
  /** Seconds between the onset and the line. */
  readonly late?: number
  readonly entity?: Entity
  readonly burst?: string
}

/** What a message means that stands by itself; a kill by the OOM killer takes several lines. */
const meaningOf = (message: string, host: string | null): Said | null => {
  if (message.startsWith('Kernel panic - not syncing')) return { kind: 'node.kernel-panic', burst: 'panic' }
  if (message.includes('soft lockup - CPU#'))
    return { kind: 'node.kernel-hang', attributes: { reason: 'soft-lockup' }, late: Number(STUCK.exec(message)?.[1] ?? 0) }
  if (message.includes('hard LOCKUP on cpu')) return { kind: 'node.kernel-hang', attributes: { reason: 'hard-lockup' } }
  const blocked = BLOCKED.exec(message)
  if (blocked !== null) return { kind: 'node.kernel-hang', attributes: { reason: 'hung-task', process: blocked[1] ?? '' }, late: Number(blocked[3]) }
  if (message.includes('detected stall') && message.includes('rcu')) return { kind: 'node.kernel-hang', attributes: { reason: 'rcu-stall' } }
  if (message.startsWith('Linux version ')) return { kind: 'node.rebooted', burst: 'boot' }
  if (message.includes('No space left on device')) return { kind: 'node.disk-full', burst: 'no space' }
  if (message.includes('ink ')) {
    const link = UPLINK.exec(message)
    if (link !== null) return { kind: 'node.network-lost', phase: /down/iu.test(link[2] ?? '') ? 'begin' : 'end', attributes: { interface: link[1] ?? '' } }
  }
  const bond = BOND_LOST.exec(message)
  if (bond !== null) return { kind: 'node.network-lost', phase: 'begin', attributes: { interface: bond[1] ?? '' } }
  // A full table drops what would be a new connection; those that are in it go on.
  if (message.includes('conntrack: table full')) return { kind: 'metric.anomalous', attributes: FULL_CONNTRACK, burst: 'conntrack' }
  if (message.includes('emounting filesystem read-only') || (message.startsWith('XFS (') && message.includes('hutting down filesystem')))
    return { kind: 'metric.anomalous', attributes: READ_ONLY, burst: 'read-only' }
  if (isDiskError(message)) return { kind: 'log.error', entity: process(host ?? '-', 'kernel'), attributes: { app: 'kernel' }, burst: 'disk error' }
  return null
}

const isDiskError = (message: string): boolean =>
  message.startsWith('EXT4-fs error') ||
  message.startsWith('Buffer I/O error') ||
  message.includes('I/O error, dev ') ||
  (message.startsWith('XFS (') && (message.includes('I/O error') || message.includes('orruption')))

/** Messages that can matter, by a word: everything else is counted without being looked at twice. */
const mayMatter = (message: string): boolean =>
  message.includes('ill') || // Kill, Killed, oom-kill, killer
  message.includes('ink ') ||
  message.includes('rror') ||
  message.includes('tall') || // stall
  message.includes('lock') || // lockup, blocked
  message.includes('LOCKUP') ||
  message.includes('panic') ||
  message.startsWith('Linux version ') ||
  message.includes('read-only') ||
  message.includes('hutting down') ||
  message.includes('orruption') ||
  message.includes('without any active interface') ||
  message.includes('No space left') ||
  message.includes('table full')

const open = (sink: Sink): LineReader => {
  const oom = oomReader()
  let seen = false
  let timeless = 0
  let firstTimeless = ''
  const nodeOf = (host: string | null): Entity => (host === null ? THIS_NODE : node(host))

  const say = (said: Said, at: Stamp, text: string, line: number, host: string | null): void => {
    if (Number.isNaN(at.ms)) {
      timeless++
      if (firstTimeless === '') firstTimeless = text
      return
    }
    sink.signal({
      kind: said.kind,
      entity: said.entity ?? nodeOf(host),
      phase: said.phase ?? 'point',
      at: { ms: at.ms - (said.late ?? 0) * 1000, basis: at.basis },
      ...(said.attributes === undefined ? {} : { attributes: said.attributes }),
      ...(said.burst === undefined ? {} : { burst: said.burst }),
      text,
      line,
    })
  }

  const sayKill = (kill: Kill): void => {
    say(kill, kill.at, kill.text, kill.line, kill.host)
    const named = kill.node
    if (named === null) return
    sink.fact({ fact: 'node', node: node(named), at: null })
    if (kill.podUid !== null)
      sink.fact({ fact: 'pod-on-node', pod: `pod/-/uid:${kill.podUid}`, node: node(named), at: Number.isNaN(kill.at.ms) ? null : kill.at, uid: kill.podUid })
  }

  return {
    line(bytes, start, end, envelope) {
      found.ms = NaN
      found.basis = 'utc'
      let message = readSinceBoot(bytes, start, end)
      let stamped = message >= 0
      if (!stamped) {
        const afterIso = readIso(bytes, start, end)
        message = afterIso < 0 ? readHuman(bytes, start, end) : bytes[afterIso] === 32 ? afterIso + 1 : afterIso
        stamped = message >= 0
      }
      const ofKernel = envelope?.unit === 'kernel'
      if (!stamped) {
        if (!ofKernel) {
          if (!seen || bytes[start] !== 32) return false
          sink.part()
          return true
        }
        message = start
      }
      if (Number.isNaN(found.ms) && envelope !== null) {
        found.ms = envelope.ms
        found.basis = envelope.basis
      } else preferEnvelope(envelope)
      seen = true
      sink.record(found.ms, found.basis)
      // Syslog keeps the seconds since boot inside the message: kernel: [12345.678901] usb 1-1: …
      const inner = readSinceBoot(bytes, message, end)
      if (inner >= 0) message = inner
      const words = decode(bytes, message, end)
      if (!mayMatter(words)) return true
      const at = { ms: found.ms, basis: found.basis }
      const host = envelope?.host ?? null
      const kill = oom.read(words, { at, text: decode(bytes, start, end), line: sink.line, host })
      for (const one of kill) sayKill(one)
      const said = meaningOf(words, host)
      if (said !== null) say(said, at, decode(bytes, start, end), sink.line, host)
      return true
    },
    end() {
      for (const kill of oom.end()) sayKill(kill)
      if (timeless === 0) return
      sink.warn(`${timeless} messages that matter carry only seconds since boot, no time of day: they cannot be placed`)
      sink.fact({ fact: 'missing', what: 'the time of day of a kernel log', hides: `when this happened: ${firstTimeless.slice(0, 200)}` })
    },
  }
}

const SINCE_BOOT_LINE = /^(?:<\d{1,3}>)?\[ {0,8}\d{1,12}\.\d{6}\] /u
/** The fraction after a comma and the offset: how dmesg --time-format iso writes its times, and hardly anybody else. */
const ISO_LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:?\d\d /u
const KERNEL_WORDS =
  /Linux version |oom-kill|Out of memory|entered (?:blocking|forwarding|disabled|promiscuous) |Call Trace:|audit: |usb |eth\d|IPv6: |EXT4-fs|systemd\[1\]|kernel/u

const sniff = ({ lines, units }: Head): number => {
  if (lines.length === 0) return 0
  if (units.some((unit) => unit === 'kernel')) return (0.9 * units.filter((unit) => unit === 'kernel').length) / units.length
  const count = (mark: RegExp): number => lines.filter((line) => mark.test(line)).length
  const share = (marked: number): number => Math.min(1, (marked * 1.2) / lines.length)
  const bracketed = count(SINCE_BOOT_LINE) + count(HUMAN)
  const iso = count(ISO_LINE)
  if (bracketed > 0) return 0.4 + 0.5 * share(bracketed)
  return iso === 0 ? 0 : 0.4 * share(iso) + (lines.some((line) => KERNEL_WORDS.test(line)) ? 0.5 : 0.2)
}

export const kernel: LineFormat = {
  id: 'kernel',
  takes: 'lines',
  reads: "the kernel's messages: dmesg in all its time formats, kernel lines of a journal",
  reference: 'https://man7.org/linux/man-pages/man1/dmesg.1.html',
  example:
    '2026-11-21T08:24:05,353189+00:00 Memory cgroup out of memory: Killed process 16439 (worker) total-vm:100100kB, anon-rss:97392kB, file-rss:1268kB, shmem-rss:0kB, UID:0 pgtables:336kB oom_score_adj:975',
  units: ['kernel'],
  sniff,
  open,
}
