/** What is said of an incident in a word must not deny what the data show beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASCADE } from '../../test/fixtures/post-mortem.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { renderMarkdown } from './markdown.js'

/** An incident of which nothing that people felt is known to be part. */
const unfelt = (beside: readonly string[]): PostMortem => {
  const [incident] = CASCADE.analysis.incidents
  const [detail] = CASCADE.incidents
  assert.ok(incident && detail)
  const impacts = new Set(incident.findings.flatMap(({ id, role }) => (role === 'impact' ? [id] : [])))
  return {
    ...CASCADE,
    analysis: {
      ...CASCADE.analysis,
      incidents: [
        {
          ...incident,
          findings: incident.findings.filter(({ id }) => !impacts.has(id)),
          links: incident.links.filter(({ cause, effect }) => !impacts.has(cause) && !impacts.has(effect)),
          chains: incident.chains.map((chain) => chain.filter((id) => !impacts.has(id))),
        },
      ],
    },
    incidents: [{ ...detail, beside }],
  }
}

test('what was felt at the time of an incident is told, though nothing joins it; only where nothing was is there nothing to tell', () => {
  const told = renderMarkdown(unfelt(['Service shop/web answered with errors, 76 times.']))
  assert.match(told, /nothing in the data joins it to what was felt at that time: Service shop\/web answered with errors, 76 times\./u)
  assert.doesNotMatch(told, /No service or workload is seen to suffer/iu)
  assert.match(renderMarkdown(unfelt([])), /No service or workload is seen to suffer/u)
})

test('who fails requests may fail all of them: nothing is said to be wholly gone, nor to be left', () => {
  const [incident] = CASCADE.analysis.incidents
  assert.ok(incident)
  const only = (kind: 'service.errors' | 'service.slow'): PostMortem => ({
    ...CASCADE,
    analysis: {
      ...CASCADE.analysis,
      incidents: [{ ...incident, findings: incident.findings.map((one) => (one.role === 'impact' ? { ...one, kind } : one)) }],
    },
  })
  assert.doesNotMatch(renderMarkdown(only('service.errors')), /nothing is seen to be wholly gone/u)
  assert.match(renderMarkdown(only('service.slow')), /nothing is seen to be wholly gone/u)
})

test('what was done before anybody suffered is no answer, and is not denied either', () => {
  const [incident] = CASCADE.analysis.incidents
  const [one] = incident?.findings ?? []
  assert.ok(incident && one)
  const ended = { ...one, id: 'f99', kind: 'action.session-ended' as const, role: 'response' as const, start: incident.start, end: incident.start }
  const told = renderMarkdown({
    ...CASCADE,
    analysis: { ...CASCADE.analysis, incidents: [{ ...incident, findings: [...incident.findings.filter(({ role }) => role !== 'response'), ended] }] },
  })
  assert.match(told, /Time to respond\*{2} \| no intervention after the first symptom; before it: /u)
  assert.doesNotMatch(told, /no intervention in the data/u)
})
