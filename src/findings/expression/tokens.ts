/** A PromQL expression cut into words: https://github.com/prometheus/prometheus/blob/v2.55.0/promql/parser/lex.go */

export interface Token {
  /** range: what stands in [ ], read by nobody else; end: there is no more. */
  readonly kind: 'number' | 'name' | 'string' | 'range' | 'sign' | 'end'
  /** Of a string what is within its quotes, of a range what is within its brackets. */
  readonly text: string
}

/** Longer ones are made by machines, and nobody's to read. */
export const MOST_CHARACTERS = 4_000

/** One way to read each place, so that nothing is tried twice. */
const WORD =
  /[ \t\r\n]+|#[^\n]*|(?<number>(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[a-z0-9_]*)|(?<name>[a-z_:][a-z0-9_:]*)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|`(?<raw>[^`]*)`|\[(?<range>[^[\]]*)\]|(?<sign>==|!=|<=|>=|=~|!~|[-+*/%^<>=(){},@])/iuy

/** null: not an expression, or one too long. */
export const tokensOf = (text: string): readonly Token[] | null => {
  if (text.length > MOST_CHARACTERS) return null
  const tokens: Token[] = []
  WORD.lastIndex = 0
  while (WORD.lastIndex < text.length) {
    const { number, name, double, single, raw, range, sign } = WORD.exec(text)?.groups ?? {}
    // A match that failed has put the place back to the beginning.
    if (WORD.lastIndex === 0) return null
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (range !== undefined) tokens.push({ kind: 'range', text: range })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else {
      const string = double ?? single ?? raw
      if (string !== undefined) tokens.push({ kind: 'string', text: string })
    }
  }
  return tokens
}
