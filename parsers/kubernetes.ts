/**
 * Objects of the Kubernetes API in whatever holds them: a List of `kubectl get -o json|yaml`, typed lists, single objects, JSON lines, the
 * lines of an API watch, the dumps of old clients. https://kubernetes.io/docs/reference/using-api/api-concepts/
 * A file that holds events is kubernetes-events, any other kubernetes-objects; both are read the same way.
 */
import type { BytesFormat, BytesReader, Head, Sink } from '../src/model/format.js'
import { sliceJson } from './json-elements.js'
import { auditReader, isAudit } from './kubernetes-audit.js'
import { eventAt, scanned } from './kubernetes-event-bytes.js'
import { eventShapes, type EventShapes } from './kubernetes-event-shapes.js'
import { eventReader, type WatchType } from './kubernetes-event.js'
import {
  field,
  hasGoNames,
  isObject,
  kindOf,
  latest,
  listOf,
  numberOf,
  objectOf,
  observedAt,
  parseJson,
  textOf,
  timeOf,
  withApiNames,
  type Json,
  type JsonObject,
} from './kubernetes-fields.js'
import { nodeReader } from './kubernetes-node.js'
import { onceOn } from './kubernetes-once.js'
import { podReader } from './kubernetes-pod.js'
import { workloadReader } from './kubernetes-workload.js'
import { sliceYaml } from './yaml-elements.js'

const REFERENCE = 'https://kubernetes.io/docs/reference/using-api/api-concepts/'
/** Lists in lists, objects in watch lines: an archive's array of Lists of old names, no more. */
const MAX_NESTING = 5
const SNIFFED_ELEMENTS = 20

const WATCH_TYPES: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'])

interface Reading {
  event(event: JsonObject): void
  /** The event at `start`, if it is of a shape that was seen before, and those after it: how many were read. */
  known(shapes: EventShapes, bytes: Buffer, start: number, line: number): number
  element(value: Json, ofList: string, watch: WatchType): void
  list(shell: Json | undefined, elements: number): void
  end(): void
}

const readObjects = (sink: Sink, path: string): Reading => {
  const once = onceOn(sink)
  const events = eventReader(sink)
  const audit = auditReader(sink)
  const nodes = nodeReader(sink, once)
  const pods = podReader(sink, once)
  const workloads = workloadReader(sink, once)
  let now = NaN
  let emptyLists = 0
  let seen = 0

  const read = (object: JsonObject, ofList: string, watch: WatchType, nesting: number): void => {
    if (nesting > MAX_NESTING) {
      sink.skip('objects nested in objects')
      return
    }
    const type = textOf(object, 'type')
    const inner = objectOf(object, 'object')
    if (inner !== undefined && WATCH_TYPES.has(type)) {
      if (type === 'BOOKMARK') sink.part()
      else read(inner, '', type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' ? type : '', nesting + 1)
      return
    }
    // heptio/eventrouter: {"verb":"ADDED","event":{…}}
    const routed = objectOf(object, 'event')
    if (routed !== undefined && objectOf(routed, 'involvedObject') !== undefined) {
      const verb = textOf(object, 'verb')
      read({ kind: 'Event', ...routed }, '', verb === 'UPDATED' ? 'MODIFIED' : '', nesting + 1)
      return
    }
    if (hasGoNames(object)) {
      const named = withApiNames(object)
      if (isObject(named)) read(named, ofList, watch, nesting + 1)
      return
    }
    const items = field(object, 'items') ?? field(object, 'Items')
    if (Array.isArray(items)) {
      for (const item of items as readonly Json[]) if (isObject(item)) read(item, elementKind(textOf(object, 'kind')), watch, nesting + 1)
      return
    }
    // Go writes a list of nothing as null.
    if (items === undefined && field(object, 'items') === null && textOf(object, 'kind').endsWith('List')) {
      readList(object, 0)
      return
    }
    seen++
    readKind(kindOf(object, ofList), object, watch)
  }

  const readKind = (kind: string, object: JsonObject, watch: WatchType): void => {
    switch (kind) {
      case 'Event':
        // An audit log calls its records events too.
        if (textOf(object, 'apiVersion').startsWith('audit.')) audit.read(object)
        else {
          events.read(object, watch)
          now = latest(now, latest(timeOf(object, 'lastTimestamp'), timeOf(object, 'eventTime')))
        }
        return
      case 'Node':
        nodes.read(object, watch)
        now = latest(now, observedAt(object))
        return
      case 'Pod':
        pods.read(object, watch)
        workloads.pod(object)
        now = latest(now, observedAt(object))
        return
      case 'Status':
        sayStatus(object)
        return
      case '':
        if (objectOf(object, 'protoPayload') === undefined || !audit.read(object)) sink.skip('no object of the Kubernetes API')
        return
      default:
        if (workloads.read(kind, object, watch)) now = latest(now, latest(observedAt(object), timeOf(objectOf(object, 'spec'), 'renewTime')))
        else sink.record(kind === 'Secret' || kind === 'ConfigMap' ? NaN : observedAt(object), 'utc')
    }
  }

  const readList: Reading['list'] = (shell, elements) => {
    sink.part()
    if (elements === 0) emptyLists++
    if (elements === 0 && (textOf(shell, 'kind') === 'EventList' || isAboutEvents(path))) {
      sink.fact({
        fact: 'missing',
        what: `events in ${path}`,
        hides: 'what the control plane and the kubelets reported: events expire after an hour by default',
      })
      sink.warn('a list of events is empty: events expire after an hour by default')
    }
  }

  /** The API server's answer to a request that failed, saved in place of what was asked for. */
  const sayStatus = (object: JsonObject): void => {
    sink.record(NaN, 'utc')
    if (textOf(object, 'status') === 'Success') return
    const code = numberOf(object, 'code')
    const message = textOf(object, 'message').slice(0, 200)
    const what = code === 410 ? 'the rest of a watch that was cut off' : `what ${path} should hold`
    sink.fact({ fact: 'missing', what, hides: 'objects and events: the API server answered with an error' })
    sink.warn(`the API server answered with an error: ${message || textOf(object, 'reason')}`)
  }

  return {
    event(event) {
      seen++
      readKind('Event', event, '')
    },
    known(shapes, bytes, start, line) {
      const count = shapes.read(bytes, start, line, events)
      seen += count
      if (count > 0) now = latest(now, shapes.seenAt)
      return count
    },
    element(value, ofList, watch) {
      if (isObject(value)) read(value, ofList, watch, 0)
      else sink.skip('no object of the Kubernetes API')
    },
    list: readList,
    end() {
      events.end()
      audit.end()
      pods.end(now)
      workloads.end(now)
      if (seen === 0 && emptyLists === 0) sink.warn('no object of the Kubernetes API was found')
    },
  }
}

/** 'Pod' for the elements of a 'PodList'; a plain List tells nothing. */
const elementKind = (kind: string): string => (kind.endsWith('List') && kind !== 'List' ? kind.slice(0, -4) : '')

const isAboutEvents = (path: string): boolean => /(?:^|[^a-z])events?(?:[^a-z]|$)/iu.test(path.slice(-300))

const openJson = (sink: Sink, path: string): BytesReader => {
  const reading = readObjects(sink, path)
  const shapes = eventShapes()
  let ofList = ''
  const slicer = sliceJson(
    {
      opens(shell) {
        ofList = elementKind(/"[kK]ind":\s{0,4}"([A-Za-z]{1,63})"/u.exec(shell)?.[1] ?? '')
      },
      element(bytes, start, end, line) {
        sink.at(line)
        // Put together of two chunks.
        if (start === 0 && end === bytes.length && reading.known(shapes, bytes, start, line) > 0) return
        const value = parseJson(bytes.toString('utf8', start, end))
        if (value === undefined) {
          sink.warn('an object that is no valid JSON was left out')
          sink.skip('no valid JSON')
        } else reading.element(value, ofList, '')
      },
      atSight(bytes, start, line) {
        sink.at(line)
        const count = reading.known(shapes, bytes, start, line)
        if (count > 0) return count
        const event = eventAt(bytes, start, bytes.length)
        if (event === null) return 0
        shapes.learn(bytes, start, scanned.end)
        reading.event(event)
        return 1
      },
      list(shell, elements, line) {
        ofList = ''
        sink.at(line)
        reading.list(parseJson(shell), elements)
      },
      other(line) {
        sink.at(line)
        sink.skip('no JSON')
      },
      broken(line, what) {
        sink.at(line)
        sink.warn(`${what}; what came before and after is used`)
      },
    },
    scanned,
  )
  return {
    chunk: (bytes) => slicer.chunk(bytes),
    end() {
      slicer.end()
      reading.end()
      shapes.end()
      sink.at(slicer.lines)
    },
  }
}

/** Kinds that mean nothing here, and may hold secrets, are not even parsed. */
const UNREAD_YAML = /^ {0,8}["']?kind["']?: ["']?(?:Secret|ConfigMap|CustomResourceDefinition|Role|RoleBinding|ClusterRole|ClusterRoleBinding)["']?\s*$/mu

const openYaml = (sink: Sink, path: string): BytesReader => {
  const reading = readObjects(sink, path)
  const slicer = sliceYaml({
    wanted(text) {
      if (!UNREAD_YAML.test(text.slice(0, 65_536))) return true
      sink.record(NaN, 'utc')
      return false
    },
    element(value, line) {
      sink.at(line)
      reading.element(value as Json, '', '') // the core schema of YAML yields JSON's types
    },
    list(shell, elements, line) {
      sink.at(line)
      reading.list(shell as Json, elements) // as above
    },
    broken(line, what) {
      sink.at(line)
      sink.warn(what)
    },
  })
  return {
    chunk: (bytes) => slicer.chunk(bytes),
    end() {
      slicer.end()
      reading.end()
      sink.at(slicer.lines)
    },
  }
}

const open = (sink: Sink, path: string): BytesReader => {
  let reader: BytesReader | null = null
  const chosen = (bytes: Buffer): BytesReader => {
    if (reader === null) reader = isYaml(bytes.toString('utf8', 0, Math.min(bytes.length, 65_536))) ? openYaml(sink, path) : openJson(sink, path)
    return reader
  }
  return {
    chunk: (bytes) => chosen(bytes).chunk(bytes),
    end: () => reader?.end(),
  }
}

/** JSON begins in the first column; further in stands what a YAML text quotes (last-applied-configuration). Some emitters quote keys and all text. */
const isYaml = (text: string): boolean => !/^\ufeff?[{[]/mu.test(text) && /^\ufeff?(?:- )?["']?(?:apiVersion|kind|items|metadata)["']?:/mu.test(text)

/** What the first elements are: events, other objects, or nothing of ours. */
type Content = 'events' | 'objects' | 'empty' | null

/** Both formats ask about the same head. */
const looked = new WeakMap<Buffer, Content>()
const contentOf = (head: Head): Content => {
  const known = looked.get(head.bytes)
  if (known !== undefined) return known
  const content = look(head)
  looked.set(head.bytes, content)
  return content
}

const look = (head: Head): Content => {
  const text = head.bytes.toString('utf8', 0, Math.min(head.bytes.length, 65_536))
  if (isYaml(text)) return lookAtYaml(head.bytes, text)
  if (!/^\ufeff?\s{0,8}[{[]/mu.test(text)) return null
  const kinds: string[] = []
  let empty = false
  let inList = /^\s{0,8}\[/u.test(text)
  const add = (value: Json | undefined): void => {
    if (isObject(value) && kinds.length < SNIFFED_ELEMENTS) kinds.push(...kindsIn(value))
  }
  const slicer = sliceJson({
    opens() {
      inList = true
    },
    element(bytes, start, end) {
      if (kinds.length < SNIFFED_ELEMENTS) add(parseJson(bytes.toString('utf8', start, end)))
    },
    list(shell, elements) {
      const kind = parseJson(shell)
      if (elements === 0 && textOf(kind, 'kind').endsWith('List') && textOf(kind, 'apiVersion') !== '') {
        empty = true
        if (textOf(kind, 'kind') === 'EventList') kinds.push('Event')
      }
    },
    other: () => undefined,
    broken: () => undefined,
  })
  slicer.chunk(head.bytes)
  slicer.end()
  if (kinds.length === 0) return empty ? 'empty' : lookAtText(text)
  const known = kinds.filter((kind) => kind !== '')
  if (known.length * 2 < kinds.length) return null
  // Lines of an audit log are kubernetes-lines.ts', which need not parse them all.
  if (!inList && known.every((kind) => kind === 'Audit')) return null
  return known.every((kind) => kind === 'Event') ? 'events' : 'objects'
}

const kindsIn = (object: JsonObject, nesting = 0): readonly string[] => {
  if (nesting > MAX_NESTING) return ['']
  const inner = objectOf(object, 'object')
  if (inner !== undefined && WATCH_TYPES.has(textOf(object, 'type'))) return kindsIn(inner, nesting + 1)
  const routed = objectOf(object, 'event')
  if (routed !== undefined && objectOf(routed, 'involvedObject') !== undefined) return ['Event']
  const items = [...listOf(object, 'items'), ...listOf(object, 'Items')]
  if (items.length > 0) return items.slice(0, SNIFFED_ELEMENTS).flatMap((item) => (isObject(item) ? kindsIn(item, nesting + 1) : ['']))
  if (items.length === 0 && field(object, 'items') === null && textOf(object, 'kind').endsWith('List'))
    return [textOf(object, 'kind') === 'EventList' ? 'Event' : 'List']
  return [ownKind(object)]
}

/** The kind, if this is an object of the API: an Alertmanager's or an audit log's JSON has some of its fields. */
const ownKind = (object: JsonObject): string => {
  const named = hasGoNames(object) ? withApiNames(object) : object
  if (!isObject(named)) return ''
  const version = textOf(named, 'apiVersion')
  const kind = textOf(named, 'kind')
  if (isAudit(named)) return 'Audit'
  if (kind === 'Status' && objectOf(named, 'metadata') !== undefined) return 'Status'
  if (kind !== '' && version !== '') return kind
  const shaped = kindOf({ ...named, kind: '' })
  return shaped !== '' && (objectOf(named, 'metadata') !== undefined || shaped === 'Event') ? shaped : ''
}

/** Not one element is whole within the head: the beginning of a large one must do. */
const lookAtText = (text: string): Content => {
  if (/"apiVersion":\s{0,4}"audit\./u.test(text)) return null
  if (/"(?:involvedObject|InvolvedObject|regarding)":/u.test(text)) return 'events'
  return /"apiVersion":\s{0,4}"/u.test(text) && /"kind":\s{0,4}"/u.test(text) ? 'objects' : null
}

const lookAtYaml = (bytes: Buffer, text: string): Content => {
  if (!/^ {0,8}(?:- )?["']?apiVersion["']?:/mu.test(text)) return null
  if (/^ {0,8}(?:- )?["']?apiVersion["']?: ["']?audit\./mu.test(text)) return 'objects'
  const kinds: string[] = []
  let empty = false
  const slicer = sliceYaml({
    wanted(element) {
      if (kinds.length < SNIFFED_ELEMENTS) kinds.push(yamlKind(element))
      return false
    },
    element: () => undefined,
    list(_, elements) {
      empty ||= elements === 0
    },
    broken: () => undefined,
  })
  slicer.chunk(bytes.subarray(0, 65_536))
  slicer.end()
  const known = kinds.filter((kind) => kind !== '' && kind !== 'List')
  if (known.length === 0) return empty ? 'empty' : null
  return known.every((kind) => kind === 'Event') ? 'events' : 'objects'
}

/** The object's own kind stands least deep. */
const yamlKind = (element: string): string => {
  let least = Infinity
  let own = ''
  for (const [, indent = '', kind = ''] of element.matchAll(/^( *)["']?kind["']?: ["']?([A-Za-z]{1,63})["']?\s*$/gmu)) {
    if (indent.length >= least) continue
    least = indent.length
    own = kind
  }
  return own
}

const SURE = 0.9

export const kubernetesEvents: BytesFormat = {
  id: 'kubernetes-events',
  takes: 'bytes',
  reads: 'Kubernetes events as JSON or YAML: lists, lines, watches',
  reference: 'https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/',
  sniff: (head) => {
    const content = contentOf(head)
    return content === 'events' || (content === 'empty' && isAboutEvents(head.path)) ? SURE : 0
  },
  open: (sink, context) => open(sink, context.path),
}

export const kubernetesObjects: BytesFormat = {
  id: 'kubernetes-objects',
  takes: 'bytes',
  reads: 'Kubernetes objects as JSON or YAML: nodes, pods, workloads, leases, in lists, lines and watches',
  reference: REFERENCE,
  sniff: (head) => {
    const content = contentOf(head)
    return content === 'objects' || (content === 'empty' && !isAboutEvents(head.path)) ? SURE : 0
  },
  open: (sink, context) => open(sink, context.path),
}
