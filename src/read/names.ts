/** Names around a line (host, unit, container): the same few again and again, so their strings are made once. */

const SLOTS = 16
/** No host, unit or container name is longer; what is longer is cut. */
const MAX_NAME_BYTES = 256

interface Slot {
  readonly bytes: Buffer
  readonly name: string
}

export type Names = (bytes: Buffer, start: number, end: number) => string

/** `make` is called once for each different name; the last few are kept, found by their length and last byte. */
export const cachedNames = (make: (raw: string) => string = (raw) => raw): Names => {
  const slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined)
  return (bytes, start, end) => {
    const stop = Math.min(end, start + MAX_NAME_BYTES)
    const index = ((stop - start) * 7 + (bytes[stop - 1] ?? 0)) % SLOTS
    const slot = slots[index]
    if (slot !== undefined && sameBytes(slot.bytes, bytes, start, stop)) return slot.name
    const copy = Buffer.from(bytes.subarray(start, stop))
    const name = make(copy.toString('utf8'))
    slots[index] = { bytes: copy, name }
    return name
  }
}

const sameBytes = (known: Buffer, bytes: Buffer, start: number, end: number): boolean => {
  if (known.length !== end - start) return false
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false
  return true
}

/** Are bytes[start, end) this ASCII word? */
export const isWord = (word: string, bytes: Buffer, start: number, end: number): boolean => {
  if (word.length !== end - start) return false
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) !== bytes[start + at]) return false
  return true
}

/** k8s_<container>_<pod>_<namespace>_<uid>_<attempt>: how dockershim and cri-dockerd name a container. */
export const dockerName = (name: string): { readonly container: string; readonly pod: string; readonly namespace: string } | null => {
  const parts = name.replace(/^\//u, '').split('_')
  if (parts[0] !== 'k8s' || parts.length < 6) return null
  return { container: parts[1] ?? '', pod: parts[2] ?? '', namespace: parts[3] ?? '' }
}

/** The unit as formats know it: 'kubelet.service' → 'kubelet', 'postgresql@15-main.service' → 'postgresql', '(udev-worker)' → 'udev-worker'. */
export const unitOf = (raw: string): string => {
  const docker = dockerName(raw)
  if (docker !== null) return docker.container
  let name = raw
  for (const ending of ['.service', '.scope', '.log']) if (name.endsWith(ending)) name = name.slice(0, -ending.length)
  if (name.startsWith('(') && name.endsWith(')')) name = name.slice(1, -1)
  if (name.startsWith('k8s_')) name = name.slice(4)
  const instance = name.indexOf('@')
  if (instance > 0) name = name.slice(0, instance)
  return name
}
