/** What all lanes share: the scale of time, phases as bands, rounds as lines, the axis and its ticks. */
import { colourOf } from './glyphs.js'
import type { IncidentView } from './incident-view.js'
import { element, join, text, type Markup } from './markup.js'
import { dayWords, tickTimes, tickWords, type Window } from './time-axis.js'

/** Percent of the page's width. */
export const LEFT = 2
const RIGHT = 98

/** Milliseconds to percent; what lies outside is drawn at the edge. */
export type Scale = (ms: number) => number
export const scale =
  ({ from, to }: Window): Scale =>
  (ms) =>
    LEFT + Math.min(1, Math.max(0, (ms - from) / (to - from))) * (RIGHT - LEFT)

export const percent = (value: number): string => `${Math.round(value * 1_000) / 1_000}%`

const PHASE_WORDS = { 'lead-up': 'Lead-up', impact: 'Impact', detection: 'Detection', response: 'Response', recovery: 'Recovery' } as const

const phaseColour = (name: keyof typeof PHASE_WORDS): string => (name === 'lead-up' ? '#5b6470' : colourOf(name))

export const phaseRows = (incident: IncidentView, x: Scale, y: number): { height: number; markup: Markup } => {
  const rows = incident.phases.map((phase, index) => {
    const [from, to] = [x(Date.parse(phase.start)), x(Date.parse(phase.end))]
    const at = y + index * 17
    const place = to < 60 ? { x: to, dx: 6, anchor: 'start' } : from > 40 ? { x: from, dx: -6, anchor: 'end' } : { x: from, dx: 6, anchor: 'start' }
    return element(
      'g',
      { class: 'phase-row' },
      element(
        'rect',
        {
          class: `phase phase-${phase.name}`,
          x: percent(from),
          y: at + 3,
          width: percent(Math.max(0.4, to - from)),
          height: 11,
          rx: 2,
          fill: phaseColour(phase.name),
          'fill-opacity': 0.34,
        },
        element('title', {}, text(`${PHASE_WORDS[phase.name]}: ${phase.when} (${phase.lasted})`)),
      ),
      element(
        'text',
        { x: percent(place.x), dx: place.dx, y: at + 13, 'text-anchor': place.anchor, 'font-size': 11.5, class: 'strong' },
        text(PHASE_WORDS[phase.name]),
      ),
    )
  })
  return { height: rows.length === 0 ? 0 : rows.length * 17 + 6, markup: element('g', { class: 'phases' }, join(rows)) }
}

export const bands = (incident: IncidentView, x: Scale, y: number, height: number): Markup =>
  join(
    incident.phases.map((phase) => {
      const [from, to] = [x(Date.parse(phase.start)), x(Date.parse(phase.end))]
      return element('rect', {
        class: `band phase-${phase.name}`,
        x: percent(from),
        y,
        width: percent(Math.max(0.15, to - from)),
        height,
        fill: phaseColour(phase.name),
        'fill-opacity': phase.name === 'lead-up' ? 0.035 : 0.065,
      })
    }),
  )

export const roundLines = (incident: IncidentView, x: Scale, from: number, to: number, named: boolean): Markup =>
  join(
    incident.rounds.flatMap((round, index) => {
      if (round.start === null || index === 0) return []
      const at = x(Date.parse(round.start))
      const line = element('line', {
        class: 'round',
        x1: percent(at),
        x2: percent(at),
        y1: from,
        y2: to,
        stroke: '#1d2125',
        'stroke-width': 1,
        'stroke-dasharray': '1 4',
      })
      const name = element(
        'text',
        { x: percent(at), dx: at > 85 ? -4 : 4, y: from + 11, 'font-size': 11, 'text-anchor': at > 85 ? 'end' : 'start', class: 'strong round-name' },
        text(`round ${index + 1}`),
      )
      return named ? [line, name] : [line]
    }),
  )

export const axis = (window: Window, x: Scale, y: number): Markup => {
  const { step, times } = tickTimes(window, 6.5)
  const words = (at: number, dy: number, size: number, value: string): Markup =>
    element(
      'text',
      { x: percent(at), y: y + dy, 'text-anchor': at < 15 ? 'start' : at > 85 ? 'end' : 'middle', 'font-size': size, class: 'quiet' },
      text(value),
    )
  return element(
    'g',
    { class: 'axis', 'data-y': y },
    ...times.map((time, index) => {
      const day = dayWords(time, step, times[index - 1])
      return join([words(x(time), 30, 12, tickWords(time, step)), ...(day === '' ? [] : [words(x(time), 15, 11, day)])])
    }),
  )
}

export const ticks = (window: Window, x: Scale, y: number, height: number): Markup => {
  const major = tickTimes(window, 6.5).times
  const minor = tickTimes(window, 30).times.filter((time) => !major.includes(time))
  const line = (time: number, strong: boolean): Markup =>
    element('line', {
      class: strong ? 'tick' : 'tick minor',
      x1: percent(x(time)),
      x2: percent(x(time)),
      y1: y,
      y2: y + height,
      stroke: '#5b6470',
      'stroke-opacity': strong ? 0.3 : 0.1,
    })
  return join([...minor.map((time) => line(time, false)), ...major.map((time) => line(time, true))])
}
