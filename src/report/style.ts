/**
 * How a report looks: in dark and light, on a phone and on a wide screen.
 *
 * @module
 */

/** The style sheet; it names nothing outside the page. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --text: #1c2024; --quiet: #59636e; --line: #d5dae0; --raised: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --text: #e6e9ec; --quiet: #9aa5b1; --line: #343a41; --raised: #1d2125; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 1120px; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 12px; }
h3 { font-size: 1rem; margin: 20px 0 8px; }
h4 { font-size: .92rem; margin: 0 0 6px; }
p { margin: 0 0 12px; max-width: 72ch; }
header p { color: var(--quiet); }
section { border-top: 1px solid var(--line); margin-top: 32px; padding-top: 24px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; margin: 0; padding: 0; font-size: .9rem; }
a { color: inherit; text-underline-offset: 3px; }
dl { margin: 0; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 12px 24px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; }
.tiles > div { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tiles dd { font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures { display: flex; flex-wrap: wrap; gap: 24px 40px; align-items: flex-start; }
.figures > * { min-width: 0; max-width: 100%; }
figure { margin: 0; max-width: 100%; }
figure h3 { margin-top: 0; }
figure svg { max-width: 100%; height: auto; display: block; }
figcaption { color: var(--quiet); font-size: .88rem; line-height: 1.45; margin-top: 8px; max-width: 420px; }
.said { width: 300px; }
.said p { color: var(--quiet); font-size: .88rem; }
.scroll { overflow-x: auto; max-width: 100%; margin: 0 0 16px; }
.figures .scroll { max-height: 420px; overflow-y: auto; }
table { border-collapse: collapse; overflow-wrap: normal; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); font-size: .85rem; padding-bottom: 6px; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-weight: 600; vertical-align: bottom; line-height: 1.3; }
thead th.number { white-space: normal; max-width: 13ch; }
tbody th { font-weight: 400; }
tbody .text { overflow-wrap: anywhere; min-width: 9ch; }
.text { text-align: left; }
.number { text-align: right; white-space: nowrap; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; overflow-x: auto; font-size: .88rem; }
@media (max-width: 480px) {
  table { font-size: .84rem; }
  th, td { padding-right: 10px; }
  tbody .text { min-width: 7ch; }
}
@media print { nav { display: none; } section { break-inside: avoid-page; } }
`;
