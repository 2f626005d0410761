/** The causal chain as a picture that a person follows with a finger, from the root cause down to the impact. */
import type { FindingView } from './finding-view.js'
import type { Step } from './incident-view.js'
import { element, fitMiddle, join, text, wrap, type Markup } from './markup.js'
import { glyph } from './glyphs.js'
import { clock, date } from './words.js'

// The picture is as wide as its column: x is in percent or from the left in pixels, and text is broken for the narrowest phone (328 px).
const TEXT_WIDTH = 288
const ARROW_WIDTH = 272 / 12.5
const LINE = 19
const ARROW_LINE = 17
const PAD = 12
const MOST = 12

/** A picture per step, one under the other, so that a page may break between them. */
export const chainSvg = (steps: readonly Step[]): Markup => {
  const drawn = steps.length <= MOST ? steps : [...steps.slice(0, 5), null, ...steps.slice(-3)]
  const pieces = drawn.map((step, index) => {
    if (step === null) return piece([gap(steps.length - 8, 0)], `${steps.length - 8} more steps`)
    const parts: Placed[] = []
    let y = index === 0 ? 2 : 0
    if (index > 0) {
      parts.push(arrow(step, y))
      y += parts[0]?.height ?? 0
    }
    parts.push(box(step.finding, index === 0, y, date(steps[0]?.finding.start ?? '')))
    return piece(parts, `${step.finding.entityWords}: ${step.finding.kindWords}`, index === 0 ? 2 : 0)
  })
  return element('div', { class: 'chain', role: 'group', 'aria-label': 'The causal chain, from the root cause to the impact' }, ...pieces)
}

interface Placed {
  readonly height: number
  readonly markup: Markup
}

const piece = (parts: readonly Placed[], title: string, above = 0): Markup =>
  element(
    'svg',
    {
      width: '100%',
      height: Math.ceil(parts.reduce((sum, part) => sum + part.height, above + 1)),
      'font-family': 'system-ui, sans-serif',
      'font-size': 14,
      fill: '#1d2125',
      role: 'group',
      'aria-label': title,
    },
    element('title', {}, text(title)),
    ...parts.map((part) => part.markup),
  )

const box = (finding: FindingView, root: boolean, y: number, day: string): Placed => {
  const sameDay = date(finding.start) === day
  const when = sameDay ? clock(finding.start) : `${date(finding.start)} ${clock(finding.start)}`
  const lines = wrap(finding.summary, TEXT_WIDTH / 14, 6)
  const height = PAD + 20 + lines.length * LINE + PAD - 4
  const full = `${finding.roleWords}: ${finding.entityWords}, ${finding.kindWords}, ${finding.when}. ${finding.summary}`
  return {
    height,
    markup: element(
      'a',
      { href: `#${finding.anchor}`, class: `box role-${finding.role}${root ? ' root' : ''}` },
      element('title', {}, text(full)),
      element('rect', { class: 'card', x: 1, y, width: '99%', height, rx: 5, fill: '#ffffff', stroke: '#8a939c' }),
      element('rect', { class: 'edge', x: 1, y, width: root ? 6 : 4, height, rx: 2, fill: '#5b6470' }),
      glyph(finding.role, 24, y + 19),
      element('text', { x: 36, y: y + 24, 'font-size': 12.5, 'font-weight': 600, class: 'entity' }, text(fitMiddle(finding.entityName, sameDay ? 14.5 : 9))),
      element('text', { x: '98%', y: y + 24, dx: -6, 'text-anchor': 'end', 'font-size': 12.5, class: 'quiet' }, text(when)),
      ...lines.map((line, index) => element('text', { x: 18, y: y + 27 + (index + 1) * LINE }, text(line))),
    ),
  }
}

const arrow = ({ link, round }: Step, y: number): Placed => {
  const said =
    link === null
      ? ['then (no direct link is known)']
      : [
          ...wrap(link.mechanismWords, ARROW_WIDTH, 2),
          `${link.lag} · ${link.sureness}`,
          ...wrap(link.expected, ARROW_WIDTH, 2),
          ...(link.unusual ? ['outside the expected lag'] : []),
        ]
  const rounds = round === null ? [] : [`Round ${round} begins`]
  const lines = [...rounds, ...said]
  const height = lines.length * ARROW_LINE + 22
  const bold = rounds.length + (link === null ? 0 : wrap(link.mechanismWords, ARROW_WIDTH, 2).length)
  return {
    height,
    markup: join([
      element('line', {
        class: 'stem',
        x1: 24,
        x2: 24,
        y1: y + 2,
        y2: y + height - 9,
        stroke: '#5b6470',
        'stroke-width': 2,
        'stroke-dasharray': link === null ? '3 4' : undefined,
      }),
      element('path', { class: 'head', d: `M18 ${y + height - 10}L30 ${y + height - 10}L24 ${y + height - 2}Z`, fill: '#5b6470' }),
      ...lines.map((line, index) =>
        element(
          'text',
          { x: 40, y: y + 22 + index * ARROW_LINE, 'font-size': 12.5, class: index < bold ? 'strong' : 'quiet', 'font-weight': index < bold ? 600 : undefined },
          text(line),
        ),
      ),
    ]),
  }
}

const gap = (count: number, y: number): Placed => ({
  height: 46,
  markup: join([
    element('line', { class: 'stem', x1: 24, x2: 24, y1: y + 2, y2: y + 44, stroke: '#5b6470', 'stroke-width': 2, 'stroke-dasharray': '2 5' }),
    element('text', { x: 40, y: y + 28, class: 'quiet', 'font-size': 12.5 }, text(`${count} more steps, told in words under “Root cause”`)),
  ]),
})
