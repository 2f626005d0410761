/**
 * The journal's own exports, as the JSON objects that journalctl -o json writes of the same entries.
 *
 *     __REALTIME_TIMESTAMP=1795249081887962            journalctl -o export: a field a line, an empty line after the entry;
 *     _HOSTNAME=worker-1                               a value that is no plain text comes as its name alone, then its length
 *     MESSAGE                                          in eight bytes, lowest first, the value, a line end
 *     <8 bytes><value>
 *
 *     Sat 2026-11-21 08:18:01.887962 UTC [s=…;i=…]     journalctl -o verbose: indented fields below the time
 *         _HOSTNAME=worker-1
 *
 * https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
import type { Framing, RecordSink } from './framing.js'
import { cutLines, type LineCutter, MAX_LINE_BYTES } from './line-cutter.js'

/** The fields that the wrapping reads; an entry has forty others. */
const FIELDS: ReadonlySet<string> = new Set([
  'MESSAGE',
  '__REALTIME_TIMESTAMP',
  '_HOSTNAME',
  'SYSLOG_IDENTIFIER',
  '_SYSTEMD_UNIT',
  '_TRANSPORT',
  'CONTAINER_NAME',
])
const MAX_NAME = 64
const NEWLINE = 10
const EQUALS = 61

/** An entry being read: its fields as a JSON object. */
const entry = (sink: RecordSink) => {
  let fields = new Map<string, string>()
  let line = 0
  let last: string | null = null
  return {
    begin(at: number): void {
      if (fields.size === 0) line = at
    },
    field(name: string, value: Buffer): void {
      last = FIELDS.has(name) && !fields.has(name) ? name : null
      if (last !== null) fields.set(last, value.toString('utf8'))
    },
    /** Another line of the field before. */
    more(value: Buffer): void {
      const before = last === null ? undefined : fields.get(last)
      if (last !== null && before !== undefined && before.length < MAX_LINE_BYTES) fields.set(last, `${before}\n${value.toString('utf8')}`)
    },
    get isEmpty(): boolean {
      return fields.size === 0
    },
    end(): void {
      if (fields.size === 0) return
      const bytes = Buffer.from(JSON.stringify(Object.fromEntries(fields)))
      fields = new Map()
      sink.record(bytes, 0, bytes.length, line)
    },
  }
}

export const journalExport: Framing = {
  id: 'journald-export',
  shows: { as: 'journald-export', of: 'journald-json' },
  open(sink): LineCutter {
    const one = entry(sink)
    let rest: Buffer = Buffer.alloc(0)
    let line = 1
    /** A value in bytes: how many are still to come, its line end included, and what came. */
    let missing = 0
    let name = ''
    let kept: Buffer[] = []
    let keptBytes = 0

    const keep = (bytes: Buffer): void => {
      for (const byte of bytes) if (byte === NEWLINE) line++
      const room = Math.min(bytes.length, MAX_LINE_BYTES - keptBytes)
      if (room > 0) kept.push(Buffer.from(bytes.subarray(0, room)))
      keptBytes += Math.max(0, room)
    }

    const take = (bytes: Buffer, at: number): number => {
      const end = Math.min(bytes.length, at + missing)
      keep(bytes.subarray(at, end))
      missing -= end - at
      if (missing === 0) {
        const value = Buffer.concat(kept)
        one.field(name, value.subarray(0, value.length - (value.at(-1) === NEWLINE ? 1 : 0)))
        kept = []
        keptBytes = 0
      }
      return end
    }

    const readAll = (bytes: Buffer, last: boolean): number => {
      let at = 0
      while (at < bytes.length) {
        if (missing > 0) {
          at = take(bytes, at)
          continue
        }
        const newline = bytes.indexOf(NEWLINE, at)
        if (newline < 0 && !last && bytes.length - at < MAX_LINE_BYTES) return at
        const end = newline < 0 ? bytes.length : newline
        if (end === at) {
          one.end()
          line++
          at++
          continue
        }
        one.begin(line)
        const equals = bytes.subarray(at, Math.min(end, at + MAX_NAME)).indexOf(EQUALS)
        if (equals >= 0) one.field(bytes.toString('latin1', at, at + equals), bytes.subarray(at + equals + 1, Math.min(end, at + MAX_LINE_BYTES)))
        else if (newline >= 0 && end - at <= MAX_NAME) {
          // A name alone: the length follows.
          if (bytes.length < newline + 9) {
            if (last) return bytes.length
            return at
          }
          const length = bytes.readBigUInt64LE(newline + 1)
          if (length > 1n << 40n) {
            sink.warn('a field whose length cannot be: the export is broken there')
            line++
            at = newline + 1
            continue
          }
          name = bytes.toString('latin1', at, end)
          missing = Number(length) + 1
          line++
          at = newline + 9
          continue
        }
        line++
        at = end + 1
      }
      return bytes.length
    }

    return {
      chunk(bytes) {
        const whole = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
        rest = Buffer.from(whole.subarray(readAll(whole, false)))
      },
      end() {
        readAll(rest, true)
        one.end()
      },
    }
  },
}

/** Sat 2026-11-21 08:18:01.887962 CET [s=…;i=…;b=…;m=…;t=5a4a9e154566e;x=…]: the cursor has the time without a zone, in microseconds. */
const HEADER = /^[^[]{20,60} \[s=[^\]]{1,200};t=([0-9a-f]{1,16});/u

export const journalVerbose: Framing = {
  id: 'journald-verbose',
  shows: { as: 'journald-verbose', of: 'journald-json' },
  open(sink): LineCutter {
    const one = entry(sink)
    let line = 0
    return cutLinesThen(
      (bytes, start, end) => {
        line++
        if (bytes[start] !== 32 && end > start) {
          one.end()
          const text = bytes.toString('latin1', start, Math.min(end, start + 400))
          const time = HEADER.exec(text)?.[1]
          if (time === undefined) return
          one.begin(line)
          one.field('__REALTIME_TIMESTAMP', Buffer.from(String(Number.parseInt(time, 16))))
          return
        }
        if (one.isEmpty || bytes[start + 3] !== 32) return
        if (bytes[start + 4] === 32) {
          // A value's further lines stand below its first.
          let text = start
          while (text < end && bytes[text] === 32) text++
          one.more(bytes.subarray(text, end))
          return
        }
        const equals = bytes.subarray(start, Math.min(end, start + MAX_NAME + 4)).indexOf(EQUALS)
        if (equals > 4) one.field(bytes.toString('latin1', start + 4, start + equals), bytes.subarray(start + equals + 1, end))
      },
      () => one.end(),
      sink,
    )
  },
}

const cutLinesThen = (line: (bytes: Buffer, start: number, end: number) => void, then: () => void, sink: RecordSink): LineCutter => {
  const cutter = cutLines({ line, overlong: () => sink.warn('a line longer than 1 MiB was cut') })
  return {
    chunk: (bytes) => cutter.chunk(bytes),
    end() {
      cutter.end()
      then()
    },
  }
}
