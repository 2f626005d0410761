// ---- the page as Markdown, as it stands, edits included

const escaped = (words) =>
  words
    .replace(/[\s]+/g, ' ')
    .replace(/[\\`*_[\]<>#|~]/g, '\\$&')
    .replace(/(^|\s)@(?=\w)/g, '$1\\@')
const fenced = (words) => {
  const fence = '`'.repeat(Math.max(3, ...(words.match(/`+/g) ?? []).map((one) => one.length + 1)))
  return `${fence}\n${words.replace(/\n$/, '')}\n${fence}`
}
const codeSpan = (words) => {
  const ticks = '`'.repeat(Math.max(1, ...(words.match(/`+/g) ?? []).map((one) => one.length + 1)))
  const flat = words.replace(/\s+/g, ' ')
  return `${ticks}${flat.startsWith('`') || flat.endsWith('`') ? ` ${flat} ` : flat}${ticks}`
}
const LEFT_OUT = 'script, style, svg, nav, canvas, select, button, img, [data-live], .visually-hidden, .skip, .legend, .back, [hidden]'
const BLOCKS = 'h1, h2, h3, h4, p, ul, ol, dl, table, pre, figure, details, section, article, div, header, footer, figcaption, nav'

const inline = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data)
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return ''
  const inner = () => [...node.childNodes].map(inline).join('')
  if (node.matches('br')) return ' '
  if (node.matches('code')) return codeSpan(node.textContent)
  if (node.matches('strong') && node.textContent.trim() !== '') return `**${inner().trim()}** `
  const href = node.matches('a') ? node.getAttribute('href') : null
  return href !== null && /^https?:/.test(href) ? `[${inner().trim()}](<${href}>)` : inner()
}
const flat = (node) => inline(node).replace(/\s+/g, ' ').trim()

const blocks = (node, depth = 0) => {
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return []
  const children = () => [...node.children].flatMap((child) => blocks(child, depth))
  if (/^H[1-4]$/.test(node.tagName)) return [`${'#'.repeat(Number(node.tagName[1]))} ${flat(node)}`]
  if (node.matches('pre')) return [fenced(node.textContent)]
  if (node.matches('table')) return [table(node)]
  if (node.matches('ul, ol')) return [list(node, depth)]
  if (node.matches('dl'))
    return all('dt', node)
      .map((term) => `- **${flat(term)}** ${flat(term.nextElementSibling ?? term)}`)
      .join('\n')
      .split('\0')
  if (node.matches('figure.chart')) return [`**Chart: ${flat(node.querySelector('figcaption'))}**`]
  if (node.matches('.prompt')) {
    const answer = node.querySelector('.answer')?.textContent.trim() ?? ''
    const ask = flat(node.querySelector('.ask'))
    return [answer === '' ? `> ${ask}` : `*${ask}*`, ...(answer === '' ? [] : answer.split(/\n+/).map(escaped))]
  }
  if (node.matches('details')) return [...node.children].flatMap((child) => (child.matches('summary') ? [`**${flat(child)}**`] : blocks(child, depth)))
  if (node.querySelector(BLOCKS) !== null) return children()
  const words = flat(node)
  return words === '' ? [] : [words]
}

const list = (node, depth) =>
  [...node.children]
    .filter((item) => item.matches('li') && !item.matches(LEFT_OUT))
    .map((item, index) => {
      const mark = node.matches('ol') && !node.matches('.findings') ? `${index + 1}. ` : '- '
      const parts =
        item.querySelector(BLOCKS) === null
          ? [flat(item)]
          : [...item.childNodes].flatMap((child) => (child.nodeType === Node.TEXT_NODE ? [] : blocks(child, depth + 1)))
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
