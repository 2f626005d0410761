/** The literals of a statement that a log quotes: what people looked for and stored. */

/** What begins a statement, or the values of one, in a server's log. Each looks ahead only so far. */
const BEGINNINGS: readonly RegExp[] = [
  /\bstatement:/iu,
  /\bexecute [^\n:]{1,100}:/iu,
  /\bparameters:/iu,
  /\bselect\b[^;]{0,2000}?\bfrom\b/iu,
  /\bselect\s{1,8}[\w.]{1,100}\(/iu,
  /\binsert\s{1,8}into\b/iu,
  /\bupdate\s{1,8}(?:only\s{1,8})?[\w."]{1,200}\s{1,8}(?:as\s{1,8})?(?:\w{1,60}\s{1,8})?set\b/iu,
  /\bdelete\s{1,8}from\b/iu,
  /\bmerge\s{1,8}into\b/iu,
  /\bwhere\s{1,8}[\w."(]{1,200}\s{0,8}(?:=|<|>|like\b|in\b|between\b)/iu,
  /\bvalues\s{0,8}\(/iu,
  /\bkey \([^)]{1,500}\)=/iu,
  /\brow contains \(/iu,
]

const beginning = (text: string): number =>
  BEGINNINGS.reduce((first, one) => {
    const at = text.search(one)
    return at >= 0 && (first < 0 || at < first) ? at : first
  }, -1)

// A quoted literal, also one that was cut off; a value of a key's columns; a bare number. Identifiers are in double quotes and stay.
const LITERAL = /'((?:[^']|'')*)(?:'|$)|(?<==)\(([^()']{1,1000})\)|(?<![\p{L}\p{N}_.$"-])-?\d+(?:\.\d+)?(?![\p{L}\p{N}_."])/gu

export const redactSql = (text: string, pseudonym: (literal: string) => string): string => {
  const from = beginning(text)
  if (from < 0) return text
  const statement = text.slice(from).replace(LITERAL, (whole, quoted: string | undefined, values: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? whole : `'${pseudonym(quoted)}'`
    return values === undefined ? pseudonym(whole) : `(${pseudonym(values)})`
  })
  return text.slice(0, from) + statement
}
