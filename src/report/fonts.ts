/** What pictures are written with. The canvas looks for all fonts of a machine when it is loaded, which takes longer than a chart: here only for letters that ours has not. */
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(import.meta.url)

export const FONT = 'DejaVu Sans'
export const FONT_FILES = { normal: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), bold: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf') }

/** https://github.com/Brooooooklyn/canvas: read when the canvas is loaded. */
const LEFT_TO_US = 'DISABLE_SYSTEM_FONTS_LOAD'
let asked = process.env[LEFT_TO_US] !== undefined
process.env[LEFT_TO_US] ??= '1'

/** Latin letters, punctuation and arrows: our font has them all. */
const OURS = /^[\0-\u024f\u2010-\u203a\u2190-\u21ff]*$/u

const HOME_FOLDERS: Partial<Readonly<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['.fonts'],
  darwin: ['Library', 'Fonts'],
  win32: ['AppData', 'Local', 'Microsoft', 'Windows', 'Fonts'],
}

/** The canvas's GlobalFonts; its types leave out what it calls itself. */
interface Fonts {
  loadSystemFonts?(): number
  loadFontsFromDir(folder: string): number
}

/** To be called before the texts are drawn. */
export const fontsFor = (texts: readonly string[], fonts: () => Fonts): void => {
  if (asked || texts.every((text) => OURS.test(text))) return
  asked = true
  const all = fonts()
  all.loadSystemFonts?.()
  const folder = HOME_FOLDERS[process.platform]
  if (folder !== undefined) all.loadFontsFromDir(join(homedir(), ...folder))
}
