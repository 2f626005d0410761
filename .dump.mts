import { analyze } from '/work/wt/lead/src/analyze.ts'
import { findInputs } from '/work/wt/lead/src/read/inputs.ts'
import { extractInput } from '/work/wt/lead/src/read/extract-input.ts'
import { buildTimeline } from '/work/wt/lead/src/timeline/timeline.ts'
import { findWrong } from '/work/wt/lead/src/findings/find.ts'
import { linkCauses } from '/work/wt/lead/src/causes/link.ts'
import { tellIncidents } from '/work/wt/lead/src/causes/incidents.ts'
import { loadMechanisms } from '/work/wt/lead/src/causes/load-mechanisms.ts'
const opts = { zones: [], year: null, since: null, until: null }
const inputs = await findInputs([process.argv[2]!])
const ex = []
for (const s of inputs.sources) ex.push(await extractInput(s))
const mode = process.argv[3] ?? 'all'
if (mode.includes('i')) for (const e of ex) console.log('IN', e.path.slice(-60), e.format, e.wrapping.join('+'), `r${e.records} s${e.skipped} sig${e.signals.length} ser${e.series.length}`, e.warnings.slice(0,2).join(' | ').slice(0,160))
const t = buildTimeline(ex, opts)
if (mode.includes('s')) for (const s of t.signals) console.log('SIG', new Date(s.at).toISOString().slice(0,19), s.kind, s.entity, s.phase, 'x'+s.count, JSON.stringify(s.attributes).slice(0,120))
const f = findWrong(t)
const fmt = (x: number|null) => x === null ? '…' : new Date(x).toISOString().slice(0,19)
f.forEach((x, i) => console.log('F', i, fmt(x.start), fmt(x.end), x.kind, x.entity, x.confidence.toFixed(2), x.summary.slice(0,150)))
const m = loadMechanisms([])
const l = linkCauses(f, m, t)
for (const k of l) console.log('L', k.confidence.toFixed(2), k.mechanism.id, `${k.cause}->${k.effect}`, f[k.cause]!.kind, f[k.cause]!.entity, '->', f[k.effect]!.kind, f[k.effect]!.entity, (k.lagMs/1000).toFixed(1)+'s')
for (const inc of tellIncidents(f, l, t)) console.log('INC', fmt(inc.start), fmt(inc.end), inc.severity.toFixed(1), 'roots', inc.roots.map(r => `${r.finding}:${f[r.finding]!.kind} ${f[r.finding]!.entity} ${r.confidence.toFixed(2)}`).join(', '), 'chain', inc.chains[0]?.map(c => f[c]!.kind + ' ' + f[c]!.entity).join(' > '))
