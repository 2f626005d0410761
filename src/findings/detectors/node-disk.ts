/** node.disk-full: a file system of a node has no space left. */
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { sampleEvidence, type Detector, type Found } from '../finding.js'
import { diskLeft } from '../expression/shares.js'
import { formOf, inShares, labelsOf, nodeOfLabels, undone } from '../measures.js'
import { greatest, least, lower, stepOf, stretches, valueAt, type Column, type Interval } from '../statistics.js'
import { bytes, called, percent } from '../words.js'

const LEFT = 0.06
/** Between two scrapes the last of it is taken; of a large disk this is room for gigabytes. */
const NOTHING = 0.02
/** Of a small one not even for the next segment of WAL. https://www.postgresql.org/docs/current/wal-internals.html */
const SEGMENT_BYTES = 16 * 1024 * 1024
/** Read-only images are always full and nobody minds. */
const NO_DISK = /^(?:squashfs|iso9660|erofs|cramfs|overlay)$/u

export const nodeDisk: Detector = {
  id: 'node-disk',
  finds: ['node.disk-full'],
  detect(timeline) {
    return fileSystems(timeline).flatMap(({ source, left, size }) => {
      const labels = labelsOf(source)
      const node = nodeOfLabels(labels, timeline)
      const best = greatest(left.values)
      if (node === null || best <= LEFT) return []
      const step = stepOf(left.times)
      const mount = labels['mountpoint'] ?? labels['device'] ?? 'a file system'
      return stretches(left, (value) => value <= LEFT, Math.max(60_000, 3 * step), lower).map((stretch): Found => ({
        kind: 'node.disk-full',
        entity: node,
        start: stretch.start,
        end: stretch.end,
        confidence: 0.92,
        summary: `${mount} on ${called(node)} filled up: ${percent(stretch.peak)} left${enlarged(size, stretch)}.`,
        evidence: [
          sampleEvidence(source, stretch.start, `→ ${percent(LEFT)} left or less from here`),
          sampleEvidence(source, stretch.peakAt, `→ ${percent(stretch.peak)} left, the least`),
        ],
        attributes: { mount, left: stretch.peak <= NOTHING || (size !== null && valueAt(source, stretch.peakAt) < SEGMENT_BYTES) ? 'none' : 'some' },
        slackMs: step,
        dose: 1 - stretch.peak,
      }))
    })
  },
}

interface FileSystem {
  /** Bytes, where the size is known. */
  readonly source: TimedSeries
  readonly left: Column
  readonly size: TimedSeries | null
}

/** Somebody gave it more room: that is why it was full no longer. */
const enlarged = (size: TimedSeries | null, { start, end }: Interval): string => {
  if (size === null || end === null) return ''
  const [before, after] = [valueAt(size, start), valueAt(size, end)]
  return after > before * LARGER ? `, until it was enlarged from ${bytes(before)} to ${bytes(after)}` : ''
}
const LARGER = 1.05

const fileSystems = (timeline: Timeline): readonly FileSystem[] => {
  const place = (series: TimedSeries): string => {
    const labels = labelsOf(series)
    return `${labels['instance'] ?? labels['node'] ?? ''} ${labels['device'] ?? ''} ${labels['mountpoint'] ?? ''}`
  }
  const real = timeline.series.filter((series) => !NO_DISK.test(series.labels['fstype'] ?? ''))
  const sizes = groupBy(
    real.filter((series) => series.name === 'node_filesystem_size_bytes'),
    place,
  )
  const found = new Map<string, FileSystem>()
  for (const source of real) {
    const key = place(source)
    if (source.name === 'node_filesystem_avail_bytes') {
      const size = sizes.get(key)?.[0]
      // Without its size, the most that was ever free stands for it: a fall to nothing is still a fall to nothing.
      const most = greatest(size === undefined ? source.values : size.values)
      const totalAt = (at: number): number => (size === undefined ? most : valueAt(size, at) || most)
      if (most > 0 && (size !== undefined || least(source.values) < most * LEFT))
        found.set(key, {
          source,
          left: { times: source.times, values: source.values.map((value, at) => value / totalAt(source.times[at] ?? 0)) },
          size: size ?? null,
        })
      continue
    }
    const form = found.has(key) ? null : formOf(source)
    const shown = form === null ? null : diskLeft(form)
    const left = shown === null ? null : inShares(undone(source, shown))
    if (left !== null) found.set(key, { source, left, size: null })
  }
  return [...found.values()]
}
