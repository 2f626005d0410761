/** What a program says when it starts, of its own version: 'starting version 2.7.0', 'Starting OrderService v1.4.2 using Java 21', msg="Starting Prometheus" version=3.5.0. */
import type { Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { fields } from './logfmt.js'
import type { App } from './text-apps.js'
import { isFigure, isLetter, unnumbered } from './text-causes.js'

/** A message begins with the word, or has it behind its level and its logger. */
const HEAD_BYTES = 100
const LINE_BYTES = 240
const VERSION = /^start(?:ing|ed)\b[^\n]{0,120}?\bv(?:ersion)?[ =:"(]{0,4}v?(\d{1,9}(?:\.\d{1,9}){1,3}(?:[-+.][\w.]{1,40})?)/i
/** 's', 't', 'a', 'r', 't'; a letter is made small by its sixth bit. */
const START = Buffer.from('start')
const SMALL = 32

export const sayStart = (sink: Sink, bytes: Buffer, start: number, end: number, body: number, app: App, at: Stamp): void => {
  // A pod's rollouts are told by the cluster.
  if (!app.entity.startsWith('process/')) return
  const { message, keyed } = fields
  const head = message.start >= 0 ? message.start : body
  const from = startIn(bytes, head, keyed ? 1 : HEAD_BYTES, end)
  const until = Math.min(end, from + LINE_BYTES)
  if (from < 0 || !hasVersion(bytes, from, until)) return
  const [said, version] = VERSION.exec(decode(bytes, from, until)) ?? []
  if (said === undefined || version === undefined) return
  // A program starts libraries and listeners, too, which have versions of their own.
  const what = unnumbered(`${decode(bytes, head, from)}${said.slice(0, -version.length)}`)
  const text = decode(bytes, start, Math.min(end, start + 4 * LINE_BYTES))
  sink.signal({
    kind: 'app.started',
    entity: app.entity,
    at: { ms: at.ms, basis: at.basis },
    text,
    burst: `${what}${version}`,
    attributes: { app: app.name, version, what },
  })
}

/** Where a word that begins so begins, among the first bytes; -1 where none does. Most bytes are skipped: what is no letter of the word tells that for five of them. */
const startIn = (bytes: Buffer, from: number, many: number, end: number): number => {
  const until = Math.min(from + many + LAST, end)
  for (let at = from + LAST; at < until;) {
    const byte = bytes[at] ?? 0
    if ((byte | SMALL) === LETTER_T && isStart(bytes, at - LAST) && (at - LAST === from || !isLetter(bytes[at - LAST - 1] ?? 0))) return at - LAST
    at += SKIPS[byte] ?? 1
  }
  return -1
}
const LETTER_T = 116
const LAST = START.length - 1
const isStart = (bytes: Buffer, from: number): boolean => START.every((letter, index) => ((bytes[from + index] ?? 0) | SMALL) === letter)
/** How far on the word may end at the nearest where its last letter would be this byte. https://en.wikipedia.org/wiki/Boyer–Moore–Horspool_algorithm */
const SKIPS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const at = START.subarray(0, -1).lastIndexOf(byte | SMALL)
  return at < 0 ? START.length : LAST - at
})

/** A version has two numbers at least. */
const hasVersion = (bytes: Buffer, from: number, end: number): boolean => {
  for (let at = from + 1; at < end - 1; at++) if (bytes[at] === 46 && isFigure(bytes[at - 1] ?? 0) && isFigure(bytes[at + 1] ?? 0)) return true
  return false
}
