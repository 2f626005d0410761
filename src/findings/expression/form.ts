/**
 * What an expression computes, as far as it can be undone: a sum of multiples of measured quantities, perhaps divided by another, plus a number.
 * 100 * (1 - available / total) is -100 · available / total + 100. What is no such form (a product of two metrics, a power, a comparison) is null:
 * nobody reads it, least of all as one of the metrics in it.
 */

export interface Matcher {
  readonly label: string
  readonly is: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** An aggregation on the way from a metric's series to what is shown. */
export interface Aggregation {
  readonly does: string
  readonly labels: readonly string[]
  /** by: the labels are all that is kept; without: they are what is not. */
  readonly by: boolean
}

/** Whether series of several values of a label still stand beside each other after it. */
export const keeps = ({ labels, by }: Aggregation, label: string): boolean => labels.includes(label) === by

export interface Quantity {
  readonly metric: string
  readonly matchers: readonly Matcher[]
  /** value: as it is; rate: per second; increase: over a time that is not known; quantile: of the buckets that the metric counts in; change: how fast a gauge moves. */
  readonly how: 'value' | 'rate' | 'increase' | 'quantile' | 'change'
  /** Seconds of the [range] that no function has taken yet, NaN where they are not known; null: no range. */
  readonly range: number | null
  /** Innermost first. */
  readonly through: readonly Aggregation[]
}

export interface Form {
  /** Added up, each so many times. None: a number. */
  readonly terms: readonly { readonly by: number; readonly of: Quantity }[]
  /** What their sum is divided by. */
  readonly over: Quantity | null
  readonly plus: number
}

/** More in one expression tell nothing that is looked for. */
const MOST_TERMS = 12

export const constant = (plus: number): Form | null => (Number.isFinite(plus) ? { terms: [], over: null, plus } : null)

export const quantity = (metric: string, matchers: readonly Matcher[]): Form => ({
  terms: [{ by: 1, of: { metric, matchers, how: 'value', range: null, through: [] } }],
  over: null,
  plus: 0,
})

/** The one quantity of a form that is nothing but it, or a multiple of it. */
export const single = (form: Form): { readonly by: number; readonly of: Quantity } | null => {
  const [term, ...rest] = form.terms
  return term !== undefined && rest.length === 0 && form.over === null && form.plus === 0 ? term : null
}

const isNumber = (form: Form): boolean => form.terms.length === 0

export const keyOf = ({ metric, matchers, how, range, through }: Quantity): string =>
  JSON.stringify([
    metric,
    matchers.map(({ label, is, value }) => `${label}${is}${value}`).sort(),
    how,
    range,
    through.map(({ does, labels, by }) => [does, by, labels.toSorted()]),
  ])

const same = (a: Quantity | null, b: Quantity | null): boolean => a === b || (a !== null && b !== null && keyOf(a) === keyOf(b))

/** Multiples of one quantity are one multiple of it; what cancels out is gone. A quantity over itself is 1. */
const tidy = ({ terms, over, plus }: Form): Form | null => {
  const sums = new Map<string, { by: number; of: Quantity }>()
  let rest = plus
  for (const { by, of } of terms) {
    if (over !== null && same(of, over)) {
      rest += by
      continue
    }
    const key = keyOf(of)
    const known = sums.get(key)
    if (known === undefined) sums.set(key, { by, of })
    else known.by += by
  }
  const left = [...sums.values()].filter(({ by }) => by !== 0)
  if (left.length > MOST_TERMS || !Number.isFinite(rest) || left.some(({ by }) => !Number.isFinite(by))) return null
  return { terms: left, over: left.length === 0 ? null : over, plus: rest }
}

export const scaled = ({ terms, over, plus }: Form, by: number): Form | null =>
  tidy({ terms: terms.map((term) => ({ by: term.by * by, of: term.of })), over, plus: plus * by })

export const add = (a: Form, b: Form): Form | null => {
  if (!isNumber(a) && !isNumber(b) && !same(a.over, b.over)) return null
  return tidy({ terms: [...a.terms, ...b.terms], over: a.over ?? b.over, plus: a.plus + b.plus })
}

export const multiply = (a: Form, b: Form): Form | null => {
  if (isNumber(a)) return scaled(b, a.plus)
  if (isNumber(b)) return scaled(a, b.plus)
  return isInfo(b) ? a : isInfo(a) ? b : null
}

/**
 * What an *_info metric says is in its labels, its value is always 1: it is multiplied by for its labels' sake.
 * https://prometheus.io/docs/specs/om/open_metrics_spec/#info
 */
const isInfo = (form: Form): boolean => {
  const one = single(form)
  return (
    one !== null &&
    one.by === 1 &&
    one.of.how === 'value' &&
    /_info:?$/u.test(one.of.metric) &&
    one.of.through.every(({ does }) => /^(?:min|max|avg)$/u.test(does))
  )
}

export const divide = (a: Form, b: Form): Form | null => {
  if (isNumber(b)) return b.plus === 0 ? null : scaled(a, 1 / b.plus)
  const under = single(b)
  // A number over a quantity is no multiple of it, nor is a quotient of quotients of any.
  if (under === null || isNumber(a) || a.over !== null || a.plus !== 0) return null
  return tidy({ terms: a.terms.map(({ by, of }) => ({ by: by / under.by, of })), over: under.of, plus: 0 })
}

/** One of several, or their mean, is as linear as they are; a sum of quotients is none, and how many numbers it would add nobody knows. */
const ALIKE = /^(?:min|max|avg|quantile)$/u

export const aggregated = (form: Form, by: Aggregation): Form | null => {
  const through = (of: Quantity): Quantity => ({ ...of, through: [...of.through, by] })
  if (by.does === 'topk' || by.does === 'bottomk') return form
  if (by.does === 'count') {
    const [term, ...rest] = form.terms
    return term === undefined || rest.length > 0 || form.over !== null ? null : { terms: [{ by: 1, of: through(term.of) }], over: null, plus: 0 }
  }
  if (by.does === 'sum' ? form.over !== null || form.plus !== 0 : !ALIKE.test(by.does)) return null
  return { terms: form.terms.map((term) => ({ by: term.by, of: through(term.of) })), over: form.over === null ? null : through(form.over), plus: form.plus }
}

/** Every quantity of it with something done to it. */
export const each = (form: Form, change: (of: Quantity) => Quantity): Form => ({
  ...form,
  terms: form.terms.map(({ by, of }) => ({ by, of: change(of) })),
  over: form.over === null ? null : change(form.over),
})
