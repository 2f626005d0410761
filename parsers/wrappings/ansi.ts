/**
 * Colours and cursor movements of a terminal between the letters of a log (ECMA-48 control sequences), as `docker compose logs`, stern and many
 * applications write them. Taken off before anything else looks at the line.
 *
 *     \u001b[36mweb-1  | \u001b[0mready
 *
 * https://ecma-international.org/publications-and-standards/standards/ecma-48/
 */
import type { Unwrapper, Wrapping } from '../../src/model/format.js'

const ESCAPE = 27

const open = (): Unwrapper => {
  let plain = Buffer.alloc(4_096)
  return {
    unwrap(bytes, start, end, envelope) {
      let at = start
      while (at < end && bytes[at] !== ESCAPE) at++
      if (at >= end) return 'no'
      if (plain.length < end - start) plain = Buffer.alloc((end - start) * 2)
      let to = bytes.copy(plain, 0, start, at)
      for (; at < end; at++) {
        const byte = bytes[at] ?? 0
        if (byte !== ESCAPE) plain[to++] = byte
        else if (bytes[at + 1] !== 91)
          at++ // ESC and one letter
        else {
          at += 2
          while (at < end && (bytes[at] ?? 0) < 64) at++ // up to the letter that says what it does
        }
      }
      envelope.bytes = plain
      envelope.start = 0
      envelope.end = to
      return 'line'
    },
  }
}

export const ansi: Wrapping = {
  id: 'ansi',
  reads: 'terminal colours in any log',
  reference: 'https://ecma-international.org/publications-and-standards/standards/ecma-48/',
  example: '\u001b[36mweb-1  | \u001b[0mlevel=error msg="no route to host"',
  // One coloured line is enough: the others go on as they are.
  sniff: (lines) => (lines.some((line) => line.includes('\u001b[')) ? 1 : 0),
  open,
}
