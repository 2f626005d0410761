/** A report's pictures as PNG files: the chain, the lanes and the charts of each incident. Loaded only when they are asked for. */
import { chainSvg } from './chain-svg.js'
import { drawChart } from './chart-png.js'
import type { IncidentView } from './incident-view.js'
import { lanesSvg } from './lanes-svg.js'
import { drawMarkup } from './svg-png.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { plainOf, reportView } from './view.js'

export interface Picture {
  /** The file's name: the same for the same report, without anything from a log that a file system might not like. */
  readonly name: string
  readonly incident: string
  readonly kind: 'chain' | 'timeline' | 'chart'
  /** The chart's place among its incident's charts; -1 for the others. */
  readonly chart: number
  readonly png: Buffer
}

/** Pixels of a page: a column for the chain, the whole width for the lanes. */
const [CHAIN_WIDTH, LANES_WIDTH] = [400, 1_100]

/** Of hundreds of incidents nobody looks at the pictures, and drawing those of one takes half a second. */
export const MOST_PICTURED = 20

/** Of the first so many incidents, which are the worst. A picture that cannot be drawn is left out: hostile numbers cost a picture, never the report. */
export const drawPictures = async (postMortem: PostMortem, most = MOST_PICTURED): Promise<readonly Picture[]> => {
  const pictures: Picture[] = []
  const { inputs } = plainOf(postMortem).analysis
  for (const incident of reportView(postMortem).incidents.slice(0, most)) {
    const add = (kind: Picture['kind'], name: string, png: Buffer | null, chart = -1): void => {
      if (png !== null) pictures.push({ name: `${incident.anchor}-${name}.png`, incident: incident.anchor, kind, chart, png })
    }
    if (incident.chain.length > 0) add('chain', 'chain', await drawMarkup(chainSvg(incident.chain), CHAIN_WIDTH).catch(() => null))
    add('timeline', 'timeline', await drawMarkup(lanesSvg({ incident, inputs }), LANES_WIDTH).catch(() => null))
    for (const [index, chart] of incident.charts.entries())
      add('chart', chartName(incident, index), await drawChart(chart, incident.phases, incident.window).catch(() => null), index)
  }
  return pictures
}

const chartName = (incident: IncidentView, index: number): string => {
  const id =
    incident.charts[index]?.id
      .toLowerCase()
      .replace(/[^a-z0-9]+/gu, '-')
      .slice(0, 40) ?? ''
  return `chart-${index + 1}${id === '' ? '' : `-${id}`}`
}
