import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASCADE, HEALTHY, HOSTILE, SEVERAL } from '../../test/fixtures/post-mortem.js'
import { digestOf } from './digest.js'
import { digestIn } from './read-digest.js'
import { renderHtml } from './html.js'
import { renderIndexPage } from './index-page.js'
import { reportView } from './view.js'

test('a report carries what an index says of it, whatever is in it; another page does not', async () => {
  for (const postMortem of [CASCADE, HEALTHY, HOSTILE]) assert.deepEqual(digestIn(await renderHtml(postMortem)), digestOf(reportView(postMortem)))
  for (const page of ['', '<meta name="faultline-report" content="{}">', '<meta name="faultline-report" content="&quot;">', '<html></html>'])
    assert.equal(digestIn(page), null)
})

test('the index names every incident once, the latest first, with its severity, its root cause and a link to it; quiet reports come after', () => {
  const later = {
    ...CASCADE,
    analysis: {
      ...CASCADE.analysis,
      incidents: CASCADE.analysis.incidents.map((incident) => ({ ...incident, title: 'A later one', start: '2025-01-01T00:00:00.000Z' })),
    },
  }
  const page = renderIndexPage(
    [
      { address: 'a.html', digest: digestOf(reportView(SEVERAL)) },
      { address: 'b%20c.html', digest: digestOf(reportView(later)) },
      { address: 'quiet.html', digest: digestOf(reportView(HEALTHY)) },
    ],
    '1',
  )
  assert.deepEqual(
    [...page.matchAll(/href="([^"]*)"/gu)].map((match) => match[1]),
    ['b%20c.html#incident-1', 'a.html#incident-1', 'a.html#incident-2', 'quiet.html'],
  )
  assert.match(page, /<h1>3 incidents<\/h1>/u)
  assert.match(page, /Outage[\s\S]*7\.4 of the 8 cores of node-3\. \(likely, 78 %\)/u)
})

test('text from a log does nothing in the index', () => {
  const page = renderIndexPage([{ address: 'a.html', digest: digestOf(reportView(HOSTILE)) }], '1')
  assert.doesNotMatch(page.replace(/<\/?(?:!doctype|html|head|meta|title|style|body|main|h1|h2|p|ul|li|table|thead|tbody|tr|th|td|a)\b[^<>]*>/gu, ''), /[<>]/u)
  assert.doesNotMatch(page, /\{\{|javascript:alert\(4\)"/u)
})
