import { findInputs } from './src/read/inputs.ts'
import { extractInput } from './src/read/extract-input.ts'
import { buildTimeline } from './src/timeline/timeline.ts'
const inputs = await findInputs([process.argv[2]!]); const ex=[]
for (const s of inputs.sources) ex.push(await extractInput(s))
const t = buildTimeline(ex, { zones: [], year: null, since: null, until: null })
console.log([...t.names.nodes])
for (const p of t.topology.pods) console.log(p, JSON.stringify(t.topology.placements(p).map(x=>[x.node, x.from>0?new Date(x.from).toISOString():'-inf'])), t.topology.workloadOf(p))
