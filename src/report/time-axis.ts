/** Sensible moments on an axis of time, in UTC whatever the machine's zone. */
import { clock, date } from './words.js'

export interface Window {
  readonly from: number
  readonly to: number
}

const SECOND = 1_000
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3_600 * SECOND, 86_400 * SECOND]
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((n) => n * SECOND)
  .concat(
    [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    [1, 2, 3, 6, 12].map((n) => n * HOUR),
    [1, 2, 5, 10, 30, 100, 365].map((n) => n * DAY),
  )

/** Round moments, about `most` of them at most; fewer where their words are longer. */
export const tickTimes = ({ from, to }: Window, most: number): { step: number; times: readonly number[] } => {
  const room = (step: number): number => (step >= DAY ? most * 0.6 : step < MINUTE ? most * 0.75 : most)
  const step = STEPS.find((one) => (to - from) / one <= room(one)) ?? (to - from) / (most * 0.6)
  const times: number[] = []
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time)
  return { step, times }
}

/** '10:15', with seconds or as a day where the steps are that small or large. */
export const tickWords = (time: number, step: number): string => {
  const iso = new Date(time).toISOString()
  return step >= DAY ? date(iso) : step < MINUTE ? clock(iso) : clock(iso).slice(0, 5)
}

/** The day, where ticks show only the time and this one is the first of its day. */
export const dayWords = (time: number, step: number, before: number | undefined): string => {
  const day = date(new Date(time).toISOString())
  return step >= DAY || (before !== undefined && date(new Date(before).toISOString()) === day) ? '' : `${day} UTC`
}
