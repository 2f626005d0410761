// A test reporter for logs: only what failed or was skipped, then node's own counts ("# pass 12").
const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

const where = (data) => (data.file ? ` (${data.file.replace(`${process.cwd()}/`, '')}${data.line ? `:${data.line}` : ''})` : '')

const why = (error) => {
  const cause = error?.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error?.cause ?? error?.message ?? error)
  return cause.replace(/^/gm, '    ')
}

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (data.todo !== undefined && (type === 'test:fail' || type === 'test:pass'))
      yield `todo: ${data.name}${where(data)}${typeof data.todo === 'string' && data.todo !== '' ? ` – ${data.todo}` : ''}\n`
    // A parent fails because its child did: the child says why.
    else if (type === 'test:fail' && data.details?.error?.failureType !== 'subtestsFailed')
      yield `not ok: ${data.name}${where(data)}\n${why(data.details?.error)}\n`
    else if (type === 'test:pass' && data.skip !== undefined)
      yield `skipped: ${data.name}${typeof data.skip === 'string' && data.skip !== '' ? ` – ${data.skip}` : ''}\n`
    else if (type === 'test:stderr' || type === 'test:stdout') yield data.message
    else if (type === 'test:diagnostic' && data.nesting === 0 && COUNT.test(data.message)) yield `# ${data.message}\n`
  }
}
