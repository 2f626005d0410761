/** What a file in parsers/ has to give: see docs/adding-a-format.md. */
import type { Entity } from './entity.js'
import type { Attributes, Basis, Fact, Labels, Phase, SignalKind, Stamp } from './extract.js'

/** The beginning of an input (up to 64 KiB), for sniffing; `lines` are its whole lines, unwrapped where a wrapping was found. */
export interface Head {
  readonly path: string
  readonly bytes: Buffer
  readonly lines: readonly string[]
  /** Unit or identifier per line, where the wrapping tells it ('kubelet', 'kernel' …). */
  readonly units: readonly string[]
}

/** What the input's place tells: the layout of /var/log/pods, a node's folder, a file named after a node. */
export interface InputContext {
  readonly path: string
  /** The pod whose container wrote this input, from /var/log/pods/<ns>_<pod>_<uid>/<container>/N.log and the like. */
  readonly pod: Entity | null
  readonly container: string | null
  /** Queries by file name, where an index of them lies beside the files (QUERIES.json). */
  readonly expression: string | null
}

export interface SignalDraft {
  readonly kind: SignalKind
  readonly entity: Entity
  readonly phase?: Phase // 'point' unless said
  readonly at: Stamp
  readonly until?: Stamp
  readonly count?: number
  readonly attributes?: Attributes
  /** The line as evidence; cut and cleaned by the sink. */
  readonly text: string
  /** Where it stands, if not on the line being read. null: no line (a metric, one big JSON line). */
  readonly line?: number | null
  /** Two signals of one kind, entity and burst are one burst with a count. Default: the attributes. */
  readonly burst?: string
}

/** A text that is made if it is kept, of numbers: most of what comes again and again is not. It may be another one after the call it is handed to: copy it. */
export interface LateText {
  readonly of: (one: number, other: number) => string
  readonly one: number
  readonly other: number
}

/**
 * Says a signal again, at another time (the stamps may be others after the call); of so many occurrences up to another one, where that is told; on another line than
 * the one being read; with attributes of its own, which are asked for where it begins a burst.
 */
export type Repeat = (at: Stamp, text: string | LateText, until?: Stamp, count?: number, line?: number, attributes?: () => Attributes) => void

/** A signal that is said again so often that whoever says it may gather some of them first. */
export interface GatheredRepeat {
  readonly say: Repeat
  /**
   * Whether occurrences after that one may be gathered: each no later after the one before it than `sink.gap`, with a time of that basis, until `gathering` is
   * ended. The sink asks for them when it wants to know.
   */
  gathers(at: Stamp, gathering: Gathering): boolean
  /** So many were gathered, the last of them then, on that line. */
  gathered(count: number, at: Stamp, text: string, line: number): void
}

export interface Gathering {
  /** What was gathered is to be told now. */
  settle(): void
  /** And there may be no more. */
  end(): void
}

export interface SeriesWriter {
  /** Milliseconds since the epoch; samples may come in any order. NaN is dropped. `line`: where it stands, of formats that have lines. */
  push(ms: number, value: number, line?: number): void
  /** The first `count` of both columns, copied. The first stands on `line`, each of the others on the next one. */
  pushAll(times: Float64Array, values: Float64Array, count: number, line?: number): void
}

/** Where a parser puts what it reads. Counting is separate from meaning: every understood record is counted. */
export interface Sink {
  /** One understood record and its time (NaN where it has none). Call it for every record: it makes `records`, `from`, `to`. */
  record(ms: number, basis: Basis): void
  /** So many records at once, of whose times `reaches` tells the first and the last: samples of a series. */
  records(count: number): void
  /**
   * So many lines at once, and so many records of theirs, each written shortly after the one before it, the last one at `ms`. Where that is not
   * told, they were written between the last record and the next one, which come shortly after each other.
   */
  passed(lines: number, records: number, ms?: number, basis?: Basis): void
  /** Another time of that record (the first of many occurrences): widens `from` and `to`, counts nothing. */
  reaches(ms: number, basis: Basis): void
  /** For readers of bytes, which count their lines themselves: the line that what follows stands on. */
  at(line: number): void
  /** Part of the record before it (a continuation, a header): understood, but no record of its own. */
  part(): void
  /** Not understood: counted; the first line and reason are reported. */
  skip(reason: string): void
  /** Something to tell the user once, with the line it happened at. */
  warn(message: string): void
  /** The input names the year of its yearless stamps. */
  year(year: number): void
  signal(draft: SignalDraft): void
  /** For a signal that will be said again and again on other lines: what says it, with its own time and text each time. Nothing is said by asking. */
  repeat(draft: SignalDraft): Repeat
  repeats(draft: SignalDraft): GatheredRepeat
  /** How long after another one an occurrence of the same may be gathered, ms. */
  readonly gap: number
  /** So much is distinct that some of it had to be left out already. */
  readonly crowded: boolean
  /** The line being read may say something, but is one of too many that are all different, and was left out; or so many lines, the first of which is told. */
  leaveOut(lines?: number, first?: number): void
  series(name: string, labels: Labels, line?: number | null): SeriesWriter
  fact(fact: Fact): void
  /** The line being read, counted from 1. */
  readonly line: number
  /** The time of the record before, whoever read it; NaN before the first. */
  readonly latest: Stamp
}

/** What a wrapping found around a line. One object is reused for all lines: copy what you keep. */
export interface Envelope {
  /** The wrapping's own time; NaN where it has none. It carries more than the line's own stamp when its basis is utc. */
  ms: number
  basis: Basis
  host: string | null
  /** systemd unit, syslog identifier: 'kubelet', 'kernel', 'postgres' … */
  unit: string | null
  pod: Entity | null
  /** Of what is around the line, where it names a namespace and no pod. */
  namespace: string | null
  container: string | null
  /** How severe the wrapping says the line is (parsers/levels.ts); 0 where it does not say. */
  level: number
  /** The payload: bytes[start, end). */
  bytes: Buffer
  start: number
  end: number
}

/** What stands before the payload in line after line, but for the minutes of its stamp and what is below them. One object for an input. */
export interface SteadyPrefix {
  /** In bytes; 0: nothing stands before the payload. */
  readonly length: number
  /** Another object each time it is another prefix. */
  readonly bytes: Buffer
  /** Where mm:ss of its stamp begins, how many digits of a second follow, and how many of their last one are a microsecond. */
  readonly minutes: number
  readonly digits: number
  readonly perMicro: number
  /** When its hour begins, on the basis of its stamp; NaN where the lines have no steady prefix. */
  readonly hourMs: number
  readonly basis: Basis
  /** Lines begin with another one now. */
  forget(): void
}

export interface LineReader {
  /**
   * Reads bytes[start, end), a line without its end. True: mine (recorded, or part of a record).
   * False: not mine; another reader is asked. Must not throw and must not keep `bytes`.
   */
  line(bytes: Buffer, start: number, end: number, envelope: Envelope | null): boolean
  /**
   * For what is written all day: goes on from line to line of bytes[start, limit), which ends with a line, as long as they say nothing but that
   * they were written after the one before, or can be counted; where the line begins that is to be read as any other is. The `most` lines at most before
   * that one are counted with sink.passed(). `view` is of the same bytes; `prefix` is what stands before each line's payload.
   */
  pass?(bytes: Buffer, view: DataView, start: number, limit: number, most: number, prefix: SteadyPrefix): number
  /** The input ends: give out what is still held. */
  end(): void
}

export interface BytesReader {
  /** The next bytes of the input. Must not keep `bytes` beyond the call without copying. */
  chunk(bytes: Buffer): void
  end(): void
}

interface FormatBase {
  /** Equal to the file's name; the value of inputs[].format. */
  readonly id: string
  /** What it reads, in a few words. */
  readonly reads: string
  /** Where the format is described: the upstream source or document. */
  readonly reference: string
  /** How sure this is the format, 0..1, from the head. 0.9: its unmistakable marks; 0.5: could be; 0: no. */
  sniff(head: Head): number
}

export interface LineFormat extends FormatBase {
  readonly takes: 'lines'
  /** One real line, as it stands in a log; the tests read it. */
  readonly example: string
  /** Units of a journal whose lines are this format's. */
  readonly units: readonly string[]
  open(sink: Sink, context: InputContext): LineReader
}

/** A format that is no sequence of lines: JSON documents, YAML, binary. `sink.line` is then the parser's to set by `line` in its drafts. */
export interface BytesFormat extends FormatBase {
  readonly takes: 'bytes'
  open(sink: Sink, context: InputContext): BytesReader
}

export type Format = LineFormat | BytesFormat

/** What lines are wrapped in: journald, CRI, Docker, syslog. Wrappings nest. */
export interface Wrapping {
  readonly id: string
  readonly reads: string
  readonly reference: string
  readonly example: string
  sniff(lines: readonly string[]): number
  /** A fresh unwrapper for one input: it may keep state between lines (a partial CRI line, a cached host). */
  open(): Unwrapper
}

export interface Unwrapper {
  /**
   * Finds the payload of bytes[start, end) and fills `envelope` (only what this wrapping knows; a nested one adds to it).
   * 'line': the payload is ready. 'held': more is to come (a partial line). 'no': this line is not wrapped so.
   */
  unwrap(bytes: Buffer, start: number, end: number, envelope: Envelope): 'line' | 'held' | 'no'
  /**
   * As many as may be of the lines of bytes[start, limit), which ends with a line, unwrapped at once; null where the first one has to be unwrapped
   * by itself. What it returns is good until the next call.
   */
  many?(bytes: Buffer, start: number, limit: number): Unwrapped | null
  /** The input ends. */
  end?(): void
}

/** Lines that were unwrapped at once. Of each the payload stands in a line of its own, behind a steady prefix. */
export interface Unwrapped {
  readonly count: number
  /** Where the first line begins that is not among them. */
  readonly next: number
  /** Other objects each time. */
  readonly bytes: Buffer
  readonly view: DataView
  readonly prefix: SteadyPrefix
  /** Where a line begins in `bytes`; the first one is 0. */
  lineAt(index: number): number
  /** Two lines of one origin have all in common that is around them but for the time; -1: its payload has several lines, and it is alone. */
  originOf(index: number): number
  /** Fills a fresh envelope. */
  fill(index: number, envelope: Envelope): void
}
