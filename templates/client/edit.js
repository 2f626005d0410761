// ---- edit the draft in place, and save it as a new file

const EDITABLE = [
  'h1, .incident > h2, .lead, .root-cause p, .facts dd, .prompt .answer, .whys p, .chain-words p, .follow-ups p, .follow-ups pre, .notes li',
  '.incident section > p, .incident section > ul:not(.findings-short) > li, .findings-short li, .pairs dt, .pairs dd, .timeline .what, .finding .summary',
].join(', ')
let editing = false
let edited = false

const setEditing = (wanted) => {
  editing = wanted
  document.documentElement.classList.toggle('editing', editing)
  for (const element of all(EDITABLE)) {
    if (element.closest('[data-live]') !== null) continue
    if (!editing) {
      element.removeAttribute('contenteditable')
      if (element.matches('.answer')) for (const name of ['role', 'aria-label', 'aria-multiline']) element.removeAttribute(name)
      continue
    }
    // Text only: what is pasted brings no markup along.
    element.setAttribute('contenteditable', 'plaintext-only')
    if (element.contentEditable !== 'plaintext-only') element.setAttribute('contenteditable', 'true')
    if (!element.matches('.answer')) continue
    element.setAttribute('role', 'textbox')
    element.setAttribute('aria-multiline', 'true')
    element.setAttribute('aria-label', element.parentElement.querySelector('.ask')?.textContent ?? 'Answer')
  }
  editButton.setAttribute('aria-pressed', String(editing))
  editButton.textContent = editing ? 'Stop editing' : 'Edit the draft'
  say(editing ? 'Editing: click into the text. Save a copy to keep it.' : '')
}

const editButton = button('Edit the draft', () => setEditing(!editing), { 'aria-pressed': 'false' })

/** The page as it would be without this script, with what people wrote: it is complete again by itself. */
const asFile = () => {
  const shown = zone
  const windows = views.map(({ now, moment, hidden }) => ({ now, moment, hidden }))
  const kept = { ...chosen }
  setZone('UTC')
  clearFilter()
  for (const view of views) {
    Object.assign(view, { now: view.whole, moment: null, hidden: new Set() })
    redraw(view)
  }
  const page = document.documentElement.cloneNode(true)
  for (const element of all('[data-live]', page)) element.remove()
  for (const element of all('[contenteditable]', page))
    for (const name of ['contenteditable', 'role', 'aria-label', 'aria-multiline']) element.removeAttribute(name)
  for (const element of all('.live, .at-moment', page)) element.classList.remove('live', 'at-moment')
  for (const element of all('.lanes', page)) element.removeAttribute('tabindex')
  for (const element of all('[class=""]', page)) element.removeAttribute('class')
  page.classList.remove('editing', 'scripted')
  page.removeAttribute('class')
  page.querySelector('title').textContent = `${document.querySelector('h1').textContent.trim()} – post-mortem draft`
  views.forEach((view, index) => {
    Object.assign(view, windows[index])
    redraw(view)
  })
  for (const [name, value] of Object.entries(kept)) chosen[name] = selects[name].value = value
  views.forEach(redraw)
  applyFilter()
  setZone(shown)
  // eslint-disable-next-line no-restricted-properties -- the saved copy
  return `<!doctype html>\n${page.outerHTML}\n`
}

const save = () => {
  const address = URL.createObjectURL(new Blob([asFile()], { type: 'text/html' }))
  const name = `${decodeURIComponent(location.pathname.split('/').at(-1) ?? '').replace(/\.html?$/, '') || 'faultline-report'}-edited.html`
  const link = live('a', { href: address, download: name, hidden: true })
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
  edited = false
  say(`Saved as ${name}.`)
}

const startEditing = () => {
  document.addEventListener('input', (event) => {
    if (editing && event.target.closest?.('[contenteditable]')) edited = true
  })
  // Fallback for browsers without plaintext-only.
  document.addEventListener('paste', (event) => {
    if (!editing || event.target.closest?.('[contenteditable="true"]') == null) return
    event.preventDefault()
    document.execCommand('insertText', false, event.clipboardData.getData('text/plain'))
  })
  window.addEventListener('beforeunload', (event) => {
    if (edited) event.preventDefault()
  })
}
