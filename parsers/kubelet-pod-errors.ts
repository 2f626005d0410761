/** Why the kubelet cannot bring a pod up: the errors inside "Error syncing pod" and failed volume operations. */
import type { Entity } from '../src/model/entity.js'
import { fieldsOf, messageOf, type KlogLine, type Saying } from './klog.js'
import { unquote } from './klog-fields.js'
import { mountAttributes } from './klog-events.js'
import { imageFailure, isDns, isUnwatched, lookedUp, missingObject, sandboxFailure } from './klog-reasons.js'

/** failed to "StartContainer" for "web" with CrashLoopBackOff: "back-off 5m0s …": one error may hold several. */
const FAILED_STEP = /failed to "(\w{1,40})" for "([^"]{1,400})" with (\w{1,60}): /gu
const IMAGE = /image \\*"([^"\\]{1,400})\\*"/u
const IMAGE_ERRORS: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ErrInspectImage',
  'RegistryUnavailable',
])

export const saySyncError = (line: KlogLine, said: Saying, entity: Entity | null): void => {
  if (entity === null) return
  const error = (fieldsOf(line).get('err') ?? messageOf(line)).slice(0, 20_000)
  let steps = 0
  for (const match of error.matchAll(FAILED_STEP)) {
    if (++steps > 20) break
    const [step, , what = '', reason = ''] = match
    const detail = error.slice(match.index + step.length, match.index + step.length + 2_000)
    sayStep(line, said, entity, what, reason, detail)
  }
  if (steps > 0) return
  if (error.includes('unmounted volumes=')) sayVolumesMissing(line, said, entity)
  else if (error.includes('network is not ready')) said.emit(line, 'pod.sandbox-failed', entity, { reason: 'cni' })
}

const sayStep = (line: KlogLine, said: Saying, entity: Entity, container: string, reason: string, detail: string): void => {
  if (reason === 'CrashLoopBackOff') said.emit(line, 'pod.crash-looping', entity, { container })
  else if (IMAGE_ERRORS.has(reason)) {
    const image = IMAGE.exec(detail)?.[1]
    const why = reason === 'InvalidImageName' ? 'other' : imageFailure(detail)
    said.emit(line, 'pod.image-pull-failed', entity, { reason: why, ...(image === undefined ? {} : { image }) })
    if (isDns(detail)) said.emit(line, 'network.dns-failure', said.thisNode(line), { name: lookedUp(detail) })
  } else if (reason === 'CreateContainerConfigError') {
    const object = missingObject(detail)
    said.emit(line, 'pod.stuck', entity, { reason: 'config', container, ...(object === null ? {} : { object }) })
  } else if (reason === 'CreateContainerError' || reason === 'RunContainerError') said.emit(line, 'pod.stuck', entity, { reason: 'creating', container })
  else if (reason === 'CreatePodSandboxError' || reason === 'ConfigPodSandboxError')
    said.emit(line, 'pod.sandbox-failed', entity, { reason: sandboxFailure(detail) })
}

const VOLUME = /volume "([^"]{1,253})"/u
const POD = / pod "([a-z0-9][a-z0-9.-]{0,252})" \(UID: "([0-9a-f-]{8,64})"\)/u
const VOLUME_STEPS = ['MountVolume.', 'AttachVolume.', 'Multi-Attach error', 'MapVolume.', 'WaitForAttach failed']

/** Operation for "{volumeName:kubernetes.io/secret/… podName:…}" failed. … Error: MountVolume.SetUp failed for volume "tls" (…) pod "web-1" (UID: "…") : secret "web-tls" not found */
export const sayMountFailed = (line: KlogLine, said: Saying): void => {
  const message = unquote(messageOf(line).slice(0, 8_000))
  const at = message.indexOf('Error: ')
  const error = at < 0 ? message : message.slice(at)
  if (!VOLUME_STEPS.some((step) => error.includes(step)) || isUnwatched(error)) return
  const named = POD.exec(error)
  const entity: Entity = named === null ? `volume/${VOLUME.exec(error)?.[1] ?? '-'}` : said.memory.podNamed(named[1] ?? '-', named[2])
  const attributes = mountAttributes(error)
  said.emit(
    line,
    'pod.volume-mount-failed',
    entity,
    'object' in attributes ? attributes : { ...attributes, object: `volume/${VOLUME.exec(error)?.[1] ?? '-'}` },
  )
}

const UNMOUNTED = /(?:unmounted volumes=|list of unmounted volumes=)\[([^\]]{1,1000})\]/u
/** The volumes that a pod still waits for; what they wait for, other lines tell. */
export const sayVolumesMissing = (line: KlogLine, said: Saying, entity: Entity | null): void => {
  if (entity === null || line.text.includes('context canceled')) return // given up, because the pod was deleted
  const volumes = UNMOUNTED.exec(line.text)?.[1]
  said.emit(line, 'pod.volume-mount-failed', entity, { reason: 'timeout', ...(volumes === undefined ? {} : { object: `volume/${volumes.split(' ')[0]}` }) })
}
