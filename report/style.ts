/** The style sheet of reports: light and dark by the reader's setting, from a phone's width up, and for printing. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d2025; --soft: #666c76; --rule: #e3e4e7; --place: #0001;
  --c0: #2563c9; --c1: #d9480f; --c2: #2b8a3e; --c3: #9c36b5; --c4: #b58105; --c5: #0b7285; --c6: #c2255c; --c7: #6b5b4d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131518; --card: #1b1e22; --ink: #e4e6ea; --soft: #979da8; --rule: #31353b; --place: #fff1;
    --c0: #6ea8fe; --c1: #ff9459; --c2: #69c77b; --c3: #d08ae6; --c4: #e3b341; --c5: #5cc3d6; --c6: #f783ac; --c7: #b8a898;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 74rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
header p { margin: .25rem 0 0; color: var(--soft); max-width: 50rem; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2 { margin: 2.75rem 0 .9rem; font-size: 1.15rem; font-weight: 650; }
h3 { margin: 0 0 .3rem; font-size: .9rem; font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.figures div, .chart, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.figures div { padding: .7rem .9rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; line-height: 1.35; }
dd small { font-size: .8rem; font-weight: 400; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; }
.chart { padding: .8rem 1rem .7rem; display: flex; flex-direction: column; justify-content: space-between; }
.chart.wide { grid-column: 1 / -1; }
figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; margin-bottom: .6rem; }
figcaption b { font-weight: 600; margin-right: auto; }
.key { color: var(--soft); font-size: .8rem; white-space: nowrap; }
.key i { display: inline-block; width: 1.1em; height: 0; margin-right: .4em; vertical-align: .25em; border-top: 2px solid var(--c); }
.key i.faint { opacity: .4; }
.key i.dotted { width: .55em; height: .55em; border: 0; border-radius: 50%; background: var(--c); vertical-align: .02em; }
.plot { display: grid; grid-template-columns: 3rem minmax(0, 1fr); }
.area { position: relative; height: 11rem; }
.wide .area { height: 17rem; }
.area svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: hidden; }
.plot span { position: absolute; color: var(--soft); font-size: .75rem; line-height: 1; white-space: nowrap; }
.y { position: relative; }
.y span { right: .6rem; transform: translateY(50%); }
.x { position: relative; grid-column: 2; height: 1.4rem; }
.x span { top: .45rem; transform: translateX(-50%); }
path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { stroke: var(--c); stroke-width: 2; }
.faint { stroke: var(--c); stroke-width: 1; opacity: .35; }
path.dotted { stroke: var(--c); stroke-width: 1.25; opacity: .7; }
.dots { stroke: var(--c); stroke-width: 6; }
${Array.from({ length: 8 }, (_, i) => `.c${i} { --c: var(--c${i}); }`).join(' ')}
.places { position: absolute; inset: 0; display: flex; }
.places i { flex: 1; }
.places i:hover { background: var(--place); }
.places b {
  display: none; position: absolute; bottom: calc(100% + .2rem); right: 0; padding: .25rem .5rem; pointer-events: none;
  background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  font-size: .78rem; font-weight: 500; font-style: normal; line-height: 1.35;
}
.places i:hover b { display: block; }
.sheet { padding: .75rem; }
.sheet img { display: block; width: 100%; height: auto; border-radius: 4px; }
.sheet a { display: block; }
#samples img, .strip .sheet:target img { min-width: 36rem; }
.strip { display: grid; grid-auto-flow: column; grid-auto-columns: 11rem; gap: .75rem; overflow-x: auto; padding-bottom: .5rem; margin-top: .75rem; }
.strip .sheet { padding: .4rem; }
.strip .sheet a.open { height: 8rem; overflow: hidden; }
.sheet figcaption { margin: 0 0 .4rem; color: var(--soft); font-size: .8rem; }
.sheet a.close { display: none; }
.strip .sheet:target { position: fixed; inset: 0; z-index: 1; overflow: auto; padding: 1rem; border-radius: 0; }
.strip .sheet:target a.open { height: auto; pointer-events: none; max-width: 70rem; margin: 0 auto; }
.strip .sheet:target a.close { display: inline; color: var(--c0); }
@media (prefers-color-scheme: dark) { .sheet img { filter: brightness(.9); } }
.card { padding: .35rem 1rem; overflow-x: auto; }
.card h3 { margin-top: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th { text-align: left; font-weight: 400; color: var(--soft); padding: .3rem 1.25rem .3rem 0; vertical-align: top; }
td { padding: .3rem 1.25rem .3rem 0; vertical-align: top; overflow-wrap: break-word; }
td:last-child { padding-right: 0; }
tr + tr > * { border-top: 1px solid var(--rule); }
th + td { font-weight: 500; }
th + td + td { color: var(--soft); font-weight: 400; }
section > .card + .card, section > .card + .columns { margin-top: 1rem; }
.columns { columns: 20rem 3; column-gap: 1rem; }
.columns .card { break-inside: avoid; margin-bottom: 1rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .8rem; }
@media (max-width: 30rem) {
  body { padding: 1.25rem .9rem 3rem; font-size: 14px; }
  .chart { padding: .7rem .7rem .5rem; }
  .wide .area { height: 13rem; }
  .plot { grid-template-columns: 2.6rem minmax(0, 1fr); }
}
@media print { body { max-width: none; padding: 0; } .chart, .card, .figures div { break-inside: avoid; } }
`;
