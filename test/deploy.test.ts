/** What is in deploy/ is what the machines it is for take: checked against the API's own schemas, as far as that goes without a cluster. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { folderWith } from './files.js'
import { program } from './program.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const deploy = join(root, 'deploy')
const faultline = program()

const SCHEMAS: Readonly<Record<string, string>> = {
  'v1 Namespace': 'kubernetes-models/_schemas/IoK8sApiCoreV1Namespace.js',
  'v1 ServiceAccount': 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount.js',
  'v1 ConfigMap': 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap.js',
  'v1 PersistentVolumeClaim': 'kubernetes-models/_schemas/IoK8sApiCoreV1PersistentVolumeClaim.js',
  'batch/v1 Job': 'kubernetes-models/_schemas/IoK8sApiBatchV1Job.js',
  'batch/v1 CronJob': 'kubernetes-models/_schemas/IoK8sApiBatchV1CronJob.js',
  'argoproj.io/v1alpha1 Workflow': '@kubernetes-models/argo-workflows/_schemas/ComGithubArgoprojArgoWorkflowsV4PkgApisWorkflowV1alpha1Workflow.js',
}

/** A compiled schema: false, and the reasons as a property of itself, where it does not fit. */
type Validate = ((data: unknown) => boolean) & { readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null }

const schemaOf = async (kind: string): Promise<Validate> => {
  const path = SCHEMAS[kind]
  if (path === undefined) throw new Error(`no schema for ${kind}`)
  const { validate } = (await import(pathToFileURL(join(root, 'node_modules', path)).href)) as { readonly validate: Validate } // what these modules export
  return validate
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name?: string }
}

/** The schemas let unknown fields pass, as the API does; they never look at them, though. */
const watched = (value: unknown, path: string, unread: Set<string>): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const children = new Map<string, unknown>()
  for (const [key, child] of Object.entries(value)) {
    unread.add(`${path}.${key}`)
    children.set(key, watched(child, `${path}.${key}`, unread))
  }
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'string') unread.delete(`${path}.${key}`)
      return typeof key === 'string' && children.has(key) ? children.get(key) : (Reflect.get(target, key) as unknown)
    },
  })
}

const wrongIn = async (manifest: Manifest): Promise<readonly string[]> => {
  const validate = await schemaOf(`${manifest.apiVersion} ${manifest.kind}`)
  const unread = new Set<string>()
  const fits = validate(watched(manifest, '', unread))
  return [
    ...(fits ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)),
    ...[...unread].map((path) => `${path} is not known`),
  ]
}

const manifests = (file: string): readonly Manifest[] => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest) // its kind is looked up, its content is what is tested

const files = readdirSync(deploy, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.yaml'))
  .sort()

for (const file of files.filter((name) => !name.endsWith('kustomization.yaml')))
  test(`deploy/${file} is what the API takes`, async () => {
    for (const manifest of manifests(join(deploy, file))) assert.deepEqual(await wrongIn(manifest), [], manifest.metadata.name)
  })

test('a misspelt field and a wrong type would be seen', async () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' }, spec: { completion: 3, template: { spec: { containers: [{ name: 7 }] } } } }
  assert.deepEqual((await wrongIn(job)).map((wrong) => wrong.replace(/ .*/u, '')).sort(), ['.spec.completion', '/spec/template/spec/containers/0/name'])
})

test('the kustomization names files that are there, all of them, and the image they use', () => {
  const folder = join(deploy, 'kustomize')
  const [kustomization] = manifests(join(folder, 'kustomization.yaml')) as unknown as { resources: string[]; images: { name: string; newTag: string }[] }[] // kustomize has no schema in the registry
  assert.deepEqual(
    kustomization?.resources.toSorted(),
    readdirSync(folder)
      .filter((name) => name !== 'kustomization.yaml')
      .sort(),
  )
  const used = readdirSync(folder).flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/^\s+image: (\S+)$/gmu)].map(([, image]) => image))
  assert.deepEqual(new Set(used), new Set(kustomization?.images.map(({ name }) => name)))
  assert.doesNotMatch(kustomization?.images[0]?.newTag ?? '', /latest/u)
})

const textOf = (file: string): string => readFileSync(join(deploy, file), 'utf8')

test('whoever says how many shards there are says the same', () => {
  const kustomize = textOf('kustomize/extract.yaml') + textOf('kustomize/merge.yaml')
  const argo = textOf('argo/workflow.yaml')
  for (const text of [kustomize, argo]) {
    const numbers = [/completions: (\d+)/u, /parallelism: (\d+)/u, /count: '(\d+)'/u, /--shard "[^"]*\/(\d+)"/u, /--shards (\d+)/u].flatMap(
      (pattern) => pattern.exec(text)?.[1] ?? [],
    )
    assert.ok(numbers.length >= 3)
    assert.equal(new Set(numbers).size, 1, numbers.join(', '))
  }
})

test('every pod is nobody in particular, on a root file system that it cannot write', () => {
  for (const file of files) {
    const text = textOf(file)
    for (const image of text.matchAll(/^\s+image: /gmu)) assert.ok(image)
    const containers = [...text.matchAll(/^\s+command: /gmu)].length
    if (containers === 0) continue
    assert.ok([...text.matchAll(/runAsNonRoot: true/gu)].length >= 1, file)
    assert.ok([...text.matchAll(/readOnlyRootFilesystem: true|securityContext: \*tight/gu)].length >= containers, file)
  }
})

test('every option that is used anywhere in deploy/ exists', () => {
  const run = (command: string): string => spawnSync(process.execPath, [faultline, command, '--help'], { encoding: 'utf8' }).stdout
  const help = new Map(['extract', 'merge', 'nightly', 'analyze'].map((command) => [command, run(command)]))
  const everything = [...files, 'slurm/faultline.sh', 'systemd/faultline-nightly.service', 'Dockerfile'].map(textOf).join('\n')
  const used = [...everything.matchAll(/(?:cli\.js|\$faultline|bin\/faultline| faultline) (extract|merge|nightly|analyze) ([^\n]*)/gu)]
  assert.ok(used.length >= 8)
  for (const [line, command = '', rest = ''] of used)
    for (const [option] of (rest.split('||')[0] ?? '').matchAll(/(?<=\s)-{1,2}[a-z][a-z-]*/gu))
      assert.ok(help.get(command)?.includes(option), `${option} in ${line}`)
})

test('the image is pinned, its user is nobody, and what it copies is there', () => {
  const dockerfile = textOf('Dockerfile')
  for (const [, image = ''] of dockerfile.matchAll(/^FROM (\S+)/gmu)) assert.match(image, /:\d+\.\d+\.\d+-[a-z-]+@sha256:[0-9a-f]{64}$/u)
  assert.match(dockerfile, /^USER [1-9]\d*:[1-9]\d*$/mu)
  const [build = ''] = dockerfile.split(/^FROM (?!.* AS build$)/mu)
  const [, sources = ''] = /SOURCES = \[([^\]]+)\]/u.exec(readFileSync(join(root, 'scripts/build.mjs'), 'utf8')) ?? []
  for (const [, folder = ''] of sources.matchAll(/'(\w+)'/gu)) assert.ok(build.includes(`\nCOPY ${folder} ${folder}\n`), `the build reads ${folder}`)
  const kept = textOf('Dockerfile.dockerignore').split('\n')
  for (const [, from = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gmu))
    for (const path of from.split(' ')) {
      assert.ok(existsSync(join(root, path)), path)
      assert.ok(kept.includes(`!${path}`), `${path} is ignored`)
    }
})

test(
  'a run that cannot read a file, or finds another at work, is no failed job; any other is',
  { skip: process.platform === 'win32' ? 'there is no sh' : false },
  () => {
    const [, script = ''] = /args:\s*\[\s*'(node [^']+)',?\s*\]/u.exec(textOf('kustomize/nightly.yaml')) ?? []
    const ends = (code: number): number | null => spawnSync('sh', ['-c', `node() { return ${code}; }; ${script}`]).status
    assert.deepEqual([0, 1, 2, 3, 4, 5, 137].map(ends), [0, 1, 2, 0, 0, 5, 137])
  },
)

test('the Slurm script, without Slurm, comes to a report', { skip: process.platform === 'win32' ? 'there is no bash' : false }, async (t) => {
  const folder = await folderWith(t, {
    'dump/a.log': '2026-11-21T08:18:00Z level=info app=a msg="done"\n',
    'dump/b.log': '2026-11-21T08:19:00Z level=info app=b msg="done"\n',
  })
  const { status, stderr } = spawnSync(join(deploy, 'slurm/faultline.sh'), ['dump', 'shards', 'report.html', '2'], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      FAULTLINE_LOCALLY: '1',
      FAULTLINE: `${process.execPath} ${faultline}`,
    },
  })
  assert.equal(status, 0, stderr)
  assert.deepEqual(
    readdirSync(join(folder, 'shards')).map((name) => name.split('.')[0]),
    ['shard-0-of-2', 'shard-1-of-2'],
  )
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /<\/html>/u)
})

test('the units name each other, and systemd finds nothing wrong where it is there to ask', (t) => {
  assert.ok(existsSync(join(deploy, 'systemd/faultline-nightly.timer')))
  const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', join(deploy, 'systemd/faultline-nightly.timer')], { encoding: 'utf8' })
  if (error !== undefined) return t.skip('there is no systemd-analyze')
  assert.doesNotMatch(stderr, /Unknown (?:key|section)|Failed to parse/u)
  assert.ok(status !== null)
})

test('deploy/README.md tells of each folder', () => {
  const readme = textOf('README.md')
  for (const folder of new Set(readdirSync(deploy, { recursive: true }).map((name) => dirname(String(name)))))
    if (folder !== '.') assert.ok(readme.includes(folder), folder)
})
