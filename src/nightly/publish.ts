/** Reports and the page over them. What says the same as before is not touched; what is written is written whole. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { redact } from '../redact/redact.js'
import { renderHtml } from '../report/html.js'
import { renderJson } from '../report/json.js'
import { renderEvidence } from '../report/markdown-evidence.js'
import { renderMarkdown } from '../report/markdown.js'
import { within, type Database } from './database.js'
import { writeChanged, writeWhole } from './files.js'
import { factsOf, recurrencesOf, recurrenceSentence, type Facts, type Recurrence } from './incidents.js'
import { renderIndex } from './index-page.js'
import { knownIncidents, unexplainedFailures } from './reconcile.js'
import { setSetting, setting } from './state.js'
import { summarize, type Coverage, type Summary } from './summary.js'

export interface Published {
  readonly summary: Summary
  readonly reports: number
  /** What may be told of each incident, by the id that it has in the state. */
  readonly told: ReadonlyMap<string, Facts>
}

/** Reports without names: words of the user's own that count as names, and where it is written who is who. */
export interface RedactOptions {
  readonly also: readonly string[]
  readonly mapFile: string
}

export const publish = async (out: string, database: Database, coverage: Coverage, version: string, redacting: RedactOptions | null): Promise<Published> => {
  const known = knownIncidents(database).map((one) => ({ ...one, id: one.facts.id }))
  const failed = unexplainedFailures(database, known)
  const redacted = redacting === null ? null : redacter(database, redacting)
  const shown = redacted === null ? known : known.map((one) => withoutNames(one, redacted))
  const failures = redacted === null ? failed : failed.map(redacted)
  if (redacting !== null) await writeMap(redacting.mapFile, mapOf(database))
  const recurrences = recurrencesOf(shown.map(({ facts }) => facts))
  let reports = 0
  for (const { id, facts, postMortem, published } of shown) {
    const recurrence = recurrences.get(facts.id)
    const sentence = recurrence === undefined ? null : recurrenceSentence(recurrence)
    const digest = createHash('sha256')
      .update(JSON.stringify([version, sentence, postMortem]))
      .digest('hex')
    if (published === digest && existsSync(join(out, 'incidents', `${facts.id}.html`))) continue
    await writeReport(out, facts.id, told(postMortem, sentence), recurrence)
    within(database, () => database.prepare('update incidents set published = ? where id = ?').run(digest, id))
    reports++
  }
  await removeOthers(out, new Set(shown.map(({ facts }) => facts.id)))
  const summary = summarize(
    shown.map(({ facts }) => facts),
    recurrences,
    failures.flatMap(({ observed }) => observed),
    redacting === null ? coverage : { ...coverage, unreadable: coverage.unreadable.map(({ reason }) => ({ path: '(redacted)', reason })) },
  )
  await writeChanged(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeChanged(join(out, 'index.html'), renderIndex(summary, version))
  return { summary, reports, told: new Map(shown.map(({ id, facts }) => [id, facts])) }
}

interface Shown {
  readonly id: string
  readonly facts: Facts
  readonly postMortem: PostMortem
  readonly published: string | null
}

const withoutNames = (one: Shown, redacted: (told: PostMortem) => PostMortem): Shown => {
  const postMortem = redacted(one.postMortem)
  const id = postMortem.analysis.incidents[0]?.id ?? one.id
  return { ...one, postMortem, facts: factsOf(id, postMortem) ?? one.facts }
}

/** The same pseudonym means the same in all of them, also in those to come: who is who is kept before anything is written that says so. */
const redacter = (database: Database, { also }: RedactOptions): ((told: PostMortem) => PostMortem) => {
  let names = mapOf(database)
  return (told) => {
    const { postMortem, map } = redact(told, also, names)
    if (map.size > names.size) within(database, () => setSetting(database, PSEUDONYMS, JSON.stringify([...map])))
    names = map
    return postMortem
  }
}

const PSEUDONYMS = 'pseudonyms'

const mapOf = (database: Database): ReadonlyMap<string, string> => new Map(JSON.parse(setting(database, PSEUDONYMS) ?? '[]') as [string, string][]) // as redacter wrote it

/** For its owner's eyes only. */
const writeMap = async (file: string, map: ReadonlyMap<string, string>): Promise<void> => {
  await writeChanged(file, `${JSON.stringify(Object.fromEntries(map), null, 2)}\n`, 0o600)
}

const told = (postMortem: PostMortem, sentence: string | null): PostMortem =>
  sentence === null ? postMortem : { ...postMortem, incidents: postMortem.incidents.map((detail) => ({ ...detail, summary: `${detail.summary} ${sentence}` })) }

const writeReport = async (out: string, id: string, postMortem: PostMortem, recurrence: Recurrence | undefined): Promise<void> => {
  const file = (ending: string): string => join(out, 'incidents', `${id}.${ending}`)
  await writeWhole(file('json'), renderJson(postMortem.analysis))
  // A tracker takes only so much: what the draft leaves out is beside it.
  await writeWhole(file('evidence.md'), renderEvidence(postMortem))
  await writeWhole(file('md'), renderMarkdown(postMortem, { evidence: `${id}.evidence.md` }))
  // The page last: it stands for the whole.
  await writeWhole(file('html'), linked(await renderHtml(postMortem), recurrence))
}

/** The sentence on the times before names their reports, which lie beside this one. Our ids need no escaping. */
const linked = (html: string, recurrence: Recurrence | undefined): string => {
  if (recurrence?.last === null || recurrence === undefined) return html
  return [recurrence.first.id, recurrence.last.id].reduce(
    (page, id) => page.replace(` was ${id}`, ` was <a href="${id}.html">${id}</a>`).replace(` last one ${id}`, ` last one <a href="${id}.html">${id}</a>`),
    html,
  )
}

/** Reports of incidents that more data has explained away, and what a killed run left half written. */
const removeOthers = async (out: string, ids: ReadonlySet<string>): Promise<void> => {
  for (const name of await readdir(join(out, 'incidents'))) {
    const [, id] = /^(incident-[a-z0-9-]+)\.(?:html|md|evidence\.md|json)$/u.exec(name) ?? []
    if ((id !== undefined && !ids.has(id)) || name.endsWith('.partial')) await rm(join(out, 'incidents', name), { force: true })
  }
}
