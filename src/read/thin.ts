/**
 * Fewer samples of a series, so that its peaks stay: of so many that follow each other the lowest and the highest. Thinning what was thinned before gives
 * what thinning all of it at once gives.
 */

/** Of samples [from, to) the first of the lowest and the last of the highest; false where one is NaN. What was found lies here: an object each would be garbage. */
export const extremes = { low: 0, high: 0 }
export const findExtremes = (values: Float64Array, from: number, to: number): boolean => {
  let [low, high] = [from, from]
  let least = values[from] ?? NaN
  let most = least
  if (least !== least) return false
  for (let at = from + 1; at < to; at++) {
    const value = values[at] ?? NaN
    if (value >= most) {
      most = value
      high = at
    } else if (value < least) {
      least = value
      low = at
    } else if (value !== value) return false
  }
  extremes.low = low
  extremes.high = high
  return true
}

/** Of four samples at a time those two, in place; returns how many are left. The samples are in the order of time, and none is NaN. */
export const halve = (times: Float64Array, values: Float64Array, size: number): number => {
  // What is written never comes before what is still to be read.
  let to = 0
  for (let at = 0; at < size; at += 4) {
    findExtremes(values, at, Math.min(at + 4, size))
    const first = Math.min(extremes.low, extremes.high)
    const second = Math.max(extremes.low, extremes.high)
    const [secondAt, secondValue] = [times[second] ?? 0, values[second] ?? 0]
    times[to] = times[first] ?? 0
    values[to++] = values[first] ?? 0
    if (second === first) continue
    times[to] = secondAt
    values[to++] = secondValue
  }
  return to
}
