// The look of the HTML report. Nothing is loaded from elsewhere.
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b2027; --soft: #59636e; --line: #d8dee6; --code: #f0f2f5;
  --accent: #0b62c4; --other: #8a94a0;
  --passed: #12702f; --passed-fill: #d9f2df; --failed: #b3161c; --failed-fill: #fddcdc;
  --flaky: #8a5200; --flaky-fill: #ffebc8; --skipped: #59636e; --skipped-fill: #e7eaee;
  --error: #6b31b0; --error-fill: #ebdffb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181d25; --text: #e7ebf0; --soft: #a0abb8; --line: #313a46; --code: #11161d;
    --accent: #6cb2ff; --other: #77828f;
    --passed: #6fdc8c; --passed-fill: #14361f; --failed: #ff9a97; --failed-fill: #4a181b;
    --flaky: #ffc56b; --flaky-fill: #44300b; --skipped: #a0abb8; --skipped-fill: #272e38;
    --error: #cda6ff; --error-fill: #38225a;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
code, pre, .mono { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .875em; }
header.top, main, footer { overflow-wrap: anywhere; max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header.top { padding-top: 1.75rem; }
footer { color: var(--soft); font-size: .875rem; padding-bottom: 2.5rem; }
h1 { font-size: 1.625rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1875rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
h3:first-child { margin-top: 0; }
p { margin: .5rem 0; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 5; }
.hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.soft { color: var(--soft); }
section.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.25rem; margin: 1.25rem 0; min-width: 0;
}
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.figures li {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .625rem 1rem; min-width: 6.5rem;
}
.figures b { display: block; font-size: 1.375rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: .875rem; }
.scroll { position: relative; overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .5rem; }
th, td { overflow-wrap: break-word; text-align: left; padding: .3125rem .625rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-size: .8125rem; color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; white-space: nowrap; }
.wide { width: 100%; }
.verdict {
  display: inline-block; border-radius: 5px; padding: 0 .5rem; font-size: .8125rem; font-weight: 600;
  line-height: 1.5rem; white-space: nowrap; text-decoration: none;
}
.passed { color: var(--passed); background: var(--passed-fill); }
.failed { color: var(--failed); background: var(--failed-fill); }
.flaky { color: var(--flaky); background: var(--flaky-fill); }
.skipped { color: var(--skipped); background: var(--skipped-fill); }
.error { color: var(--error); background: var(--error-fill); }
.legend { display: flex; flex-wrap: wrap; gap: .375rem .875rem; font-size: .8125rem; color: var(--soft); margin: 0 0 .75rem; padding: 0; list-style: none; }
.matrix td { text-align: center; }
table.class { border-collapse: separate; border-spacing: 0; }
table.class th, table.class td { padding: .125rem; border: 0; }
table.class tbody tr:hover th, table.class tbody tr:hover td { background: var(--code); }
table.class th.who { position: sticky; left: 0; background: var(--card); padding: 0 .75rem 0 0; z-index: 1; white-space: nowrap; }
table.class th.who a { display: inline-block; max-width: 13rem; overflow: hidden; text-overflow: ellipsis; vertical-align: middle; line-height: 1.625rem; }
table.class td.number { padding-right: .75rem; }
table.class thead th.case { padding: 0 0 .25rem; min-width: 1.75rem; text-align: center; }
table.class thead th.case span {
  writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; font-weight: 500; line-height: 1rem;
}
table.class .verdict { width: 1.5rem; padding: 0; text-align: center; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; background: var(--card); }
details > summary { cursor: pointer; padding: .5rem .75rem; display: flex; gap: .625rem; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "\\25B8"; color: var(--soft); flex: none; }
details[open] > summary::before { content: "\\25BE"; }
summary .name { font-weight: 600; overflow-wrap: anywhere; flex: 0 1 auto; }
summary .what { color: var(--soft); flex: 1 1 12rem; min-width: 0; overflow-wrap: anywhere; }
summary .points { margin-left: auto; white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
details:target { border-color: var(--accent); }
.body { padding: 0 .875rem .875rem; border-top: 1px solid var(--line); }
.why { font-size: 1.0625rem; white-space: pre-line; overflow-wrap: anywhere; border-left: 4px solid var(--line); padding-left: .75rem; margin: .875rem 0; }
.why.is-failed { border-color: var(--failed); } .why.is-flaky { border-color: var(--flaky); } .why.is-error { border-color: var(--error); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; font-size: .9375rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
pre {
  background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .625rem .75rem;
  overflow: auto; max-height: 24rem; margin: .375rem 0; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
}
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .75rem; }
.pair > * { min-width: 0; }
.pair h5, .figure h5 { margin: 0; font-size: .8125rem; color: var(--soft); font-weight: 600; }
h4 { margin: 1rem 0 .375rem; font-size: .9375rem; overflow-wrap: anywhere; }
pre.hex { white-space: pre; font-size: .8125rem; line-height: 1.45; }
mark, del, ins { border-radius: 2px; text-decoration: none; color: inherit; }
del, .was mark { background: var(--failed-fill); box-shadow: 0 1px 0 var(--failed); }
ins, .due mark { background: var(--passed-fill); box-shadow: 0 1px 0 var(--passed); }
.at { color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.25rem; }
figure { margin: 0; min-width: 0; }
figcaption { overflow-wrap: anywhere; font-weight: 600; margin-bottom: .25rem; }
figure svg { display: block; width: 100%; max-width: 30rem; height: auto; overflow: visible; background: none; }
.find { display: none; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; margin-bottom: .875rem; font-size: .9375rem; }
.scripted .find { display: flex; }
input[type=search] { font: inherit; padding: .3125rem .625rem; border: 1px solid var(--line); border-radius: 6px; background: var(--page); color: inherit; min-width: 12rem; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; }
@media (max-width: 40rem) {
  header.top, main, footer { padding-left: .75rem; padding-right: .75rem; }
  section.card { padding: .875rem; border-radius: 8px; }
  details > summary { flex-wrap: wrap; row-gap: 0; }
  summary .name { flex: 1 1 8rem; }
  summary .what { flex-basis: 100%; order: 3; }
  dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .5rem; }
  .figures li { flex: 1 1 40%; }
  table.class th.who a { max-width: 8rem; }
  th, td { padding: .3125rem .375rem; }
}
@media print {
  body { background: #fff; } .find, .skip { display: none !important; }
  section.card, details { break-inside: avoid; border-color: #bbb; }
}
`;
