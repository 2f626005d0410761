/**
 * `kubectl logs --timestamps`, which must-gather and other collectors use: the time with nine digits, a blank, the line.
 *
 *     2026-11-21T08:05:09.988056712Z I1121 08:05:09.988001       1 leaderelection.go:260] successfully acquired lease
 *
 * https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/kubelet/kuberuntime/logs/logs.go (timeFormatOut)
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'
import { shareOf } from '../../src/read/envelope.js'
import { found, readIso } from '../../src/read/stamps.js'

const open = (): Unwrapper => ({
  unwrap(bytes, start, end, envelope) {
    const zone = bytes[start + 29]
    // Nine digits and a zone: an application's own stamp has fewer.
    if (bytes[start + 10] !== 84 || bytes[start + 19] !== 46 || (zone !== 90 && zone !== 43 && zone !== 45)) return 'no'
    const stampEnd = readIso(bytes, start, end)
    if (stampEnd < 0 || found.basis !== 'utc' || (stampEnd < end && bytes[stampEnd] !== 32)) return 'no'
    envelope.ms = found.ms
    envelope.basis = 'utc'
    envelope.bytes = bytes
    envelope.start = Math.min(stampEnd + 1, end)
    envelope.end = end
    return 'line'
  },
})

export const kubectlTimestamps: Wrapping = {
  id: 'kubectl-timestamps',
  reads: 'kubectl logs --timestamps',
  reference: 'https://github.com/kubernetes/kubernetes/blob/v1.31.0/pkg/kubelet/kuberuntime/logs/logs.go',
  example: '2026-11-21T08:05:09.988056712Z I1121 08:05:09.988001       1 leaderelection.go:260] successfully acquired lease kube-system/kube-scheduler',
  // A little less sure than the CRI log, whose lines begin in the same way.
  sniff: (lines) => shareOf(lines, open()) * 0.9,
  open,
}
