// Data flows one way: read → timeline → findings → causes → post-mortem → report, all of them on the model. Who may import whom is the table; all else is forbidden.
const TEST = '(\\.test\\.ts$|^test/)'

/** Each part of the house, and the only parts of ours it may import. */
const MAY = {
  'src/model': [],
  // The reader's small tools, not the reader: it is the reader that calls the parsers.
  parsers: [
    'src/model',
    'src/read/(stamps|record-times|text|names|envelope|json-members|json-records|json-shapes|json-shapes-kernel|line-cutter|patience|tsdb-block|wasm|wasm-memory|yaml)\\.ts',
  ],
  'src/read': ['src/model', 'parsers'],
  // What was read, as a file: nothing but the model, so that it can be written and read back anywhere.
  'src/artifact': ['src/model'],
  // Elsewhere and back: what lies in object storage.
  'src/storage': ['src/model'],
  'src/timeline': ['src/model'],
  'src/findings': ['src/model', 'src/timeline'],
  'src/causes': ['src/model', 'src/timeline', 'src/findings'],
  'src/post-mortem': ['src/model', 'src/timeline', 'src/findings', 'src/causes'],
  // Between the model and what is made of it.
  'src/redact': ['src/model', 'src/post-mortem/post-mortem\\.ts'],
  // Renderers read the model and nothing else.
  'src/report': ['src/model', 'src/post-mortem/post-mortem\\.ts'],
  // The upper half alone: extract and inspect load nothing of the lower.
  'src/gather\\.ts$': ['src/model', 'src/artifact', 'src/makers\\.ts', 'src/storage', 'src/read', 'src/launch'],
  'src/(extract-worker|makers)\\.ts$': ['src/model', 'src/artifact', 'src/makers\\.ts', 'src/read', 'src/launch'],
  'src/inspect\\.ts$': ['src/model', 'src/gather\\.ts', 'src/read', 'src/timeline', 'src/report/inspection\\.ts'],
  'src/analyze\\.ts$': [
    'src/launch',
    'src/model',
    'src/gather\\.ts',
    'src/artifact',
    'src/read',
    'src/timeline',
    'src/findings',
    'src/causes',
    'src/post-mortem',
  ],
  // Runs the rest night after night, and keeps what it said.
  'src/nightly': [
    'src/analyze\\.ts',
    'src/makers\\.ts',
    'src/artifact',
    'src/model',
    'src/read',
    'src/timeline',
    'src/post-mortem',
    'src/report',
    'src/redact',
    'src/storage',
  ],
  'src/rules': ['src/model', 'parsers/index\\.ts', 'src/read', 'src/timeline', 'src/findings', 'src/causes'],
  'src/schemas': ['src/model', 'src/artifact', 'src/causes', 'src/rules'],
  'src/index\\.ts$': ['src/(?!cli)'],
  // How the built program is loaded and treats its memory: below everything.
  'src/launch': [],
  // A command knows everything but the command line that calls it.
  'src/commands': ['src/(?!cli)'],
  simulator: [],
}

const only = (part, allowed) => ({
  name: `${part} imports only ${allowed.join(', ') || 'itself'}`,
  severity: 'error',
  from: { path: `^${part}`, pathNot: TEST },
  to: {
    path: '^(src|parsers|simulator|evaluation|scripts|test)/',
    pathNot: [part, ...allowed].map((path) => `^${path}`),
  },
})

module.exports = {
  forbidden: [
    ...Object.entries(MAY).map(([part, allowed]) => only(part, allowed)),
    // Types may know each other; code may not.
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'files are opened only by the reader, the loader of mechanisms, the report and the commands',
      severity: 'error',
      from: {
        path: '^(src|parsers)/',
        pathNot: ['^src/read/', '^src/causes/(load|built-in)', '^src/report/', '^src/commands/', '^src/nightly/', '^src/storage/', '^src/launch/', TEST],
      },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    { name: 'tests are imported by tests only', severity: 'error', from: { pathNot: TEST }, to: { path: TEST } },
    { name: 'nothing unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'development packages stay out of what is shipped',
      severity: 'error',
      from: { path: '^(src|parsers)/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
