/** Charts as pictures, drawn by Chart.js on the server. Loaded only when there is a chart to draw: it costs a tenth of a second and a canvas. */
import { createRequire } from 'node:module'
import type * as Canvas from '@napi-rs/canvas'
import type { ChartConfiguration } from 'chart.js'
// Only for its word in Chart.js's options: the plugin's own types do not resolve under Node's module resolution.
import type {} from 'chartjs-plugin-annotation'
import { ChartJSNodeCanvas } from 'chartjs-node-canvas'
import { amount, thin } from './chart-data.js'
import { FONT, FONT_FILES, fontsFor } from './fonts.js'
import { lineStyle } from './line-styles.js'
import type { Chart, Phase } from '../post-mortem/post-mortem.js'
import { dayWords, tickTimes, tickWords, type Window } from './time-axis.js'
import { cut } from './words.js'

const [WIDTH, HEIGHT] = [900, 300]
const AXIS_WIDTH = 84
const ROOM_ABOVE = 1.08
const INK = '#1d2125'
const QUIET = '#545d66'
const require = createRequire(import.meta.url)

const create = (): ChartJSNodeCanvas => {
  const canvas = new ChartJSNodeCanvas({ width: WIDTH, height: HEIGHT, backgroundColour: '#ffffff', plugins: { modern: ['chartjs-plugin-annotation'] } })
  // Without a font of its own all text silently disappears on a machine that has none.
  canvas.registerFont(FONT_FILES.normal, { family: FONT })
  canvas.registerFont(FONT_FILES.bold, { family: FONT, weight: 'bold' })
  return canvas
}

let renderer: ChartJSNodeCanvas | undefined

/** The same chart gives the same bytes, whatever the machine's zone, language and fonts. */
export const drawChart = (chart: Chart, phases: readonly Phase[], window: Window): Promise<Buffer> => {
  renderer ??= create()
  fontsFor(
    [...chart.lines, ...chart.limits].map(({ label }) => label),
    () => (require('@napi-rs/canvas') as typeof Canvas).GlobalFonts,
  ) // as its own types say
  return renderer.renderToBuffer(configuration(chart, phases, window), 'image/png')
}

const configuration = (chart: Chart, phases: readonly Phase[], window: Window): ChartConfiguration<'line', { x: number; y: number | null }[]> => {
  const span = spanOf(chart, window)
  const top = highest(chart)
  const { step, times } = tickTimes(span, 9)
  return {
    type: 'line',
    data: {
      datasets: chart.lines.map((line, index) => {
        const style = lineStyle(index)
        return {
          label: cut(line.label, chart.lines.length > 4 ? 28 : 48),
          data: thin(line.points).map(([x, y]) => ({ x, y: y !== null && Number.isFinite(y) ? y : null })),
          borderColor: style.colour,
          backgroundColor: style.colour,
          borderDash: [...style.dash],
          borderWidth: 1.8,
          pointRadius: line.points.length === 1 ? 3 : 0,
          spanGaps: false,
          stepped: chart.unit === 'state' ? 'before' : false,
          tension: 0,
        }
      }),
    },
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: 1,
      locale: 'en-US',
      font: { family: FONT, size: 12 },
      layout: { padding: { top: 6, right: 14, bottom: 2, left: 4 } },
      scales: {
        // Linear on purpose: milliseconds with our own UTC labels need no date adapter, and no zone of the machine can get in.
        x: {
          type: 'linear',
          min: span.from,
          max: span.to,
          grid: { color: '#e4e7ea', drawTicks: true },
          border: { color: '#9aa2ab' },
          ticks: {
            color: QUIET,
            maxRotation: 0,
            autoSkip: false,
            font: { family: FONT, size: 11 },
            callback: (value, index) => [tickWords(Number(value), step), dayWords(Number(value), step, times[index - 1])].filter((words) => words !== ''),
          },
          afterBuildTicks: (scale) => {
            scale.ticks = times.map((value) => ({ value }))
          },
        },
        y: {
          beginAtZero: true,
          // Room above the highest, and no more: with a limit of 100 % an axis to 150 % would squeeze what matters.
          ...(top > 0 && Number.isFinite(top * ROOM_ABOVE) ? { max: top * ROOM_ABOVE } : {}),
          // The same width in every chart, so that one moment stands at one place all down the page.
          afterFit: (scale) => {
            scale.width = AXIS_WIDTH
          },
          grid: { color: '#e4e7ea' },
          border: { color: '#9aa2ab' },
          ticks: {
            color: QUIET,
            maxTicksLimit: 6,
            includeBounds: false,
            ...byteSteps(chart),
            ...(chart.unit === 'state' ? { stepSize: 1 } : {}),
            font: { family: FONT, size: 11 },
            callback: (value) => amount(chart.unit, Number(value)),
          },
        },
      },
      plugins: {
        legend: {
          display: chart.lines.length > 1,
          position: 'bottom',
          align: 'start',
          labels: { color: INK, boxWidth: 34, boxHeight: 0, font: { family: FONT, size: 11 } },
        },
        annotation: { annotations: { ...phaseBoxes(phases, span, chart.limits.length > 0), ...limitLines(chart) } },
      },
    },
  }
}

/** Ticks at whole powers of two: 512 MiB, not 477. */
const byteSteps = (chart: Chart): { stepSize?: number } => {
  if (chart.unit !== 'bytes') return {}
  const top = highest(chart)
  return top > 0 && Number.isFinite(top) ? { stepSize: 2 ** Math.ceil(Math.log2(top / 5)) } : {}
}

const highest = (chart: Chart): number => {
  let top = Math.max(0, ...chart.limits.map((limit) => limit.value))
  for (const line of chart.lines) for (const [, value] of line.points) if (value !== null && value > top) top = value
  return top
}

/** The incident's own window where the chart has points in it, so that lanes and charts tell the same time. */
const spanOf = (chart: Chart, window: Window): Window => {
  const times = chart.lines.flatMap((line) => line.points.map(([time]) => time)).filter(Number.isFinite)
  if (times.length === 0 || times.some((time) => time >= window.from && time <= window.to)) return window
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  return from === to ? { from: from - 60_000, to: to + 60_000 } : { from, to }
}

const PHASES = {
  'lead-up': { words: 'lead-up', fill: 'rgba(91,100,112,0.06)' },
  impact: { words: 'impact', fill: 'rgba(140,29,91,0.09)' },
  detection: { words: 'detection', fill: 'rgba(0,105,122,0.08)' },
  response: { words: 'response', fill: 'rgba(63,75,176,0.08)' },
  recovery: { words: 'recovery', fill: 'rgba(43,110,59,0.08)' },
} as const

/** Where a limit's label stands: at the right, below the top. */
const LIMITS_FROM = 0.7

const phaseBoxes = (phases: readonly Phase[], span: Window, limits: boolean): Record<string, object> =>
  Object.fromEntries(
    phases.flatMap((phase, index) => {
      const [xMin, xMax] = [Math.max(span.from, Date.parse(phase.start)), Math.min(span.to, Date.parse(phase.end))]
      if (!(xMax > xMin)) return []
      const { words, fill } = PHASES[phase.name]
      const besideLimit = limits && (xMin - span.from) / (span.to - span.from) > LIMITS_FROM
      const room = (xMax - xMin) / (span.to - span.from) > 0.085
      return [
        [
          `phase${index}`,
          {
            type: 'box' as const,
            drawTime: 'beforeDatasetsDraw' as const,
            xMin,
            xMax,
            backgroundColor: fill,
            borderWidth: 0,
            label: {
              display: room,
              content: words,
              position: { x: 'start' as const, y: 'start' as const },
              yAdjust: (index % 3) * 13 + (besideLimit ? 26 : 0),
              color: QUIET,
              font: { family: FONT, size: 10, weight: 'normal' as const },
              padding: 3,
            },
          },
        ],
      ]
    }),
  )

const limitLines = (chart: Chart): Record<string, object> =>
  Object.fromEntries(
    chart.limits.map((limit, index) => [
      `limit${index}`,
      {
        type: 'line' as const,
        yMin: limit.value,
        yMax: limit.value,
        borderColor: INK,
        borderWidth: 1.2,
        borderDash: [3, 3],
        label: {
          display: true,
          content: `${cut(limit.label, 40)}: ${amount(chart.unit, limit.value)}`,
          position: 'end' as const,
          yAdjust: -9,
          backgroundColor: 'rgba(255,255,255,0.85)',
          color: INK,
          font: { family: FONT, size: 10.5, weight: 'bold' as const },
          padding: 2,
        },
      },
    ]),
  )
