/**
 * Severities of application logs, from their bytes. The names are those of log4j, Python's logging, slf4j, zap, pino, syslog (RFC 5424, 6.2.1)
 * and glog; they are folded into seven levels.
 */

export const NONE = 0
export const TRACE = 1
export const DEBUG = 2
export const INFO = 3
export const WARNING = 4
export const ERROR = 5
export const FATAL = 6

/** The label of a level; its index is the level. */
export const LEVEL_NAMES = ['none', 'trace', 'debug', 'info', 'warning', 'error', 'fatal'] as const

/** One step of the hash of a word, letters folded to lower case. */
export const hashed = (hash: number, byte: number): number => (Math.imul(hash, 131) + (byte | 32)) | 0

export const hashOf = (word: string): number => {
  let hash = 0
  for (let at = 0; at < word.length; at++) hash = hashed(hash, word.charCodeAt(at))
  return hash
}

const WORDS: ReadonlyMap<number, number> = new Map(
  (
    [
      [TRACE, 'trace trc finest finer all'],
      [DEBUG, 'debug dbg fine verbose debug1 debug2 debug3 debug4 debug5'],
      [INFO, 'info inf information informational notice config default'],
      [WARNING, 'warn warning wrn'],
      [ERROR, 'error err eror severe'],
      [FATAL, 'fatal ftl critical crit alert emerg emergency panic dpanic'],
    ] as const
  ).flatMap(([level, words]) => words.split(' ').map((word): [number, number] => [hashOf(word), level])),
)

/** Words that begin a message as often as they name its level: 'alert manager started', 'all done', 'config reloaded'. */
const ALSO_PROSE: ReadonlySet<number> = new Set('all fine default config alert emergency panic verbose information severe'.split(' ').map(hashOf))

/** 1 for the letters that a level's name begins with, folded to lower case: most words need not be looked up. */
const FIRST_LETTERS = Uint8Array.from({ length: 128 }, (_, byte) => ('tdfvinwesacp'.includes(String.fromCharCode(byte)) ? 1 : 0))

/** The level that a value of `level=` or "severity": names; NONE where it names none. */
export const levelOfHash = (hash: number): number => WORDS.get(hash) ?? NONE

const levelOfLetter = (byte: number | undefined): number => {
  switch (byte) {
    case 84: // T
      return TRACE
    case 68: // D
    case 86: // V
      return DEBUG
    case 73: // I
    case 78: // N
      return INFO
    case 87: // W
      return WARNING
    case 69: // E
      return ERROR
    case 70: // F
    case 67: // C
      return FATAL
    default:
      return NONE
  }
}

const LONGEST = 13

/**
 * The level a value names: error, "ERROR", E, a pino or bunyan number (50), a syslog number (3) where `syslog` says that numbers are such.
 * https://getpino.io/#/docs/api?id=loggerlevels-object
 */
export const levelOfValue = (bytes: Buffer, start: number, end: number, syslog: boolean): number => {
  const length = end - start
  if (length < 1 || length > LONGEST) return NONE
  const first = bytes[start] ?? 0
  if (first >= 48 && first <= 57) {
    let value = 0
    for (let at = start; at < end; at++) {
      const figure = (bytes[at] ?? 0) - 48
      if (figure < 0 || figure > 9) return NONE
      value = value * 10 + figure
    }
    if (syslog && value < 8) return value < 3 ? FATAL : value === 3 ? ERROR : value === 4 ? WARNING : value === 7 ? DEBUG : INFO
    if (value < 10 || value > 69) return NONE
    return Math.floor(value / 10)
  }
  if (length === 1) return levelOfLetter(first & 0xdf)
  let hash = 0
  for (let at = start; at < end; at++) hash = hashed(hash, bytes[at] ?? 0)
  return levelOfHash(hash)
}

const isUpper = (byte: number): boolean => byte >= 65 && byte <= 90

/**
 * The level that a word of a line's beginning names; NONE for a word of its message. `nth` counts the words after the stamp from 0.
 * In capitals it is a level wherever it stands; else only in brackets, before a colon, or right after the stamp.
 */
export const levelOfWord = (bytes: Buffer, start: number, end: number, hash: number, nth: number, lineEnd: number): number => {
  const length = end - start
  if (length > LONGEST || FIRST_LETTERS[(bytes[start] ?? 0) | 32] !== 1) return NONE
  const before = start > 0 ? (bytes[start - 1] ?? 32) : 32
  const after = end < lineEnd ? (bytes[end] ?? 32) : 32
  const bracketed = (before === 91 && after === 93) || (before === 60 && after === 62) || (before === 40 && after === 41) || (before === 124 && after === 124)
  if (length === 1) {
    const level = levelOfLetter(bytes[start])
    if (bracketed) return level
    // 'E/OkHttp: …' (Android), '… I NETWORK …' (mongod before 4.4); 'A', 'I' as words of a sentence come with a small letter behind.
    if (nth > 2) return NONE
    const next = bytes[end + 1] ?? 32
    return (after === 47 || after === 32) && (after === 47 || isUpper(next) || next === 32 || next === 91) ? level : NONE
  }
  const level = levelOfHash(hash)
  if (level === NONE) return NONE
  if (before === 47 || before === 46 || before === 34 || before === 39 || after === 47 || after === 34 || after === 39) return NONE
  if (isUpper(bytes[start] ?? 0) && isUpper(bytes[start + 1] ?? 0)) return level
  if (bracketed) return level
  if (ALSO_PROSE.has(hash)) return NONE
  if (after === 58) return nth <= 2 ? level : NONE
  return nth === 0 && (after === 32 || after === 9) ? level : NONE
}
