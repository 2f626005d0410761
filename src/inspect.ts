/** What each input is, without asking what went wrong. */
import { gather, type GatherOptions } from './gather.js'
import type { Unreadable } from './read/inputs.js'
import { inspected, type Inspected } from './report/inspection.js'
import { buildTimeline, type TimelineOptions } from './timeline/timeline.js'

export const inspect = async (
  paths: readonly string[],
  options: TimelineOptions & GatherOptions,
): Promise<{ readonly inputs: readonly Inspected[]; readonly unreadable: readonly Unreadable[] }> => {
  const { extracts, unreadable } = await gather(paths, options, 'tell')
  return { inputs: inspected(extracts, buildTimeline(extracts, options).inputs), unreadable }
}
