/** For a light and a dark screen; nothing is loaded from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #1b2330; --soft: #5d6878; --grid: #e3e7ed;
  --blue: #2563c9; --teal: #15807a; --amber: #b9770e; --red: #c8322b; --violet: #7a4fc4; --gray: #7b8798; }
@media (prefers-color-scheme: dark) { :root { --page: #12161d; --card: #1a202a; --text: #e6eaf0; --soft: #9aa6b7;
  --grid: #2b3442; --blue: #6ea8ff; --teal: #4cc4b9; --amber: #e8b04b; --red: #ff7a70; --violet: #b596f5; --gray: #8a96a8; } }
* { box-sizing: border-box }
body { margin: 0; padding: 32px 16px 48px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
main { max-width: 1040px; margin: 0 auto }
h1 { margin: 0; font-size: 24px; font-weight: 650 }
h2 { margin: 32px 0 10px; font-size: 17px; font-weight: 650 }
p { margin: 4px 0; color: var(--soft) }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 20px 0 }
.tile, figure, .table { background: var(--card); border: 1px solid var(--grid); border-radius: 10px }
.tile { padding: 12px 16px }
.tile b { display: block; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3 }
.tile span { color: var(--soft); font-size: 13px }
.tile.bad b { color: var(--red) }
.slo { display: flex; flex-wrap: wrap; gap: 8px; padding: 0; margin: 12px 0; list-style: none }
.slo li { padding: 3px 12px; border: 1px solid; border-radius: 99px; font-size: 14px }
.met { color: var(--teal) } .missed { color: var(--red); font-weight: 650 }
figure { margin: 12px 0; padding: 14px 16px 6px }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline; font-size: 13px; color: var(--soft) }
figcaption b { color: var(--text); font-size: 15px; font-weight: 650 }
figcaption em { font-style: normal; margin: 0 auto 0 -10px }
figcaption i { display: inline-block; width: 16px; height: 0; margin-right: 6px; vertical-align: 4px; border-top: 3px solid var(--c) }
figcaption i.dashed { border-top-style: dashed }
svg { display: block; width: 100%; height: auto; margin-top: 6px }
.grid { stroke: var(--grid); stroke-width: 1 }
.tick { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.line.dashed { stroke-dasharray: 5 5; stroke-width: 1.5 }
.area { fill: var(--c); fill-opacity: .55; stroke: none }
.moment { fill: var(--text); fill-opacity: 0 } .moment:hover { fill-opacity: .08 }
.blue { --c: var(--blue) } .teal { --c: var(--teal) } .amber { --c: var(--amber) } .red { --c: var(--red) }
.violet { --c: var(--violet) } .gray { --c: var(--gray) }
.table { overflow-x: auto; padding: 4px 16px }
table { width: 100%; border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
th, td { padding: 7px 8px; text-align: right; white-space: nowrap }
th { color: var(--soft); font-weight: 500 }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
tr + tr td { border-top: 1px solid var(--grid) }
tr.broken td { color: var(--red) }
`
