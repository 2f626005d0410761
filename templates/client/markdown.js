// ---- the page as Markdown, as it stands, edits included

const escaped = (words) =>
  words
    .replace(/[\s]+/g, ' ')
    .replace(/[\\`*_[\]#|~]/g, '\\$&')
    .replace(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[letter])
    .replace(/(^|\s)@(?=\w)/g, '$1\\@')
    // What only looks like an address is none to follow.
    .replace(/\b(https?|ftp):\/\//g, '$1\\://')
    .replace(/\bwww\./g, 'www\\.')
const fenced = (words) => {
  const fence = '`'.repeat(Math.max(3, ...(words.match(/`+/g) ?? []).map((one) => one.length + 1)))
  return `${fence}\n${words.replace(/\n$/, '')}\n${fence}`
}
const codeSpan = (words) => {
  const ticks = '`'.repeat(Math.max(1, ...(words.match(/`+/g) ?? []).map((one) => one.length + 1)))
  const flat = words.replace(/\s+/g, ' ')
  return `${ticks}${flat.startsWith('`') || flat.endsWith('`') ? ` ${flat} ` : flat}${ticks}`
}
const LEFT_OUT = 'script, style, svg, nav, .chain-figure, canvas, select, button, img, [data-live], .visually-hidden, .skip, .legend, .back, [hidden]'
const BLOCKS = 'h1, h2, h3, h4, p, ul, ol, dl, table, pre, figure, details, section, article, div, header, footer, figcaption, nav, code.line, code.lines'

const inline = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data)
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return ''
  const inner = () => [...node.childNodes].map(inline).join('')
  if (node.matches('br')) return ' '
  if (node.matches('.note, .description')) return `: ${inner().trim()}`
  if (node.matches('code')) return codeSpan(node.textContent)
  if (node.matches('strong') && node.textContent.trim() !== '') return `**${inner().trim()}** `
  const href = node.matches('a') ? node.getAttribute('href') : null
  return href !== null && /^https?:/.test(href) ? `[${inner().trim()}](<${href}>)` : inner()
}
const flat = (node) => inline(node).replace(/\s+/g, ' ').trim()

/** What stands in an element: runs of text between its blocks. */
const mixed = (node, depth) => {
  const found = []
  let run = ''
  const flush = () => {
    if (run.trim() !== '') found.push(run.replace(/\s+/g, ' ').trim())
    run = ''
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE && (child.matches(BLOCKS) || child.querySelector(BLOCKS) !== null)) {
      flush()
      found.push(...blocks(child, depth))
    } else run += inline(child)
  }
  flush()
  return found
}

const blocks = (node, depth = 0) => {
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return []
  if (/^H[1-4]$/.test(node.tagName)) return [`${'#'.repeat(Number(node.tagName[1]))} ${flat(node)}`]
  if (node.matches('pre, code.line, code.lines')) return [fenced(node.textContent)]
  if (node.matches('table')) return [table(node)]
  if (node.matches('ul, ol')) return [list(node, depth)]
  if (node.matches('dl'))
    return [
      all('dt', node)
        .map((term) => `- **${flat(term)}** ${flat(term.nextElementSibling ?? term)}`)
        .join('\n'),
    ]
  if (node.matches('figure.chart')) return [`**Chart: ${flat(node.querySelector('figcaption'))}**`]
  if (node.matches('.prompt')) {
    const answer = node.querySelector('.answer')?.textContent.trim() ?? ''
    const ask = flat(node.querySelector('.ask'))
    return [answer === '' ? `> ${ask}` : `*${ask}*`, ...(answer === '' ? [] : answer.split(/\n+/).map(escaped))]
  }
  if (node.matches('details')) return [...node.children].flatMap((child) => (child.matches('summary') ? [`**${flat(child)}**`] : blocks(child, depth)))
  return mixed(node, depth)
}

const list = (node, depth) =>
  [...node.children]
    .filter((item) => item.matches('li') && !item.matches(LEFT_OUT))
    .map((item, index) => {
      const mark = node.matches('ol') && !node.matches('.findings') ? `${index + 1}. ` : '- '
      const parts = mixed(item, depth + 1)
      return (
        mark +
        parts
          .filter((part) => part !== '')
          .join('\n')
          .replaceAll('\n', `\n${' '.repeat(mark.length)}`)
      )
    })
    .join('\n')

const table = (node) => {
  const rows = all('tr', node).filter((row) => !row.hidden)
  const cells = (row) => [...row.children].map((cell) => flat(cell))
  const [head, ...body] = rows
  if (head === undefined) return ''
  const width = head.children.length
  const line = (row) => `| ${[...cells(row), ...Array(Math.max(0, width - row.children.length)).fill('')].join(' | ')} |`
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n')
}

const asMarkdown = () => `${[...blocks(document.querySelector('.masthead')), ...blocks(document.querySelector('main'))].join('\n\n')}\n`
