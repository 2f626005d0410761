/**
 * The kubelet's log: klog lines, text or JSON, and the other components that run in one process with it (k3s, rke2, MicroK8s).
 * What its messages mean stands in kubelet-messages.ts.
 */
import type { LineFormat } from '../src/model/format.js'
import { controlPlaneMeanings, controlPlaneMentions, oldControlPlaneMeanings } from './control-plane-messages.js'
import { isControlPlaneSource } from './control-plane.js'
import { klogSources, openKlog, placeOf, type KlogTable } from './klog.js'
import { eventMeanings } from './klog-events.js'
import { kubeletMeanings, kubeletMentions, sayFatal } from './kubelet-messages.js'

const TABLE: KlogTable = {
  meanings: [...kubeletMeanings, ...controlPlaneMeanings, ...oldControlPlaneMeanings, ...eventMeanings],
  mentions: [...kubeletMentions, ...controlPlaneMentions],
  otherwise: (line, said) => line.severity === 'F' && sayFatal(line, said),
}

const SOURCES =
  /^(?:kubelet\w{0,40}|prober|patch_prober|pod_workers|kuberuntime_\w{1,40}|eviction_manager|reconciler_common|operation_generator|nestedpendingoperations|status_manager|remote_runtime|remote_image|container_manager\w{0,30}|pod_container_deletor|setters|cpu_manager|memory_manager|volume_manager|pod_startup_latency_tracker|oom_watcher\w{0,20}|cni|docker_\w{1,30}|nodeshutdown\w{0,40}|state_mem|cadvisor_stats_provider|csi_plugin|plugin_watcher|topology_manager)\.go$/u

export const kubelet: LineFormat = {
  id: 'kubelet',
  takes: 'lines',
  reads: "the kubelet's log, klog text or JSON",
  reference: 'https://kubernetes.io/docs/concepts/cluster-administration/system-logs/',
  example:
    'E1121 08:18:09.874226     101 controller.go:251] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1?timeout=10s\\": context deadline exceeded"',
  units: [
    'kubelet',
    'kubenswrapper',
    'k3s',
    'k3s-agent',
    'rke2-server',
    'rke2-agent',
    'microk8s.daemon-kubelite',
    'snap.microk8s.daemon-kubelite',
    'kubelite',
    'hyperkube',
    'k8s.kubelet',
    'kubelet-eks.daemon',
  ],
  sniff: ({ lines, path, units }) => {
    const sources = klogSources(lines)
    if (sources.length === 0) return 0
    const own = sources.filter((source) => SOURCES.test(source)).length
    const others = sources.filter(isControlPlaneSource).length
    const share = Math.min(1, (sources.length * 1.25) / lines.length)
    // controller.go and flags.go are everybody's: then the name of the file or of the unit decides.
    const named = /kubelet|kubenswrapper/u.test(placeOf(path)) || units.some((unit) => kubelet.units.includes(unit))
    const is = named ? 0.52 : own > others ? 0.45 : own > 0 ? 0.25 : 0.1
    return is + 0.4 * share
  },
  open: (sink, context) => openKlog(sink, context, 'kubelet', TABLE),
}
