/** Cuts chunks into lines: one pass over the bytes, a copy only of the line that two chunks share. */

/** A line longer than this is cut: no honest log line is, and memory stays bounded. */
export const MAX_LINE_BYTES = 1 << 20

export interface LineSink {
  line(bytes: Buffer, start: number, end: number): void
  /** Goes on from line to line of bytes[start, limit), which ends with a line, as long as they need not be given one by one; where the next one to be given begins. */
  pass?(bytes: Buffer, start: number, limit: number): number
  /** The line just given was longer than MAX_LINE_BYTES: that was only its beginning. */
  overlong(): void
}

export interface LineCutter {
  chunk(bytes: Buffer): void
  end(): void
}

const NEWLINE = 10
const RETURN = 13

/** The byte order mark of UTF-8, which some editors and shells write. */
const startsWithMark = (bytes: Buffer, at: number): boolean => bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf

export const cutLines = (sink: LineSink): LineCutter => {
  let held: Buffer[] = []
  let heldBytes = 0
  let dropping = false
  let first = true

  const give = (bytes: Buffer, start: number, end: number): void => {
    let from = start
    if (first) {
      first = false
      if (startsWithMark(bytes, from)) from += 3
    }
    sink.line(bytes, from, end > from && bytes[end - 1] === RETURN ? end - 1 : end)
  }

  const hold = (bytes: Buffer): void => {
    if (dropping) return
    if (heldBytes + bytes.length > MAX_LINE_BYTES) {
      held.push(Buffer.from(bytes.subarray(0, MAX_LINE_BYTES - heldBytes)))
      dropping = true
    } else held.push(Buffer.from(bytes))
    heldBytes = Math.min(MAX_LINE_BYTES, heldBytes + bytes.length)
  }

  const release = (): void => {
    const whole = held.length === 1 && held[0] ? held[0] : Buffer.concat(held)
    const cut = dropping
    held = []
    heldBytes = 0
    dropping = false
    give(whole, 0, whole.length)
    if (cut) sink.overlong()
  }

  return {
    chunk(bytes) {
      let start = 0
      let newline = bytes.indexOf(NEWLINE)
      if (newline >= 0 && heldBytes > 0) {
        hold(bytes.subarray(0, newline))
        release()
        start = newline + 1
        newline = bytes.indexOf(NEWLINE, start)
      }
      const limit = sink.pass === undefined ? 0 : bytes.lastIndexOf(NEWLINE) + 1
      if (!first && newline >= 0 && sink.pass !== undefined) {
        start = sink.pass(bytes, start, limit)
        newline = bytes.indexOf(NEWLINE, start)
      }
      while (newline >= 0) {
        if (newline - start > MAX_LINE_BYTES) {
          give(bytes, start, start + MAX_LINE_BYTES)
          sink.overlong()
        } else give(bytes, start, newline)
        start = newline + 1
        if (start < limit && sink.pass !== undefined) start = sink.pass(bytes, start, limit)
        newline = bytes.indexOf(NEWLINE, start)
      }
      if (start < bytes.length) hold(bytes.subarray(start))
    },
    end() {
      const onlyMark = first && heldBytes === 3 && startsWithMark(Buffer.concat(held), 0)
      if (heldBytes > 0 && !onlyMark) release()
    },
  }
}
