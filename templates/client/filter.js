// ---- filter by entity, kind and source

const chosen = { entity: '', kind: '', source: '' }
const findingItems = all('li.finding')
const valuesOf = (item, name) => (name === 'source' ? (item.dataset.sources ?? '').split(' ').filter((one) => one !== '') : [item.dataset[name] ?? ''])
const fits = (item) => Object.entries(chosen).every(([name, value]) => value === '' || valuesOf(item, name).includes(value))

const selects = {}
const shownCount = make('span', { class: 'quiet' })
const clearButton = button('Clear', () => clearFilter(), { hidden: true })

const applyFilter = () => {
  const kept = new Set(findingItems.filter(fits).map((item) => item.id))
  const filtered = kept.size < findingItems.length
  for (const item of findingItems) item.hidden = !kept.has(item.id)
  for (const row of all('tr[data-finding]')) row.hidden = !kept.has(row.dataset.finding)
  for (const item of all('.findings-short li[data-finding]')) item.hidden = !kept.has(item.dataset.finding)
  for (const view of views) filterLanes(view, kept)
  shownCount.textContent = filtered ? `${kept.size} of ${findingItems.length} findings` : ''
  clearButton.hidden = !filtered
}

/** A lane of which nothing is left goes with it. */
const filterLanes = (view, kept) => {
  if (kept.size === findingItems.length) return
  for (const lane of all('[data-lane]', view.lanes)) {
    const rows = all('.row', lane)
    if (rows.length === 0) continue
    for (const row of rows) {
      for (const mark of all('a.mark', row)) mark.toggleAttribute('hidden', !kept.has(mark.getAttribute('href').slice(1)))
      row.toggleAttribute(
        'hidden',
        all('a.mark', row).every((mark) => mark.hasAttribute('hidden')),
      )
    }
    if (rows.every((row) => row.hasAttribute('hidden'))) lane.setAttribute('hidden', '')
  }
}

const clearFilter = () => {
  for (const [name, select] of Object.entries(selects)) chosen[name] = select.value = ''
  views.forEach(redraw)
  applyFilter()
}

const filterTools = () => {
  const select = (name, words) => {
    const counts = new Map()
    for (const item of findingItems) for (const value of valuesOf(item, name)) counts.set(value, (counts.get(value) ?? 0) + 1)
    selects[name] = make(
      'select',
      {
        onchange: () => {
          chosen[name] = selects[name].value
          views.forEach(redraw)
          applyFilter()
          say(shownCount.textContent || 'Everything is shown.')
        },
      },
      make('option', { value: '' }, 'all'),
      ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([value, count]) => make('option', { value }, `${value} (${count})`)),
    )
    return make('label', {}, `${words} `, selects[name])
  }
  on('lanes', (view) => filterLanes(view, new Set(findingItems.filter(fits).map((item) => item.id))))
  // A link to something that the filter hides shows it.
  window.addEventListener('hashchange', () => {
    const target = document.getElementById(location.hash.slice(1))
    if (target?.closest('[hidden]') == null) return
    clearFilter()
    target.scrollIntoView()
  })
  return menu('Filter', select('entity', 'Entity'), select('kind', 'Kind'), select('source', 'Source'), clearButton)
}
