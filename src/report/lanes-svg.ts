/** The timeline as swim lanes: an entity a lane, a kind a row, conditions as bars, moments as marks, phases as bands. As wide as the page: x is in percent. */
import type { Input } from '../model/analysis.js'
import type { Entity } from '../model/entity.js'
import { colourOf, shape } from './glyphs.js'
import type { FindingView } from './finding-view.js'
import type { IncidentView } from './incident-view.js'
import { element, ems, fit, fitMiddle, join, text, type Markup } from './markup.js'
import type { Window } from './time-axis.js'
import { axis, bands, LEFT, percent, phaseRows, roundLines, scale, ticks, type Scale } from './lanes-frame.js'
import { seriesStrips } from './series-strips.js'
import { clock, date, duration, plural } from './words.js'

const MOST_LANES = 16
const MOST_ROWS = 7
const ROW = 20
const HEAD = 24
/** Pixels in a percent of the narrowest page. */
const NARROWEST = 3.2

export interface LanesInput {
  readonly incident: IncidentView
  /** What each finding's evidence was read from, for where a lane has no data. */
  readonly inputs: readonly Input[]
}

interface Lane {
  readonly name: string
  readonly type: string
  readonly rows: readonly (readonly FindingView[])[]
  readonly left: number
  readonly entity: Entity
  readonly blind: readonly Blind[]
}

/** A stretch in which nothing tells of an entity. */
interface Blind extends Window {
  readonly why: string
}

/** A picture for the axis and one a lane, one under the other, so that a page may break between lanes. */
export const lanesSvg = ({ incident, inputs }: LanesInput): Markup => {
  const x = scale(incident.window)
  const { lanes, rest } = lanesOf(incident, inputs)
  const id = `${incident.anchor}-lanes`
  const phases = phaseRows(incident, x, 4)
  const axisTop = 4 + phases.height
  const head = axisTop + (incident.rounds.length > 1 ? 56 : 38)
  const described = `${plural(lanes.length, 'lane')} from ${utc(incident.window.from)} to ${utc(incident.window.to)} UTC, in the order of what was found first: ${lanes.map((lane) => `${lane.type} ${lane.name}`).join(', ')}.`
  const header = picture(
    head,
    { title: 'Timeline by entity: phases and time' },
    element('desc', {}, text(described)),
    element(
      'defs',
      {},
      element(
        'pattern',
        { id: `${id}-blind`, width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
        element('rect', { width: 1.6, height: 7, fill: '#9aa2ab', class: 'hatch' }),
      ),
    ),
    bands(incident, x, axisTop, head - axisTop),
    phases.markup,
    axis(incident.window, x, axisTop),
    ticks(incident.window, x, axisTop + 34, head - axisTop - 34),
    roundLines(incident, x, axisTop + 40, head, true),
  )
  const pieces = lanes.map((lane, index) => {
    const drawn = drawLane(lane, x, 0, index, `${id}-blind`)
    const under = join([bands(incident, x, 0, drawn.height), ticks(incident.window, x, 0, drawn.height)])
    return picture(
      drawn.height,
      { title: `${lane.type} ${lane.name}`, lane: lane.entity },
      under,
      drawn.markup,
      roundLines(incident, x, 0, drawn.height, false),
    )
  })
  if (rest > 0) {
    const words = `and ${plural(rest, 'more entity', 'more entities')}, in the findings below`
    pieces.push(picture(32, { title: words }, element('text', { x: 4, y: 20, class: 'quiet', 'font-size': 12.5 }, text(words))))
  }
  const strips = seriesStrips(incident, `${id}-blind`).map(({ title, height, markup, below }) =>
    picture(
      height,
      { title, lane: 'series' },
      bands(incident, x, 0, height),
      ticks(incident.window, x, 0, height),
      below,
      roundLines(incident, x, 0, height, false),
      markup,
    ),
  )
  return element(
    'div',
    { class: 'lanes', role: 'group', 'aria-label': 'Timeline by entity', 'data-from': String(incident.window.from), 'data-to': String(incident.window.to) },
    header,
    ...pieces,
    ...strips,
  )
}

interface Named {
  readonly title: string
  /** Whose lane it is, for those who want to hide it. */
  readonly lane?: string
}

const picture = (height: number, { title, lane }: Named, ...parts: readonly Markup[]): Markup =>
  element(
    'svg',
    {
      width: '100%',
      height,
      'font-family': 'system-ui, sans-serif',
      'font-size': 12.5,
      fill: '#1d2125',
      role: 'group',
      'aria-label': title,
      'data-lane': lane,
    },
    element('title', {}, text(title)),
    ...parts,
  )

const utc = (ms: number): string => {
  const iso = new Date(ms).toISOString()
  return `${date(iso)} ${clock(iso)}`
}

// ---- lanes

/** Where there are more entities than lanes: what others run on and what people use, before one pod of many. */
const TOLD_FIRST = ['node/', 'service/', 'postgres/', 'redis/', 'workload/', '']

const lanesOf = (incident: IncidentView, inputs: readonly Input[]): { lanes: readonly Lane[]; rest: number } => {
  const byEntity = new Map<Entity, FindingView[]>()
  for (const finding of incident.findings.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)))
    byEntity.set(finding.entity, [...(byEntity.get(finding.entity) ?? []), finding])
  // Lanes that the chain passes through stay whatever the number.
  const onChain = new Set(incident.chain.map((step) => step.finding.entity))
  const entities = [...byEntity.keys()]
  const linked = new Set(incident.findings.filter((finding) => finding.causes.length + finding.effects.length > 0).map((finding) => finding.entity))
  const rank = (entity: Entity): number => (onChain.has(entity) ? 0 : linked.has(entity) ? 1 + TOLD_FIRST.findIndex((prefix) => entity.startsWith(prefix)) : 9)
  const kept = new Set(entities.toSorted((a, b) => rank(a) - rank(b)).slice(0, MOST_LANES))
  const lanes = entities
    .filter((entity) => kept.has(entity))
    .map((entity) => {
      const findings = byEntity.get(entity) ?? []
      const byKind = new Map<string, FindingView[]>()
      for (const finding of findings) byKind.set(finding.kind, [...(byKind.get(finding.kind) ?? []), finding])
      const rows = [...byKind.values()]
      return {
        entity,
        name: findings[0]?.entityName ?? entity,
        type: findings[0]?.entityType ?? '',
        rows: rows.slice(0, MOST_ROWS),
        left: rows.length - MOST_ROWS,
        blind: [...blindOf(findings, inputs, incident.window), ...gapsIn(incident, entity)],
      }
    })
  return { lanes, rest: entities.length - lanes.length }
}

/** Formats that hold nothing while all is well: before their first line nobody was blind. */
const SPARSE: ReadonlySet<string> = new Set(['alertmanager'])

/** Where none of the inputs that speak of an entity has data: silence there is not health. */
const blindOf = (findings: readonly FindingView[], inputs: readonly Input[], window: Window): readonly Blind[] => {
  const anchors = new Set(findings.flatMap((finding) => [...finding.evidence, ...finding.shared].map((item) => item.inputAnchor)))
  const covered = inputs
    .filter((input, index) => anchors.has(`input-${index + 1}`) && !SPARSE.has(input.format) && input.from !== null && input.to !== null)
    .map(({ from, to }) => ({ from: Date.parse(from ?? ''), to: Date.parse(to ?? '') }))
    .toSorted((a, b) => a.from - b.from)
  if (covered.length === 0) return []
  const gaps: Window[] = []
  let at = window.from
  for (const { from, to } of covered) {
    if (from > at) gaps.push({ from: at, to: Math.min(from, window.to) })
    at = Math.max(at, to)
  }
  if (at < window.to) gaps.push({ from: at, to: window.to })
  const least = (window.to - window.from) * 0.012
  return gaps.filter((gap) => gap.to - gap.from > least).map((gap) => ({ ...gap, why: 'No data here from the inputs that speak of this entity' }))
}

/** Exactly from the last sample or line before to the first after; what is said of an entity twice is drawn once. */
const gapsIn = ({ gaps, window }: IncidentView, entity: Entity): readonly Blind[] => {
  const drawn: Blind[] = []
  for (const gap of gaps) {
    const [from, to] = [Math.max(window.from, Date.parse(gap.start)), Math.min(window.to, Date.parse(gap.end))]
    if (gap.entity !== entity || !(to > from) || drawn.some((one) => from < one.to && to > one.from)) continue
    const what = gap.what === 'samples' ? 'No samples' : 'No line in its log'
    drawn.push({
      from,
      to,
      why: `${what} from ${utc(Date.parse(gap.start))} to ${utc(Date.parse(gap.end))} UTC (${duration((Date.parse(gap.end) - Date.parse(gap.start)) / 1_000)})`,
    })
  }
  return drawn
}

const drawLane = (lane: Lane, x: Scale, y: number, index: number, blind: string): { height: number; markup: Markup } => {
  const rows: Markup[] = []
  let at = y + HEAD
  for (const row of lane.rows) {
    const drawn = drawRow(row, x, at)
    rows.push(drawn.markup)
    at += drawn.height
  }
  if (lane.left > 0) {
    rows.push(element('text', { x: percent(LEFT), y: at + 13, class: 'quiet', 'font-size': 11.5 }, text(`and ${plural(lane.left, 'more kind')} of finding`)))
    at += ROW
  }
  const height = at - y + 8
  return {
    height,
    markup: element(
      'g',
      { class: 'lane' },
      element('rect', { class: index % 2 === 0 ? 'even' : 'odd', x: 0, y, width: '100%', height, fill: '#5b6470', 'fill-opacity': index % 2 === 0 ? 0.05 : 0 }),
      ...lane.blind.map((gap) =>
        element(
          'rect',
          {
            x: percent(x(gap.from)),
            y: y + HEAD - 2,
            width: percent(x(gap.to) - x(gap.from)),
            height: height - HEAD,
            fill: `url(#${blind})`,
            'fill-opacity': 0.55,
          },
          element('title', {}, text(gap.why)),
        ),
      ),
      element(
        'text',
        { x: 6, y: y + 17 },
        element('title', {}, text(`${lane.type} ${lane.name}`)),
        element('tspan', { 'font-weight': 600 }, text(fitMiddle(lane.name, 17))),
        element('tspan', { dx: 6, class: 'quiet', 'font-size': 11.5 }, text(lane.type)),
      ),
      ...rows,
    ),
  }
}

const drawRow = (findings: readonly FindingView[], x: Scale, y: number): { height: number; markup: Markup } => {
  const spans = findings.map((finding) => ({ finding, from: x(Date.parse(finding.start)), to: finding.end === null ? 100 : x(Date.parse(finding.end)) }))
  const from = Math.min(...spans.map((span) => span.from))
  const to = Math.max(...spans.map((span) => span.to))
  const [first] = findings
  const count = findings.length > 1 ? ` ×${findings.length}` : ''
  const label = `${fit(first?.kindWords ?? '', 13.5 - count.length * 0.6)}${count}`
  // Inside its bar, else beside it, where the narrowest page has room; else above.
  const room = (ems(label) * 12 + 26) / NARROWEST
  const place =
    spans.length === 1 && to - from > room
      ? { x: from, dx: 12, anchor: 'start', above: false }
      : 100 - to > room
        ? { x: to, dx: 11, anchor: 'start', above: false }
        : from > room
          ? { x: from, dx: -11, anchor: 'end', above: false }
          : { x: Math.min(from, 50), dx: 0, anchor: 'start', above: true }
  const middle = y + (place.above ? 15 : 0) + ROW / 2
  return {
    height: ROW + (place.above ? 15 : 0),
    markup: element(
      'g',
      { class: 'row' },
      ...spans.map(({ finding, from: start, to: end }) =>
        element(
          'a',
          { href: `#${finding.anchor}`, class: `mark role-${finding.role}` },
          element('title', {}, text(`${finding.roleWords}: ${finding.kindWords}, ${finding.when} (${finding.lasted}). ${finding.summary}`)),
          ...(end - start > 0.4
            ? [
                element('rect', {
                  class: `bar role-${finding.role}`,
                  x: percent(start),
                  y: middle - 7,
                  width: percent(end - start),
                  height: 14,
                  rx: 2,
                  fill: colourOf(finding.role),
                  'fill-opacity': 0.2,
                  stroke: colourOf(finding.role),
                  'stroke-dasharray': finding.end === null ? '4 3' : undefined,
                }),
              ]
            : []),
          element('svg', { x: percent(start), y: middle, overflow: 'visible', width: 1, height: 1 }, shape(finding.role)),
        ),
      ),
      element(
        'text',
        { x: percent(place.x), dx: place.dx, y: place.above ? y + 12 : middle + 4, 'text-anchor': place.anchor, 'font-size': 12, class: 'label' },
        text(label),
      ),
    ),
  }
}
