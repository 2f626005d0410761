/**
 * Reads a PromQL expression for what it computes of which metrics, as a form that can be undone (form.ts).
 * 100 - (avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100)
 * https://github.com/prometheus/prometheus/blob/v2.55.0/docs/querying/operators.md · …/basics.md · …/functions.md
 */
import { add, aggregated, constant, divide, each, multiply, quantity, scaled, single, type Form, type Matcher, type Quantity } from './form.js'
import { tokensOf, type Token } from './tokens.js'

const DEEPEST = 40

/** null: not an expression, or one that nothing here understands. */
export const readExpression = (text: string): Form | null => {
  const tokens = tokensOf(text)
  if (tokens === null || tokens.length === 0) return null
  const reader = readerOf(tokens)
  const form = reader.whole()
  return form !== null && reader.isAtEnd() ? form : null
}

const AGGREGATIONS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'quantile',
  'topk',
  'bottomk',
  'group',
  'stddev',
  'stdvar',
  'count_values',
  'limitk',
  'limit_ratio',
])
/** Of these the first argument says of what they are. */
const WITH_PARAMETER: ReadonlySet<string> = new Set(['quantile', 'topk', 'bottomk', 'count_values', 'limitk', 'limit_ratio'])

const END: Token = { kind: 'end', text: '' }

/** Each gives null where it does not understand, and then nobody reads on. */
const readerOf = (tokens: readonly Token[]) => {
  let place = 0
  let depth = 0
  const here = (): Token => tokens[place] ?? END
  const isSign = (text: string): boolean => here().kind === 'sign' && here().text === text
  const isName = (text: string): boolean => here().kind === 'name' && here().text.toLowerCase() === text
  const took = (is: boolean): boolean => {
    if (is) place++
    return is
  }
  const sign = (text: string): boolean => took(isSign(text))
  const word = (text: string): boolean => took(isName(text))

  const labels = (): readonly string[] | null => {
    if (!sign('(')) return null
    const found: string[] = []
    while (here().kind === 'name' || here().kind === 'string') {
      found.push(here().text)
      place++
      if (!sign(',')) break
    }
    return sign(')') ? found : null
  }

  /** Which entries of two vectors belong together changes no value. `fill` and `bool` do. */
  const matching = (): boolean => {
    if ((word('on') || word('ignoring')) && labels() === null) return false
    if ((word('group_left') || word('group_right')) && isSign('(') && labels() === null) return false
    return !/^(?:bool|fill(?:_left|_right)?)$/u.test(here().text)
  }

  const chain = (next: () => Form | null, join: (sign: string) => ((a: Form, b: Form) => Form | null) | undefined) => (): Form | null => {
    let left = next()
    for (;;) {
      const operator = here()
      const how = operator.kind === 'sign' || operator.kind === 'name' ? join(operator.text.toLowerCase()) : undefined
      if (left === null || how === undefined) return left
      place++
      const right = matching() ? next() : null
      left = right === null ? null : how(left, right)
    }
  }

  const whole = (): Form | null => {
    if (++depth > DEEPEST) return null
    const form = either()
    depth--
    return form
  }

  const unary = (): Form | null => {
    let by = 1
    while (isSign('-') || isSign('+')) {
      if (isSign('-')) by = -by
      place++
    }
    const form = measured()
    // A power, whose sign would stand outside of it.
    if (form === null || isSign('^')) return null
    return scaled(form, by)
  }
  const products = chain(unary, (text) => (text === '*' ? multiply : text === '/' ? divide : text === '%' || text === 'atan2' ? unknown : undefined))
  const sums = chain(products, (text) => (text === '+' ? add : text === '-' ? subtract : undefined))
  // A filter by value leaves holes that look like nothing.
  const compared = chain(sums, (text) => (/^(?:==|!=|<=|>=|<|>)$/u.test(text) ? unknown : undefined))
  // A filter by what else is there changes no value.
  const both = chain(compared, (text) => (text === 'and' || text === 'unless' ? (a) => a : undefined))
  // `or vector(0)`: nought where there is nothing.
  const either = chain(both, (text) => (text === 'or' ? (a, b) => (b.terms.length === 0 && b.plus === 0 ? a : null) : undefined))

  const measured = (): Form | null => {
    let form = operand()
    for (;;) {
      const { kind, text } = here()
      if (form === null) return null
      if (kind === 'range') {
        place++
        const seconds = secondsOf(text)
        form = each(form, (of) => ({ ...of, range: seconds }))
      } else if (isName('offset') || isSign('@'))
        return null // what was at another time
      else return form
    }
  }

  const operand = (): Form | null => {
    const { kind, text } = here()
    if (kind === 'number') {
      place++
      return constant(Number(text))
    }
    if (sign('(')) {
      const form = whole()
      return sign(')') ? form : null
    }
    if (isSign('{')) return selector('')
    if (kind !== 'name') return null
    place++
    const name = text.toLowerCase()
    if (AGGREGATIONS.has(name) && (isSign('(') || isName('by') || isName('without'))) return aggregation(name)
    if (isSign('(')) return call(text)
    return name === 'inf' || name === 'nan' ? null : selector(text)
  }

  const selector = (name: string): Form | null => {
    const matchers: Matcher[] = []
    let metric = name
    if (sign('{')) {
      while (here().kind === 'name' || here().kind === 'string') {
        const label = here()
        place++
        const is = here().text
        if (here().kind === 'sign' && (is === '=' || is === '!=' || is === '=~' || is === '!~')) {
          place++
          if (here().kind !== 'string') return null
          if (label.text === '__name__' && is === '=') metric = here().text
          else matchers.push({ label: label.text, is, value: here().text })
          place++
        } else if (label.kind === 'string')
          metric = label.text // {"metric.name", label="value"}, since 3.0
        else return null
        if (!sign(',')) break
      }
      if (!sign('}')) return null
    }
    return metric === '' ? null : quantity(metric, matchers)
  }

  /** by (a, b), before or after what is aggregated; without either nothing is kept. */
  const grouping = (): { readonly by: boolean; readonly labels: readonly string[] } | null => {
    const by = isName('by')
    if (!by && !isName('without')) return { by: true, labels: [] }
    place++
    const named = labels()
    return named === null ? null : { by, labels: named }
  }

  const aggregation = (does: string): Form | null => {
    const before = isSign('(') ? null : grouping()
    if (before === null && !isSign('(')) return null
    const form = inParentheses()?.[WITH_PARAMETER.has(does) ? 1 : 0]
    const kept = before ?? grouping()
    return form === null || form === undefined || kept === null ? null : aggregated(form, { does, ...kept })
  }

  /** The arguments of a call. A string is one that nothing is read from. */
  const inParentheses = (): readonly (Form | null)[] | null => {
    if (!sign('(')) return null
    const found: (Form | null)[] = []
    while (!isSign(')')) {
      if (here().kind === 'string') {
        place++
        found.push(null)
      } else {
        const form = whole()
        if (form === null) return null
        found.push(form)
      }
      if (!sign(',')) break
    }
    return sign(')') ? found : null
  }

  const call = (name: string): Form | null => {
    const given = inParentheses()
    const [first, second] = given ?? []
    if (first === undefined) return null
    if (name === 'histogram_quantile') return second === undefined || second === null ? null : alone(second, (of) => ({ ...of, how: 'quantile' }))
    if (name === 'quantile_over_time') return second === undefined || second === null ? null : overTime(second)
    if (first === null) return null
    if (AS_IT_IS.has(name)) return first
    if (/^(?:avg|min|max|last)_over_time$/u.test(name)) return overTime(first)
    if (name === 'rate' || name === 'irate') return ranged(first, 'rate')
    if (name === 'deriv' || name === 'delta' || name === 'idelta') return ranged(first, 'change')
    if (name !== 'increase') return null
    const seconds = single(first)?.of.range ?? NaN
    return seconds > 0 ? scaledOrNull(ranged(first, 'rate'), seconds) : ranged(first, 'increase')
  }

  return { whole, isAtEnd: () => place >= tokens.length }
}

const unknown = (): null => null
const subtract = (a: Form, b: Form): Form | null => {
  const less = scaled(b, -1)
  return less === null ? null : add(a, less)
}
const scaledOrNull = (form: Form | null, by: number): Form | null => (form === null ? null : scaled(form, by))

/** Give their first argument: what they do to it is to its order, its labels or its last digits. */
const AS_IT_IS: ReadonlySet<string> = new Set([
  'clamp',
  'clamp_max',
  'clamp_min',
  'label_join',
  'label_replace',
  'round',
  'scalar',
  'sort',
  'sort_by_label',
  'sort_by_label_desc',
  'sort_desc',
  'vector',
])

const overTime = (form: Form): Form => each(form, (of) => ({ ...of, range: null }))

const alone = (form: Form, change: (of: Quantity) => Quantity): Form | null => (single(form)?.by === 1 ? each(form, change) : null)

/** rate(metric[5m]): of a metric as it is, not of what was computed from several. */
const ranged = (form: Form, how: Quantity['how']): Form | null => {
  const of = single(form)?.of
  return of === undefined || of.range === null || of.how !== 'value' || of.through.length > 0 ? null : alone(form, (one) => ({ ...one, how, range: null }))
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

/** 1h30m; NaN for what dashboards put in later ($__rate_interval) and for subqueries ([1h:5m]). */
export const secondsOf = (range: string): number => {
  const text = range.trim()
  if (!/^(?:\d{1,9}(?:ms|[smhdwy])){1,7}$/u.test(text)) return NaN
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/gu)) seconds += Number(count) * (SECONDS[unit ?? ''] ?? NaN)
  return seconds
}
