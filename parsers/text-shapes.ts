/** Shapes of lines that carry no time: continuations, exceptions, docker compose's prefixes, terminal colours. */

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9

/** Longest line that colours are taken off. */
const COLOURED = 65_536

/** A copy without ANSI sequences (ESC [ … letter). */
export const withoutColours = (bytes: Buffer, start: number, end: number): Buffer => {
  const limit = Math.min(end, start + COLOURED)
  const plain = Buffer.allocUnsafe(limit - start)
  let length = 0
  for (let at = start; at < limit; at++) {
    if (bytes[at] === 27 && bytes[at + 1] === 91) {
      at += 2
      while (at < limit && (bytes[at] ?? 0) < 64) at++
    } else plain[length++] = bytes[at] ?? 0
  }
  return plain.subarray(0, length)
}

const LEVEL_WORD = /^(?:trace|debug|info|notice|warn|warning|error|err|fatal|crit|critical)$/i

/** Behind 'web-1  | ', the prefix that docker compose puts before each line; -1 where there is none. */
export const composePrefix = (bytes: Buffer, start: number, end: number): number => {
  let at = start
  const limit = Math.min(end, start + 80)
  for (let byte = bytes[at] ?? 0; at < limit && (isWordish(byte) || byte === 45 || byte === 46); byte = bytes[++at] ?? 0);
  const name = at
  if (name === start) return -1
  while (at < limit && bytes[at] === 32) at++
  if (at === name || bytes[at] !== 124 || bytes[at + 1] !== 32) return -1
  return LEVEL_WORD.test(bytes.toString('latin1', start, name)) ? -1 : at + 2
}

const isWordish = (byte: number): boolean => (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57) || byte === 95

const CONTINUATIONS: readonly Buffer[] = [
  'at ',
  'Caused by',
  '... ',
  'During handling of the above',
  'The above exception',
  'goroutine ',
  'created by ',
  'File "',
  'Suppressed:',
  'Stack trace',
  'stack backtrace',
  '#0 ',
  'note: run with `RUST_BACKTRACE',
  'Processing by ', // Rails
].map((text) => Buffer.from(text))

const startsWith = (bytes: Buffer, start: number, end: number, prefix: Buffer): boolean => {
  if (end - start < prefix.length) return false
  for (let at = 0; at < prefix.length; at++) if (bytes[start + at] !== prefix[at]) return false
  return true
}

const RUBY_FRAMES: readonly Buffer[] = [':in `', ":in '"].map((text) => Buffer.from(text))
/** app/controllers/orders_controller.rb:12:in `index' */
const isRubyFrame = (bytes: Buffer, start: number, end: number): boolean => {
  const frame = bytes.subarray(start, Math.min(end, start + 300))
  return frame.includes('.rb:') && RUBY_FRAMES.some((mark) => frame.includes(mark))
}

/** The line goes on with what the record before it says. */
export const continues = (bytes: Buffer, start: number, end: number): boolean => {
  const first = bytes[start]
  if (isBlank(first) || first === 125 || first === 41 || first === 93) return true
  return CONTINUATIONS.some((prefix) => first === prefix[0] && startsWith(bytes, start, end, prefix)) || isRubyFrame(bytes, start, end)
}

const HEADS: readonly Buffer[] = [
  'Traceback (most recent call last)',
  'panic: ',
  'Exception in thread',
  'Unhandled ',
  'Uncaught ',
  'uncaughtException',
  'FATAL',
  'fatal error: ',
  'Fatal Python error',
  'PHP Fatal error',
  "thread '",
  'terminate called after',
  'Segmentation fault',
  '*** ',
  'Internal Server Error: ', // django.request
].map((text) => Buffer.from(text))

const PANICKED = Buffer.from("' panicked at")
const ABORTS: readonly Buffer[] = ['*** SIG', '*** Error', '*** Terminating', '*** stack smashing'].map((text) => Buffer.from(text))

const TYPED: readonly Buffer[] = ['Error', 'Exception'].map((text) => Buffer.from(text))
const TYPE_LENGTH = 120

/** 'psycopg.OperationalError: …', 'Error: connect ECONNREFUSED', 'java.net.ConnectException: …': the type of an exception before a colon. */
const typed = (bytes: Buffer, start: number, end: number): boolean => {
  const limit = Math.min(end, start + TYPE_LENGTH)
  let at = start
  for (let byte = bytes[at] ?? 0; at < limit && (isWordish(byte) || byte === 46 || byte === 36 || byte === 58); byte = bytes[++at] ?? 0) {
    // Ruby's and Rust's modules: 'ActiveRecord::ConnectionTimeoutError (could not obtain …'
    if (byte !== 58) continue
    if (bytes[at + 1] !== 58) break
    at++
  }
  if (at >= end || (bytes[at] !== 58 && !(bytes[at] === 32 && bytes[at + 1] === 40))) return false
  return TYPED.some((type) => startsWith(bytes, at - type.length, at, type) && at - type.length >= start)
}

/** The line begins an exception, whatever level it does not carry. */
export const exceptionHead = (bytes: Buffer, start: number, end: number): boolean => {
  for (const head of HEADS) {
    if (bytes[start] !== head[0] || !startsWith(bytes, start, end, head)) continue
    if (bytes[start] === 116 && bytes[start + 1] === 104) return bytes.subarray(start, Math.min(end, start + 120)).includes(PANICKED)
    if (bytes[start] === 42) return ABORTS.some((abort) => startsWith(bytes, start, end, abort))
    return true
  }
  return typed(bytes, start, end)
}

/** The last line of a Python traceback, which says what it was. */
export const endsTrace = (bytes: Buffer, start: number, end: number): boolean => {
  const limit = Math.min(end, start + TYPE_LENGTH)
  let at = start
  for (let byte = bytes[at] ?? 0; at < limit && (isWordish(byte) || byte === 46); byte = bytes[++at] ?? 0);
  return at > start && (at === end || bytes[at] === 58)
}

const FAILURE =
  /connection refused|connection reset by peer|connection timed out|ECONNREFUSED|ECONNRESET|ETIMEDOUT|i\/o timeout|context deadline exceeded|no such host|no route to host|network is unreachable|too many clients already|No space left on device|Cannot allocate memory|out of memory|deadlock detected|broken pipe|Name or service not known|failure in name resolution|certificate has expired/i
const TOLD_WITHIN = 400

/** In the words of the system and of drivers, which nobody writes when all is well: for logs that know no levels. */
export const tellsFailure = (bytes: Buffer, start: number, end: number): boolean =>
  FAILURE.test(bytes.toString('latin1', start, Math.min(end, start + TOLD_WITHIN)))
