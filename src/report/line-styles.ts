/** How the lines of a chart look, in pictures and in live charts: told apart by lightness and dash as well as hue (after Okabe and Ito), so that a grey print keeps them. */
export const LINE_STYLES = [
  { colour: '#1f5fa8', dash: [] },
  { colour: '#b23c0a', dash: [7, 3] },
  { colour: '#2b6e3b', dash: [2, 3] },
  { colour: '#8c1d5b', dash: [10, 3, 2, 3] },
  { colour: '#6b5300', dash: [4, 2] },
  { colour: '#00697a', dash: [12, 4] },
  { colour: '#5b6470', dash: [1, 2] },
  { colour: '#3f4bb0', dash: [6, 2, 2, 2] },
] as const

export const lineStyle = (index: number): (typeof LINE_STYLES)[number] => LINE_STYLES[index % LINE_STYLES.length] ?? LINE_STYLES[0]
