/** From the explanation to the post-mortem model: what the renderers need beside the analysis. Pure. */
import type { Explanation } from '../causes/explain.js'
import type { Found } from '../findings/finding.js'
import type { Timeline } from '../timeline/timeline.js'
import type { PostMortem } from './post-mortem.js'

export interface DescribeOptions {
  readonly version: string
  readonly command: string
}

export const describe = (explanation: Explanation, _found: readonly Found[], timeline: Timeline, options: DescribeOptions): PostMortem => ({
  analysis: explanation.analysis,
  version: options.version,
  command: options.command,
  incidents: [],
  missing: timeline.missing,
  clockNotes: timeline.clockNotes,
})
