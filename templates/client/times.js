// ---- times: UTC as written, the reader's own zone, or any other

let zone = 'UTC'
const formats = new Map()
const parts = (ms) => {
  if (!formats.has(zone))
    formats.set(
      zone,
      new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
        timeZoneName: 'shortOffset',
      }),
    )
  const of = Object.fromEntries(
    formats
      .get(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  return { day: `${of.year}-${of.month}-${of.day}`, clock: `${of.hour}:${of.minute}:${of.second}`, name: zone === 'UTC' ? 'UTC' : of.timeZoneName }
}

// '2024-03-05 10:02:11 UTC', its day or its zone left out; or the head of a table's column.
const STAMP = /(?:(\d{4}-\d\d-\d\d) )?\b(\d\d:\d\d:\d\d)\b(\.\d+)?( UTC\b)?|\(UTC\)/g
const SKIPPED = 'script, style, code, pre, textarea, [data-live], .axis'
const originals = new Map()

const timesIn = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const found = []
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    if (/\d\d:\d\d:\d\d|\(UTC\)/.test(node.data) && node.parentElement?.closest(SKIPPED) === null) found.push(node)
  return found
}

/** The day that a clock without one stands for: the column's last told, the moment's own, or that of the incident. */
const dayOf = (node, table) =>
  node.parentElement?.closest('time[datetime]')?.getAttribute('datetime').slice(0, 10) ??
  table.day ??
  node.parentElement?.closest('[data-start]')?.getAttribute('data-start').slice(0, 10) ??
  data.day

const inZone = (words, fallback) => {
  let told = fallback
  return words.replace(STAMP, (stamp, day, clock, fraction = '', utc = '') => {
    if (stamp === '(UTC)') return `(${parts(Date.parse(`${fallback}T12:00:00Z`)).name})`
    const of = day ?? told
    if (of === undefined) return stamp
    told = of
    const ms = Date.parse(`${of}T${clock}Z`)
    if (Number.isNaN(ms)) return stamp
    const here = parts(ms)
    return `${day !== undefined || here.day !== of ? `${here.day} ` : ''}${here.clock}${fraction}${utc === '' ? '' : ` ${here.name}`}`
  })
}

const showTimes = (root) => {
  const tables = new Map()
  for (const node of timesIn(root)) {
    if (!originals.has(node) || originals.get(node).shown !== node.data) originals.set(node, { words: node.data, shown: node.data })
    const kept = originals.get(node)
    const table = node.parentElement?.closest('table.numbers') ?? null
    if (table !== null && !tables.has(table)) tables.set(table, {})
    const column = tables.get(table) ?? {}
    const day = /(\d{4}-\d\d-\d\d) \d\d:/.exec(kept.words)?.[1]
    if (day !== undefined) column.day = day
    node.data = zone === 'UTC' ? kept.words : inZone(kept.words, dayOf(node, column))
    kept.shown = node.data
  }
}

const setZone = (name) => {
  // Back to what was written first: what was edited meanwhile is taken as it stands.
  for (const [node, kept] of originals) if (node.data === kept.shown) node.data = kept.words
  originals.clear()
  zone = name
  tell('zone')
  if (zone !== 'UTC') showTimes(document.body)
}

const zoneSwitch = () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'
  const first = [...new Set([...data.zones, here])].filter((name) => name !== 'UTC')
  const option = (name, words = name) => make('option', { value: name }, words)
  const others = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
  const select = make(
    'select',
    { onchange: () => setZone(select.value) },
    option('UTC'),
    ...first.map((name) => option(name, name === here ? `${name} (yours)` : `${name} (the incident’s)`)),
    make('optgroup', { label: 'Elsewhere' }, ...others.filter((name) => name !== 'UTC' && !first.includes(name)).map((name) => option(name))),
  )
  return make('label', {}, 'Times in ', select)
}
