/** The one stylesheet of the page. Colours are those of the plots. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #1b2330; --soft: #5d6878; --line: #e3e7ed;
  --good: #1c7a43; --warn: #8a5a00; --bad: #b3261e; --link: #1f5bb8 }
@media (prefers-color-scheme: dark) { :root { --page: #12161d; --card: #1a202a; --text: #e6eaf0; --soft: #9aa6b7; --line: #2b3442;
  --good: #6fd096; --warn: #e8b04b; --bad: #ff8a80; --link: #8ab4ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
header, main, footer { max-width: 1100px; margin: 0 auto; padding: 0 16px }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; padding-top: 20px }
h1 { font-size: 22px; margin: 0 }
h2 { font-size: 17px; margin: 28px 0 8px }
h3 { font-size: 15px; margin: 0 }
.soft, footer { color: var(--soft) }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 12px; padding: 0; margin: 0; list-style: none }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; overflow-wrap: anywhere }
.big { font-size: 26px; font-weight: 650; font-variant-numeric: tabular-nums }
.state { display: inline-block; border: 1px solid; border-radius: 99px; padding: 0 10px; font-size: 13px; white-space: nowrap }
.good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: 6px 12px; border-top: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600; font-size: 13px; border-top: 0; white-space: nowrap }
td.text { white-space: pre-line; overflow-wrap: anywhere }
td.at { white-space: nowrap; color: var(--soft) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 10px 0 0; font-size: 14px }
dt { color: var(--soft) } dd { margin: 0; font-variant-numeric: tabular-nums }
meter { width: 100%; height: 10px; margin: 6px 0 }
code { font: 13px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
details > summary { cursor: pointer; color: var(--link) }
ol.timeline { margin: 8px 0 0; padding: 0; list-style: none; font-size: 14px }
ol.timeline li { padding: 3px 0; overflow-wrap: anywhere; white-space: pre-line }
svg.time-plot { display: block; width: 100%; min-width: 700px; height: auto }
.plot { margin-top: 12px }
.source { font-size: 13px; font-weight: 400; margin-left: 10px }
footer { padding: 28px 16px; font-size: 13px }
`
