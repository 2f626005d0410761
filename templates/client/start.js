// ---- put together

document.documentElement.classList.add('scripted')
const tools = live('section', { class: 'tools page-tools', 'aria-label': 'Tools' }, zoneSwitch())
if (findingItems.length > 0) tools.append(filterTools(), shownCount)
tools.append(
  editButton,
  button('Save a copy', save),
  button('Copy as Markdown', () => void copy(asMarkdown(), 'The report as Markdown')),
  status,
)
document.querySelector('.masthead').after(tools)
startLanes()
startCharts()
startEditing()
goToMoment()
