/**
 * The line reader that every klog component shares: severity, time and source are found in the bytes; a line is decoded only if it is
 * a warning or worse, or its message starts with one of the anchors of the tables of meanings.
 * https://github.com/kubernetes/klog/blob/v2.130.1/internal/buffer/buffer.go (FormatHeader), /internal/serialize/keyvalues.go
 */
import type { Entity } from '../src/model/entity.js'
import { node, THIS_NODE } from '../src/model/entity.js'
import type { Attributes, Phase, SignalKind, Stamp } from '../src/model/extract.js'
import type { Envelope, InputContext, LineReader, GatheredRepeat, SignalDraft, Sink } from '../src/model/format.js'
import { found, preferEnvelope } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { lineForms, sameWords, wordTables, type Outcome } from './again.js'
import { anchorsOf, meaningAt } from './klog-anchors.js'
import { parseKlogJson, parseKlogText, type KlogText } from './klog-fields.js'
import { head, isSeverity, readKlogHead, readPid, severityOf, type Severity } from './klog-head.js'
import { klogMemory, type KlogMemory, type PodRun } from './klog-memory.js'
import { steadyLines } from './klog-steady.js'

export interface KlogLine {
  readonly severity: Severity
  /** When: to be asked for with timeOf. */
  readonly written: Stamp
  readonly pid: number
  /** 'kubelet_node_status.go:385' */
  readonly source: string
  /** What follows the header; taken apart by messageOf and fieldsOf when it is asked for. */
  readonly rest: string
  /** Kept by messageOf and fieldsOf; most meanings look at one field, and some at none. */
  parsed: KlogText | null
  /** The line as it stands, without its wrapping. */
  readonly text: string
  readonly line: number
  readonly host: string | null
  /** The pod that wrote the line, where the wrapping or the file's place tells. */
  readonly pod: Entity | null
}

export const messageOf = (line: KlogLine): string => (line.parsed ??= parseKlogText(line.rest)).message
export const fieldsOf = (line: KlogLine): ReadonlyMap<string, string> => (line.parsed ??= parseKlogText(line.rest)).fields

/** How often anybody asked for a line's time. */
let timesAsked = 0
/** When the line was written, for meanings that depend on it: what they say is never taken for what the same words say at another time. */
export const timeOf = (line: KlogLine): Stamp => {
  timesAsked++
  return line.written
}

export interface Emission {
  readonly phase?: Phase
  readonly at?: Stamp
  readonly burst?: string
}

/** What a meaning may do: say a signal about the line, learn the node's name, remember things until later lines. */
export interface Saying {
  readonly sink: Sink
  readonly memory: KlogMemory
  /** 'kubelet', 'kube-apiserver', 'kube-controller-manager' …, or the name of another program that logs with klog. */
  readonly component: string
  emit(line: KlogLine, kind: SignalKind, entity: Entity, attributes?: Attributes, emission?: Emission): void
  /** The machine the line speaks of when it says "this node". */
  thisNode(line: Pick<KlogLine, 'host'>): Entity
  /** The line names its own node. */
  learnNode(line: KlogLine, name: string): Entity
}

export interface Meaning {
  /** The first characters of the message, whatever their case: wordings change case between versions. */
  readonly starts: string
  /** Lines of much-repeated messages that end so mean nothing: they are left undecoded. */
  readonly unlessEnds?: string
  /**
   * For what is written all day: remembers all there is to remember from the bytes, whose message begins at `at`, says nothing and returns true;
   * or returns false having done nothing, and the line is decoded. Twice is as once.
   */
  readonly skim?: (bytes: Buffer, at: number, end: number, line: Skimmed, said: Pick<Saying, 'memory' | 'thisNode'>) => boolean
  /**
   * The same for lines like this one, which differ from it in what follows bytes[…, end) alone; null where what follows counts.
   * `end` is where the line's last word begins.
   */
  readonly skimAgain?: (bytes: Buffer, at: number, end: number, said: Pick<Saying, 'memory' | 'thisNode'>) => Skim | null
  readonly say: (line: KlogLine, said: Saying) => void
}

/** What to ask of lines like one that was skimmed, and the pod whose start they tell. */
export interface Skim {
  again(line: Skimmed): boolean
  readonly run: PodRun
}

/** What is known of a line before it is decoded. One object for all lines: copy what you keep. */
export interface Skimmed {
  ms: number
  host: string | null
}

/** For warnings and errors that no anchor knows: a word anywhere in the line. */
export interface Mention {
  readonly contains: string
  readonly say: (line: KlogLine, said: Saying) => void
}

export interface KlogTable {
  readonly meanings: readonly Meaning[]
  readonly mentions: readonly Mention[]
  /** For warnings and worse that nothing above knows. */
  readonly otherwise?: (line: KlogLine, said: Saying) => void
}

/** Characters kept of a record that goes on over several lines. */
const MAX_HELD = 65_536
const EVIDENCE = 390
/** The last byte of a line whose last value goes on over the next lines. */
const LESS = 60

/** Long lines quote patches and patches end with what went wrong: keep both ends. */
const abridged = (text: string): string => (text.length <= EVIDENCE ? text : `${text.slice(0, 190)} … ${text.slice(-190)}`)

const HEADERS = ['Log file created at: ', 'Running on machine: ', 'Binary: ', 'Log line format: ', 'Running duration']
const JSON_MESSAGE = Buffer.from('"msg":"')

export const openKlog = (sink: Sink, context: InputContext, component: string, table: KlogTable): LineReader => {
  const anchors = anchorsOf(table.meanings)
  const memory = klogMemory()
  /** The last name each host gave itself; '' where lines have no host. */
  const names = new Map<string, string>()
  /** The last answer of thisNode. */
  let thisHost: string | null = null
  let thisEntity: Entity = THIS_NODE
  const skimmed: Skimmed = { ms: NaN, host: null }
  /** Who wrote the last line. */
  let lastPod: Entity | null = null
  let seen = false
  const words = wordTables()
  const again = sameWords(words)
  const forms = lineForms(words)
  let emitted = 0
  /** Where the signals of a line are kept that may come again. */
  let repeats: GatheredRepeat[] | null = null
  /** A record whose last value goes on over the next lines: key=< … > */
  let held: { line: KlogLine; rest: string; meaning: Meaning | null } | null = null

  const thisNode = ({ host }: Pick<KlogLine, 'host'>): Entity => {
    if (host === thisHost) return thisEntity
    const name = names.get(host ?? '') ?? host
    thisHost = host
    return (thisEntity = name === null ? THIS_NODE : node(name))
  }
  const said: Saying = {
    get sink() {
      timesAsked++ // what is said to it directly may depend on anything
      return sink
    },
    memory,
    component,
    emit(line, kind, entity, attributes, emission) {
      const draft: SignalDraft = {
        kind,
        entity,
        phase: emission?.phase ?? 'point',
        at: emission?.at ?? line.written,
        // What began before the line was still so when it was written.
        ...(emission?.at === undefined ? {} : { until: line.written }),
        ...(attributes === undefined ? {} : { attributes }),
        ...(emission?.burst === undefined ? {} : { burst: emission.burst }),
        text: abridged(line.text),
        line: line.line,
      }
      emitted++
      if (repeats !== null && emission?.at === undefined) repeats.push(sink.repeats(draft))
      sink.signal(draft)
    },
    thisNode,
    learnNode(line, name) {
      const host = line.host ?? ''
      if (names.get(host) !== name && names.size < 10_000) {
        memory.changed()
        memory.elsewhere()
        names.set(host, name)
        if (line.host === thisHost) thisEntity = node(name)
        sink.fact({ fact: 'input-node', node: node(name), weight: 5 })
        if (line.host !== null && line.host !== name) sink.fact({ fact: 'alias', of: node(name), name: line.host, at: null })
      }
      return node(name)
    },
  }

  const mean = (line: KlogLine, meaning: Meaning | null): void => {
    if (meaning !== null) {
      meaning.say(line, said)
      return
    }
    if (line.severity === 'I') return
    for (const mention of table.mentions) if (line.text.includes(mention.contains)) return mention.say(line, said)
    table.otherwise?.(line, said)
  }

  const release = (): void => {
    if (held === null) return
    const { line, rest, meaning } = held
    held = null
    mean({ ...line, rest }, meaning) // text stays the first line
  }

  /** Whether what was said before still holds. */
  const isSo = ({ version, host, pod }: Outcome): boolean => version === memory.version && host === skimmed.host && pod === lastPod
  /** `start`, `from`: where the line and its process id begin. */
  const sayAgain = ({ repeats: told, tail }: Outcome, at: Stamp, bytes: Buffer, start: number, from: number): void => {
    if (told.length === 0) return
    const evidence = bytes.toString('latin1', start, from) + tail
    for (const repeat of told) repeat.say(at, evidence)
  }
  const keepSkimmed = (bytes: Buffer, start: number, message: number, end: number, meaning: Meaning): void => {
    const last = steady.lastWord(bytes, message, end)
    const skim = last < 0 ? null : (meaning.skimAgain?.(bytes, message, last, said) ?? null)
    if (skim === null) return
    steady.keep(bytes, start, last, { said: null, pidAt: 0, skim, gathering: null, basis: found.basis })
  }

  const steady = steadyLines(sink, anchors, words, {
    line: skimmed,
    holds: (outcome) => outcome.kept && isSo(outcome),
    again: sayAgain,
    placeOf: ({ run }) => memory.placeOf(run),
    startsAt: (starts) => memory.startsAt(starts),
  })

  const readText = (bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
    if (!readKlogHead(bytes, start, end)) return false
    if (held !== null) release()
    seen = true
    if (head.ofRuntime) {
      sink.part()
      return true
    }
    // readKlogHead left the line's own time; a wrapping may know it better.
    const ownMs = found.ms
    if (envelope !== null) preferEnvelope(envelope)
    sink.record(found.ms, found.basis)
    steady.at(found.ms)
    const host = envelope?.host ?? null
    const pod = envelope?.pod ?? context.pod
    if (skimmed.host !== host || lastPod !== pod) {
      skimmed.host = host
      lastPod = pod
      memory.elsewhere()
      steady.elsewhere()
    }
    const message = bytes[head.messageStart] === 34 ? head.messageStart + 1 : head.messageStart
    const meaning = meaningAt(anchors, bytes, message, end)
    steady.learn(bytes, start, head.sourceStart, ownMs)
    if (meaning === null && bytes[start] === 73) return true
    if (meaning?.skim !== undefined) {
      skimmed.ms = found.ms
      if (meaning.skim(bytes, message, end, skimmed, said)) {
        keepSkimmed(bytes, start, message, end, meaning)
        return true
      }
    }
    const at = { ms: found.ms, basis: found.basis }
    const from = head.pidStart
    const { messageStart } = head
    const before = again.look(bytes, from, end, bytes[start] ?? 0)
    if (before !== null && isSo(before)) {
      sayAgain(before, at, bytes, start, from)
      if (meaning?.skim === undefined) steady.keep(bytes, start, end, { said: before, pidAt: from - start, skim: null, gathering: null, basis: found.basis })
      return true
    }
    const repeated = again.seen
    // Of what is said once only so much can be kept.
    if (!repeated && sink.crowded && bytes[end - 1] !== LESS && forms.tooMany(bytes, from, messageStart, end)) {
      sink.leaveOut()
      return true
    }
    const text = decode(bytes, start, end)
    // What stands before the message is ASCII, so its places in bytes and in the string are the same.
    const rest = text.slice(head.messageStart - start)
    const line: KlogLine = {
      severity: severityOf(bytes[start] ?? 0),
      written: at,
      pid: readPid(bytes),
      source: text.slice(head.sourceStart - start, head.sourceEnd - start),
      rest,
      parsed: null,
      text,
      line: sink.line,
      host,
      pod,
    }
    if (rest.endsWith('=<')) {
      held = { line, rest, meaning }
      return true
    }
    const { version, timed } = memory
    const asked = timesAsked
    const emittedBefore = emitted
    const kept: GatheredRepeat[] | null = (repeats = repeated ? [] : null)
    mean(line, meaning)
    repeats = null
    if (kept !== null) {
      // Nothing was learnt from it, and it does not matter when it was written.
      if (memory.version === version && memory.timed === timed && timesAsked === asked) {
        const outcome: Outcome = { version, host, pod, repeats: kept, tail: abridged(text).slice(from - start), kept: true }
        again.keep(outcome)
        if (meaning?.skim === undefined) steady.keep(bytes, start, end, { said: outcome, pidAt: from - start, skim: null, gathering: null, basis: found.basis })
      }
    } else if (emitted > emittedBefore && sink.crowded) forms.said(bytes, from, messageStart, end)
    return true
  }

  const readJson = (bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean => {
    const ms = readJsonTime(bytes, start, end)
    if (Number.isNaN(ms)) return false
    if (held !== null) release()
    seen = true
    sink.record(ms, 'utc')
    steady.at(ms)
    const before = bytes.subarray(start, Math.min(end, start + 400)).indexOf(JSON_MESSAGE)
    if (before < 0) return true
    const message = start + before + JSON_MESSAGE.length
    const meaning = meaningAt(anchors, bytes, message, end)
    // An error has no "v" right after its message; an information line that no anchor knows cannot matter.
    if (meaning === null && verbosityFollows(bytes, message, end)) return true
    const text = decode(bytes, start, end)
    const record = parseKlogJson(text)
    if (record === null) return true
    const severity = !record.fields.has('v') || record.fields.has('err') ? 'E' : 'I'
    const { source } = record
    const [host, pod] = [envelope?.host ?? null, envelope?.pod ?? context.pod]
    mean({ severity, written: { ms, basis: 'utc' }, pid: 0, source, rest: record.message, parsed: record, text, line: sink.line, host, pod }, meaning)
    return true
  }

  const readOther = (bytes: Buffer, start: number, end: number): boolean => {
    const first = bytes[start]
    if (held !== null) {
      if (held.rest.length < MAX_HELD) held.rest += `\n${decode(bytes, start, end)}`
      sink.part()
      if (first === 32 && bytes[start + 1] === 62) release()
      return true
    }
    // A continuation, a step of trace.go, a panic's stack.
    if (seen && (first === 9 || first === 32 || (first === 84 && bytes.toString('latin1', start, start + 6) === 'Trace['))) {
      sink.part()
      return true
    }
    if (first !== 76 && first !== 82 && first !== 66) return false
    const text = decode(bytes, start, Math.min(end, start + 300))
    if (!HEADERS.some((header) => text.startsWith(header))) return false
    seen = true
    const year = /^Log file created at: (\d{4})\//u.exec(text)?.[1]
    if (year !== undefined) sink.year(Number(year))
    const machine = /^Running on machine: ([A-Za-z0-9._-]{1,253})\s*$/u.exec(text)?.[1]
    if (machine !== undefined && component === 'kubelet') sink.fact({ fact: 'input-node', node: node(machine), weight: 3 })
    sink.part()
    return true
  }

  return {
    line(bytes, start, end, envelope) {
      const last = end > start && bytes[end - 1] === 13 ? end - 1 : end
      if (isSeverity(bytes[start]) && readText(bytes, start, last, envelope)) return true
      if (bytes[start] === 123) return readJson(bytes, start, last, envelope)
      return readOther(bytes, start, last)
    },
    pass: (bytes, view, start, limit, most, prefix) => (held === null ? steady.pass(bytes, view, start, limit, most, prefix, memory.version) : start),
    end() {
      release()
      steady.end()
    },
  }
}

/** {"ts":1795249138637.524, → milliseconds; a value too small for milliseconds since 1973 is seconds. NaN where it is something else. */
const readJsonTime = (bytes: Buffer, start: number, end: number): number => {
  if (end - start < 24 || bytes.toString('latin1', start, start + 6) !== '{"ts":') return NaN
  let at = start + 6
  while (at < end && at < start + 40 && bytes[at] !== 44) at++
  const number = bytes.toString('latin1', start + 6, at)
  if (!/^\d{9,16}(?:\.\d{1,12})?$/u.test(number)) return NaN
  const value = Number(number)
  return value < 1e11 ? value * 1000 : value
}

const VERBOSITY = Buffer.from(',"v":')
const verbosityFollows = (bytes: Buffer, message: number, end: number): boolean => {
  let at = message
  while (at < end && bytes[at] !== 34) at += bytes[at] === 92 ? 2 : 1
  if (at + 1 + VERBOSITY.length > end) return false
  for (let index = 0; index < VERBOSITY.length; index++) if (bytes[at + 1 + index] !== VERBOSITY[index]) return false
  return bytes[end - 1] === 125 && !bytes.subarray(at, Math.min(end, at + 4096)).includes('"err":')
}

const HEAD_LINE = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} {1,20}\d{1,20} ([^ \]]{1,200}):\d{1,9}\]/u
const JSON_LINE = /^\{"ts":\d{9,16}(?:\.\d{1,12})?,.{0,200}?"caller":"([^"]{1,200}):\d{1,9}"/u

/** The source files of the klog lines among `lines`; empty where there are none. */
export const klogSources = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => {
    const source = (HEAD_LINE.exec(line) ?? JSON_LINE.exec(line))?.[1]
    return source === undefined ? [] : [source.slice(source.lastIndexOf('/') + 1)]
  })

/** The end of a path, which says whose log it is: directories above may be named after anything. */
export const placeOf = (path: string): string => path.split('/').slice(-3).join('/')
