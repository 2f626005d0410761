/**
 * What keeps a machine's clock right says when it was not: chronyd, ntpd, systemd-timesyncd, and journald, which sees stamps run backwards.
 * What was written before such a step carries another time than what was written after it. Only told, never corrected: since when the clock
 * had been wrong (a boot, a machine that was asleep) they do not know.
 * Wordings: chrony local.c (LCL_MakeStep), ntpd ntp_loopfilter.c, src/timesync/timesyncd-manager.c, src/journal/journald-manager.c
 */
import { THIS_NODE, node } from '../src/model/entity.js'
import type { LineFormat } from '../src/model/format.js'
import { found, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'

/** By how many seconds: '+' is forwards. chronyd's "wrong by" comes before the step, of which it tells again. */
const STEPPED =
  /(?:System clock was stepped by|time reset|clock_step|adjusting local clock by|step time server \S{1,60} offset) ([+-]?\d{1,10}(?:\.\d{1,9})?) ?s/u
const JUMPED = /Time jumped backwards, rotating|Realtime clock jumped backwards|Backward time jump detected|Forward time jump detected/u
const SYNCHRONISED = /Initial clock synchronization to [A-Z][a-z]{2} \d{4}-|System clock time (?:unset or jumped backwards|advanced to)/u
/** Smaller steps change the order of nothing. */
const NOTABLE_SECONDS = 1
/** Smaller steps do nothing to anybody. */
const FELT_SECONDS = 10
/** node-monitor-grace-period was the shortest time in which Kubernetes gives up on a machine. */
const FAR_SECONDS = 40

export const timeSync: LineFormat = {
  id: 'time-sync',
  takes: 'lines',
  reads: 'chronyd, ntpd, systemd-timesyncd and journald on the machine’s clock',
  reference: 'https://chrony-project.org/doc/4.5/chrony.conf.html#makestep',
  example: 'System clock was stepped by 182.123456 seconds',
  units: ['chronyd', 'ntpd', 'ntpdate', 'openntpd', 'systemd-timesyncd', 'systemd-journald'],
  // Its lines have no form of their own: only a journal's identifier tells them.
  sniff: ({ units }) => (units.length > 0 && units.filter((unit) => timeSync.units.includes(unit)).length > units.length / 2 ? 0.8 : 0),
  open: (sink) => ({
    line(bytes, start, end, envelope) {
      if (envelope === null || Number.isNaN(envelope.ms)) return false
      found.ms = envelope.ms
      found.basis = envelope.basis
      sink.record(found.ms, found.basis)
      const at = { ms: found.ms, basis: found.basis }
      // chronyd in a container puts its own stamp before its words.
      const own = readIso(bytes, start, end)
      const text = decode(bytes, own > 0 ? own : start, Math.min(end, start + 400))
      const seconds = STEPPED.exec(text)?.[1]
      const by = seconds === undefined ? null : Number(seconds)
      if (by === null ? !JUMPED.test(text) && !SYNCHRONISED.test(text) : Math.abs(by) < NOTABLE_SECONDS) return true
      sink.fact({ fact: 'clock-stepped', at, seconds: by, said: text.trim().slice(0, 200) })
      if (by !== null && Math.abs(by) >= FELT_SECONDS)
        sink.signal({
          kind: 'node.clock-stepped',
          entity: envelope.host === null ? THIS_NODE : node(envelope.host),
          at,
          attributes: { reason: by < 0 ? 'back' : 'forward', seconds: Math.round(Math.abs(by)), far: Math.abs(by) >= FAR_SECONDS ? 'yes' : 'no' },
          text,
        })
      return true
    },
    end: () => undefined,
  }),
}
