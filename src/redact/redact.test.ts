import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CASCADE, HOSTILE, HUGE, SEVERAL } from '../../test/fixtures/post-mortem.js'
import type { Entity } from '../model/entity.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { renderHtml } from '../report/html.js'
import { renderJson } from '../report/json.js'
import { FLAVORS } from '../report/flavors.js'
import { renderEvidence } from '../report/markdown-evidence.js'
import { renderMarkdown } from '../report/markdown.js'
import { fiveLines, tree } from '../report/terminal.js'
import { redact } from './redact.js'

/** Every form a report has, with what is base64 in it left out. */
const forms = async (postMortem: PostMortem): Promise<string> =>
  [
    (await renderHtml(postMortem)).replace(/data:image\/png;base64,[A-Za-z0-9+/=]*/gu, ''),
    renderJson(postMortem.analysis),
    ...FLAVORS.flatMap((flavor) => [renderMarkdown(postMortem, { flavor }), renderEvidence(postMortem, flavor)]),
    fiveLines(postMortem, { color: false }),
    tree(postMortem, { color: false }),
  ].join('\n')

const textOf = (postMortem: PostMortem, text: string): string => redact(withText(postMortem, text)).postMortem.missing.at(-1)?.what ?? ''

const withText = (postMortem: PostMortem, text: string): PostMortem => ({ ...postMortem, missing: [...postMortem.missing, { what: text, hides: '' }] })

/** The causal graph by the positions of its findings, and what does not name anyone. */
const graph = ({ analysis, incidents }: PostMortem): unknown =>
  analysis.incidents.map((incident, index) => ({
    roots: incident.rootCauses,
    chains: incident.chains,
    links: incident.links.map(({ cause, effect, mechanism, confidence, lagSeconds }) => ({ cause, effect, mechanism, confidence, lagSeconds })),
    findings: incident.findings.map(({ id, kind, role, start, end, confidence, entity, evidence }) => ({
      id,
      kind,
      role,
      start,
      end,
      confidence,
      type: entity.slice(0, entity.indexOf('/')),
      parts: entity.split('/').length,
      evidence: evidence.map(({ line, time }) => ({ line, time })),
    })),
    detection: incident.detection,
    rounds: incidents[index]?.rounds,
    phases: incidents[index]?.phases,
    points: incidents[index]?.charts.map((chart) => chart.lines.map((line) => line.points)),
  }))

describe('a redacted report', () => {
  test('has none of the names in any form, and every one of them in the map', async () => {
    const { postMortem, map } = redact(CASCADE)
    const said = (await forms(postMortem)).toLowerCase()
    const originals = ['node-3', 'node-5', 'report-builder', 'web-6d9f7c8b5-x2x9p', '10.0.0.10']
    for (const name of originals) {
      assert.doesNotMatch(said, new RegExp(`(?<![a-z0-9])${name.replaceAll('.', '\\.')}(?![a-z0-9])`, 'u'), name)
      assert.ok([...map.values()].includes(name), name)
    }
  })

  test('has the same graph, times, kinds and numbers, and says the same of the same things', () => {
    for (const postMortem of [CASCADE, SEVERAL, HUGE]) {
      const redacted = redact(postMortem).postMortem
      assert.deepEqual(graph(redacted), graph(postMortem))
      const names = new Map<string, string>()
      postMortem.analysis.incidents.forEach((incident, at) =>
        incident.findings.forEach(({ entity }, index) => {
          const now = redacted.analysis.incidents[at]?.findings[index]?.entity ?? ''
          assert.equal(names.get(entity) ?? now, now)
          names.set(entity, now)
        }),
      )
      assert.equal(new Set(names.values()).size, names.size, 'two things under one name')
      const inputs = new Set(redacted.analysis.inputs.map((input) => input.path))
      assert.equal(inputs.size, postMortem.analysis.inputs.length)
      for (const quote of redacted.surroundings.quotes) assert.ok(inputs.has(quote.input))
    }
  })

  test('the same name has the same pseudonym whatever stands around it, and no pseudonym is a name the report has', () => {
    const { postMortem, map } = redact(withText(CASCADE, 'worker NODE-3 joined, node-30 and node-1 did not; dump/node-3/kubelet.log; node-3.corp.example.net'))
    const own = [...map].find(([, original]) => original === 'node-3')?.[0] ?? ''
    assert.match(own, /^node-\d+$/u)
    assert.notEqual(own, 'node-1')
    const said = postMortem.missing.at(-1)?.what ?? ''
    assert.match(said, new RegExp(`^worker ${own} joined, node-30 and node-1 did not; dump/${own}/kubelet\\.log; ${own}\\.host-\\d+$`, 'u'))
  })

  test('is the same for the same report, and map and report together give the original back', () => {
    const [first, second] = [redact(CASCADE), redact(CASCADE)]
    assert.deepEqual(first, second)
    const title = first.postMortem.analysis.incidents[0]?.title ?? ''
    assert.equal(
      title.replace(/[a-z]+(?:-[a-z]+)*-\d+/gu, (name) => first.map.get(name) ?? name),
      CASCADE.analysis.incidents[0]?.title,
    )
  })

  test('hostile text costs no time and no shape', () => {
    const redacted = redact(HOSTILE).postMortem
    assert.equal(redacted.analysis.incidents[0]?.findings.length, HOSTILE.analysis.incidents[0]?.findings.length)
    for (const piece of ['a-', 'a.', '1.', ':', 'a@', "'", 'select ', 'where a', '://', 'user="', '1-', 'lookup a: '])
      redact(withText(CASCADE, piece.repeat(4_000)))
  })
})

describe('what is redacted in a text', () => {
  test('addresses and e-mails, not those of every machine, nor times and versions', () => {
    assert.equal(
      textOf(CASCADE, 'dial tcp 10.1.2.3:5432 and [fd00::12]:443, from fd00::12: refused; 10.1.2.3/24; ask ops@acme.example'),
      'dial tcp ip-2:5432 and [ip-3]:443, from ip-3: refused; ip-2/24; ask email-1',
    )
    for (const text of ['127.0.0.1:80', '[::1]:53', '0.0.0.0:9090', 'at 10:02:11', 'v1.29.4', 'Chrome/129.0.0.0', 'std::vector', '4.19.0-26'])
      assert.equal(textOf(CASCADE, text), text)
  })

  test('literals of statements, stable, and not the numbers before them', () => {
    assert.equal(
      textOf(
        CASCADE,
        "2024-03-05 10:02:11 UTC [51] LOG:  duration: 844.6 ms  statement: SELECT * FROM t1 WHERE mail = 'it''s me' AND id IN (4711, 4711) LIMIT 5",
      ),
      "2024-03-05 10:02:11 UTC [51] LOG:  duration: 844.6 ms  statement: SELECT * FROM t1 WHERE mail = 'literal-1' AND id IN (literal-2, literal-2) LIMIT literal-3",
    )
    assert.equal(textOf(CASCADE, 'DETAIL:  Key (email, id)=(a b, 7) already exists.'), 'DETAIL:  Key (email, id)=(literal-1) already exists.')
    assert.equal(textOf(CASCADE, "parameters: $1 = 'Jane', $2 = 'cut of"), "parameters: $1 = 'literal-1', $2 = 'literal-2'")
    assert.equal(
      textOf(CASCADE, 'process 6450 still waiting for ShareLock on transaction 480446'),
      'process 6450 still waiting for ShareLock on transaction 480446',
    )
  })

  test('hosts, users and databases that only a text names, and words of the user, but no file and no name in a program', () => {
    assert.match(textOf(CASCADE, 'GET https://www.acme.com/x from http://ledger:8080'), /^GET https:\/\/host-\d+\/x from http:\/\/host-\d+:8080$/u)
    assert.match(textOf(CASCADE, 'Mar 05 10:16:12 tahoe-12 kubelet[911]: tahoe-12 is up'), /^Mar 05 10:16:12 (node-\d+) kubelet\[911\]: \1 is up$/u)
    assert.match(textOf(CASCADE, 'FATAL:  role "jdoe" may not; /home/jdoe/dump'), /^FATAL: {2}role "(user-\d+)" may not; \/home\/\1\/dump$/u)
    for (const text of ['prober.go:107', 'kubelet.log', 'org.springframework.web.Dispatcher', 'registry.k8s.io/pause:3.9', 'postgres.svc.cluster.local'])
      assert.equal(textOf(CASCADE, text), text)
    const said = redact(withText(CASCADE, 'Umbrella Corp called: UmbrellaDown fired in umbrella-prod (a|b-c)'), [
      'Umbrella Corp',
      'a|b-c',
    ]).postMortem.missing.at(-1)?.what
    assert.match(said ?? '', /^customer-\d+ called: (customer-\d+)Down fired in \1-prod \(customer-\d+\)$/u)
  })

  test('a user or a database of two letters is found where it stands as one, and nowhere else', () => {
    const text =
      'process 201 (jo@hr, web: SELECT 1) waits; [202] jo@hr LOG:  go; FATAL: password authentication failed for user "jo"; user=a db=pg user=5; so jo and hr are words'
    assert.equal(
      textOf(CASCADE, text),
      'process 201 (user-1@db-1, web: SELECT 1) waits; [202] user-1@db-1 LOG:  go; FATAL: password authentication failed for user "user-1"; user=user-2 db=pg user=5; so jo and hr are words',
    )
  })

  test('property: whatever a machine, a pod or a namespace is called, its name is nowhere in what is told', () => {
    const letter = fc.constantFrom(...'abcdfghkmnpqrstvxz2457'.split(''))
    const word = fc.array(letter, { minLength: 5, maxLength: 9 }).map((letters) => `q${letters.join('')}`)
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 3, maxLength: 3 }), fc.constantFrom('-', '.', '_'), ([a = '', b = '', c = ''], joint) => {
        const [machine, namespace, pod] = [`${a}${joint}1`, b, `${c}-7d9c5b8f6d-x2x4z`]
        const text = `${machine} ran ${namespace}/${pod}; pods/${namespace}_${pod}_1/0.log on "${machine.toUpperCase()}" (${c})`
        const [incident] = CASCADE.analysis.incidents
        if (incident === undefined) return
        const entities: readonly Entity[] = [`node/${machine}`, `pod/${namespace}/${pod}`, `workload/${namespace}/${c}`]
        const findings = incident.findings.slice(0, 3).map((finding, index) => ({ ...finding, entity: entities[index] ?? finding.entity, summary: text }))
        const postMortem = withText(
          {
            ...CASCADE,
            analysis: { ...CASCADE.analysis, incidents: [{ ...incident, findings }] },
            known: [
              { kind: 'node', name: machine },
              { kind: 'namespace', name: namespace },
              { kind: 'pod', name: pod },
              { kind: 'app', name: c },
            ],
          },
          text,
        )
        const told = redact(postMortem).postMortem
        const said = JSON.stringify(told).toLowerCase()
        for (const name of [a, b, c]) assert.ok(!said.includes(name), `${name} in ${JSON.stringify(told.missing.at(-1))}`)
      }),
      { numRuns: 60, seed: 3 },
    )
  })
})
