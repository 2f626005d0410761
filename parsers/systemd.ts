/**
 * What systemd says of a machine's life: an orderly shutdown or reboot names itself, a crash does not. Of its services only the container runtime's end is told:
 * 'Main process exited' is a notice where that was a failure, and written for debugging alone where it was stopped (src/core/service.c, service_sigchld_event).
 * Wordings: src/core/job.c and unit.c (JobResult messages, "Reached target …", "Stopping …"), src/shutdown/shutdown.c
 * ("Syncing filesystems and block devices."), src/login/logind-dbus.c ("The system will reboot now!", "System is rebooting.").
 */
import { THIS_NODE, node } from '../src/model/entity.js'
import type { LineFormat } from '../src/model/format.js'
import { found } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'

const GOING_DOWN =
  /^(?:Reached target (?:reboot|poweroff|halt|shutdown|kexec)\.target|Reached target (?:System )?(?:Reboot|Power-?Off|Shutdown|Final Step)|(?:The system will|System is) (?:reboot|power|rebooting|powering|halting)|Shutting down\.|Powering off|Rebooting\.)/u

/** containerd, Docker, CRI-O and cri-dockerd under the names that their packages give their units. */
const RUNTIME_DIED = /^(?:containerd|docker|crio|cri-o|cri-docker)\.service: Main process exited, code=(?:killed|dumped|exited, status=[1-9])/u

export const systemd: LineFormat = {
  id: 'systemd',
  takes: 'lines',
  reads: "systemd's own lines in a journal: shutdowns and reboots that were asked for, container runtimes that died",
  reference: 'https://github.com/systemd/systemd/blob/v256/src/login/logind-dbus.c',
  example: 'Reached target reboot.target - System Reboot.',
  units: ['systemd', 'systemd-logind', 'systemd-shutdown', 'systemd-shutdownd'],
  // Its lines have no form of their own: only a journal's identifier tells them.
  sniff: ({ units }) => (units.length > 0 && units.filter((unit) => systemd.units.includes(unit)).length > units.length / 2 ? 0.8 : 0),
  open: (sink) => ({
    line(bytes, start, end, envelope) {
      if (envelope === null || Number.isNaN(envelope.ms)) return false
      found.ms = envelope.ms
      found.basis = envelope.basis
      sink.record(found.ms, found.basis)
      const first = bytes[start]
      // R, T, S, P, c, d: the first letters of what is looked for.
      if (first !== 82 && first !== 84 && first !== 83 && first !== 80 && first !== 99 && first !== 100) return true
      const text = decode(bytes, start, end)
      const entity = envelope.host === null ? THIS_NODE : node(envelope.host)
      const at = { ms: envelope.ms, basis: envelope.basis }
      if (GOING_DOWN.test(text)) sink.signal({ kind: 'action.node-restarted', entity, at, attributes: { reason: 'shutdown' }, text })
      else if (RUNTIME_DIED.test(text)) sink.signal({ kind: 'node.runtime-down', entity, at, attributes: { reason: 'exited' }, burst: 'exited', text })
      return true
    },
    end: () => undefined,
  }),
}
