/** The series that matter as low strips under the lanes, on the same axis of time: what rose when the lane above went dark. */
import type { Chart } from '../post-mortem/post-mortem.js'
import { amount, thin } from './chart-data.js'
import type { IncidentView } from './incident-view.js'
import { lineStyle } from './line-styles.js'
import { element, fit, join, text, type Markup } from './markup.js'
import type { Window } from './time-axis.js'

export interface Strip {
  readonly title: string
  readonly height: number
  readonly markup: Markup
  /** Under the lines: where no sample is. */
  readonly below: Markup
}

const [TOP, HEIGHT] = [22, 46]
/** Units of a strip's own width; it is stretched to the page's. */
const WIDE = 1_000
const MOST_POINTS = 240

export const seriesStrips = (incident: IncidentView, blind: string): readonly Strip[] =>
  incident.charts
    .map((chart, index) => ({ chart, anchor: `${incident.anchor}-chart-${index + 1}` }))
    .filter(({ chart }) => chart.lines.some(({ points }) => points.some(([time]) => time >= incident.window.from && time <= incident.window.to)))
    .map(({ chart, anchor }) => strip(chart, anchor, incident.window, blind))

const strip = (chart: Chart, anchor: string, window: Window, blind: string): Strip => {
  const top = highest(chart)
  const x = (time: number): number => Math.round(((time - window.from) / (window.to - window.from)) * WIDE)
  const y = (value: number): number => Math.round((1 - Math.min(1.02, Math.max(0, value / top))) * HEIGHT * 10) / 10
  const limit = chart.limits[0]
  const limitWords = limit === undefined ? '' : `${fit(limit.label, 10)}: ${amount(chart.unit, limit.value)}`
  const percent = (time: number): string => `${2 + ((time - window.from) / (window.to - window.from)) * 96}%`
  return {
    title: `${chart.title}. ${chart.description}`,
    height: TOP + HEIGHT + 8,
    below: join(
      gaps(chart, window).map(({ from, to }) =>
        element(
          'rect',
          {
            x: percent(from),
            y: TOP,
            width: `${parseFloat(percent(to)) - parseFloat(percent(from))}%`,
            height: HEIGHT,
            fill: `url(#${blind})`,
            'fill-opacity': 0.55,
          },
          element('title', {}, text('No samples here')),
        ),
      ),
    ),
    markup: join([
      element(
        'text',
        { x: 6, y: 15 },
        element(
          'a',
          { href: `#${anchor}`, class: 'strip-name' },
          element('title', {}, text(`${chart.title}: the chart and its numbers`)),
          element('tspan', { 'font-weight': 600 }, text(fit(chart.title, 18))),
        ),
        element('tspan', { dx: 6, class: 'quiet', 'font-size': 11.5 }, text(`up to ${amount(chart.unit, peak(chart))}`)),
      ),
      ...(limitWords === '' ? [] : [element('text', { x: '98%', y: 15, 'text-anchor': 'end', class: 'quiet', 'font-size': 11.5 }, text(limitWords))]),
      inner(
        join([
          element('line', { class: 'base', x1: 0, x2: WIDE, y1: HEIGHT, y2: HEIGHT, stroke: '#8a939c', 'vector-effect': 'non-scaling-stroke' }),
          ...chart.limits.map(({ value }) =>
            element('line', {
              class: 'limit',
              x1: 0,
              x2: WIDE,
              y1: y(value),
              y2: y(value),
              stroke: '#1d2125',
              'stroke-dasharray': '3 3',
              'vector-effect': 'non-scaling-stroke',
            }),
          ),
          ...chart.lines.map((line, index) => {
            const style = lineStyle(index)
            return element('path', {
              class: `series-${index % 8}`,
              d: path(thin(line.points, MOST_POINTS), x, y, chart.unit === 'state'),
              fill: 'none',
              stroke: style.colour,
              'stroke-width': 1.6,
              'stroke-dasharray': style.dash.length === 0 ? undefined : style.dash.join(' '),
              'vector-effect': 'non-scaling-stroke',
            })
          }),
        ]),
      ),
    ]),
  }
}

const inner = (markup: Markup): Markup =>
  element('svg', { class: 'plot', x: '2%', y: TOP, width: '96%', height: HEIGHT, viewBox: `0 0 ${WIDE} ${HEIGHT}`, preserveAspectRatio: 'none' }, markup)

/** Lifted where the line is broken. */
const path = (points: readonly (readonly [number, number | null])[], x: (time: number) => number, y: (value: number) => number, stepped: boolean): string => {
  let drawn = ''
  let lifted = true
  for (const [time, value] of points) {
    if (value === null || !Number.isFinite(value)) {
      lifted = true
      continue
    }
    drawn += lifted ? `M${x(time)} ${y(value)}` : stepped ? `H${x(time)}V${y(value)}` : `L${x(time)} ${y(value)}`
    lifted = false
  }
  return drawn || 'M0 0'
}

const peak = (chart: Chart): number => {
  let most = -Infinity
  for (const { points } of chart.lines) for (const [, value] of points) if (value !== null && value > most) most = value
  return Number.isFinite(most) ? most : 0
}

const highest = (chart: Chart): number => {
  const most = Math.max(peak(chart), ...chart.limits.map(({ value }) => value).filter(Number.isFinite))
  return most > 0 && Number.isFinite(most) ? most * 1.06 : 1
}

/** Where no line has a sample: from the last point before a break to the first after it. */
const gaps = (chart: Chart, window: Window): readonly Window[] => {
  const [first, ...others] = chart.lines.map(({ points }) => breaks(points, window))
  return others.reduce(
    (common, holes) =>
      common.flatMap((one) =>
        holes.map((hole) => ({ from: Math.max(one.from, hole.from), to: Math.min(one.to, hole.to) })).filter(({ from, to }) => to > from),
      ),
    first ?? [],
  )
}

const breaks = (points: Chart['lines'][number]['points'], window: Window): readonly Window[] => {
  const found: Window[] = []
  let last: number | null = null
  let broken = false
  for (const [time, value] of points) {
    if (value === null) broken = last !== null
    else {
      if (broken && last !== null && time > window.from && last < window.to) found.push({ from: Math.max(last, window.from), to: Math.min(time, window.to) })
      broken = false
      last = time
    }
  }
  return found
}
