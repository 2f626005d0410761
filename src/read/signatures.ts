/** Lines that somebody's signatures mean, beside what the formats say of them: whoever reads the line, it is looked at here afterwards, with the time that it was read with. */
import { createHash } from 'node:crypto'
import { stemOf } from '../../parsers/text-apps.js'
import { isEntity, node, process, THIS_NODE, THIS_POSTGRES, type Entity } from '../model/entity.js'
import type { Envelope, InputContext, Sink } from '../model/format.js'
import { matchesGlob } from '../model/glob.js'
import { filled, matchLine, readPattern, textIn, type LinePattern } from '../model/line-pattern.js'
import { TOLD, type Signature } from '../model/signature.js'
import { clean, decode } from './text.js'

export interface SignatureWatch {
  /** The bytes that the next lines are cut out of. */
  chunk(bytes: Buffer): void
  /** Where in the chunk, from `at` on, a line may begin to matter; Infinity: nowhere. */
  next(at: number): number
  /** A line that was read. Without what it is wrapped in, which may be some of its own words taken for that, it begins at `inner`. */
  line(bytes: Buffer, start: number, end: number, around: Envelope | null, inner: number): void
}

interface Watched {
  readonly signature: Signature
  readonly pattern: LinePattern
  readonly phase: 'begin' | 'end' | 'point'
  /** The next place of its anchor in the chunk, as far as that was looked for. */
  next: number
}

/** Null where no signature is about this input. `format` is the input's. */
export const watchFor = (signatures: readonly Signature[], format: string, context: InputContext, sink: Sink): SignatureWatch | null => {
  const watched = signatures
    .filter(
      ({ formats, paths }) =>
        (formats.length === 0 || formats.includes(format)) && (paths.length === 0 || paths.some((glob) => matchesGlob(context.path, glob))),
    )
    .flatMap((signature): Watched[] => {
      const { line, ends } = signature
      return [...watch(signature, line, ends === null ? 'point' : 'begin'), ...(ends === null ? [] : watch(signature, ends, 'end'))]
    })
  if (watched.length === 0) return null
  let chunk: Buffer | null = null
  let soonest = 0

  const next = (at: number): number => {
    if (chunk === null) return Infinity
    if (soonest >= at) return soonest
    soonest = Infinity
    for (const one of watched) {
      if (one.next < at) {
        const found = chunk.indexOf(one.pattern.needle, at)
        one.next = found < 0 ? Infinity : found
      }
      if (one.next < soonest) soonest = one.next
    }
    return soonest
  }

  return {
    chunk(bytes) {
      chunk = bytes
      soonest = -1
      for (const one of watched) one.next = -1
    },
    next,
    line(bytes, start, end, around, inner) {
      const ofChunk = bytes === chunk
      if (ofChunk && next(start) >= end) return
      for (const { signature, pattern, phase, next: at } of watched) {
        if (ofChunk ? at >= end : textIn(bytes, pattern.needle, start, end) < 0) continue
        if (signature.units.length > 0 && !isOfUnit(signature.units, around, context)) continue
        let from = inner
        let taken = matchLine(pattern, bytes, inner, end)
        if (taken === null && inner !== start) taken = matchLine(pattern, bytes, (from = start), end)
        if (taken === null) continue
        const said = new Map(pattern.holes.map((name, index) => [name, clean(taken[index] ?? '')]))
        tell(signature, phase, said, bytes, from, end, around)
      }
    },
  }

  function tell(
    { id, kind, entity, role, says, confidence, times, gapSeconds }: Signature,
    phase: Watched['phase'],
    said: ReadonlyMap<string, string>,
    bytes: Buffer,
    start: number,
    end: number,
    around: Envelope | null,
  ): void {
    const { latest } = sink
    const at = Number.isNaN(latest.ms) && around !== null ? { ms: around.ms, basis: around.basis } : latest
    if (Number.isNaN(at.ms)) {
      sink.warn(`lines of signature ${id} carry no time`)
      return
    }
    const holes = Object.fromEntries(said) // names begin with a letter, so none is a prototype's
    sink.signal({
      kind: 'log.signature',
      entity: entityFor(entity, kind, said, around, context),
      phase,
      at,
      burst: id,
      attributes: {
        ...holes,
        [TOLD.signature]: id,
        [TOLD.kind]: kind,
        ...(role === null ? {} : { [TOLD.role]: role }),
        [TOLD.says]: filled(says, (name) => said.get(name) ?? '?') ?? says,
        [TOLD.confidence]: confidence,
        [TOLD.times]: times,
        [TOLD.gapSeconds]: gapSeconds,
      },
      text: decode(bytes, start, end),
    })
  }
}

/** Stands for all that reading follows from beside the input: extracts of other signatures say something else. */
export const hashOfSignatures = (signatures: readonly Signature[]): string => createHash('sha256').update(JSON.stringify(signatures)).digest('hex')

const watch = (signature: Signature, line: string, phase: Watched['phase']): readonly Watched[] => {
  const pattern = readPattern(line)
  return typeof pattern === 'string' ? [] : [{ signature, pattern, phase, next: -1 }] // refused where the file is read
}

const bare = (unit: string): string => (unit.endsWith('.service') ? unit.slice(0, -'.service'.length) : unit)

const isOfUnit = (units: readonly string[], around: Envelope | null, context: InputContext): boolean =>
  [around?.unit ?? '', around?.container ?? '', context.container ?? ''].some((unit) => unit !== '' && units.some((one) => bare(one) === bare(unit)))

const entityFor = (template: string | null, kind: string, said: ReadonlyMap<string, string>, around: Envelope | null, context: InputContext): Entity => {
  const host = around?.host ?? null
  const container = around?.container ?? context.container
  const unit = (around?.unit ?? '') === '' ? container : (around?.unit ?? null)
  const told = (name: string): string | null =>
    said.get(name) ?? (name === 'host' ? (host ?? '-') : name === 'unit' ? unit : name === 'container' ? container : null)
  const named = template === null ? null : filled(template, told)
  if (named !== null && isEntity(named)) return named
  if (kind.startsWith('node.')) return host === null ? THIS_NODE : node(host)
  if (kind.startsWith('postgres.')) return THIS_POSTGRES
  return around?.pod ?? context.pod ?? process(host ?? '-', unit ?? stemOf(context.path))
}
