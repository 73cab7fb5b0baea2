// SPDX-License-Identifier: Apache-2.0
// How a page looks: light or dark as the reader's system is, on paper, on a narrow screen. Contrast
// of text is at least 4.5 to 1, of marks 3 to 1.
#pragma once

#include "page/markup.hpp"

namespace cupel::page {

inline constexpr Stylesheet kStylesheet = R"css(
:root {
  --paper: #fcfcfa; --card: #ffffff; --ink: #1d1f21; --quiet: #5c6168; --rule: #dddcd6; --link: #0b57a4;
  --m0: #2a6fb0; --m1: #0b7a75; --m2: #b3501c; --m3: #8a3d9c; --m4: #63686e;
  --good: #1d7a3c; --bad: #b3261e; --doubt: #8a6100; --best: #b07800; --band: #b0780026;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --card: #1c1f23; --ink: #e6e4df; --quiet: #a2a7ae; --rule: #343940; --link: #82b7f0;
    --m0: #74b0ea; --m1: #4fc3b8; --m2: #f0945a; --m3: #d091e2; --m4: #9aa0a7;
    --good: #6fce8d; --bad: #f2887f; --doubt: #e2b653; --best: #f0b73f; --band: #f0b73f2e;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
a { color: var(--link); }
h1 { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem; font-size: 2.1rem; line-height: 1.2;
  margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 0 0 .75rem; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
section { margin-top: 2.25rem; }
.over, .title, .quiet, figcaption, caption { color: var(--quiet); font-size: .9rem; }
.over { margin: 0 0 .25rem; }
.title { margin: .15rem 0 0; font-size: 1rem; }
.headline { font-size: 1.45rem; line-height: 1.35; font-weight: 600; margin: 1rem 0 1.25rem; }
.seal { font-size: .85rem; font-weight: 600; letter-spacing: .02em; padding: .2rem .7rem; border-radius: 2rem;
  border: 1.5px solid currentColor; color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); } .doubtful { color: var(--doubt); }
dl { margin: 0; display: grid; gap: .35rem; }
dl div { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0 1rem; }
dt { color: var(--quiet); grid-column: 1; }
dd { margin: 0; grid-column: 2; }
figure { margin: 0; }
figcaption { margin-top: .5rem; max-width: 48rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 .5rem; padding: 0;
  font-size: .9rem; }
.key { vertical-align: -3px; margin-right: .35rem; flex: none; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, pre:focus-visible, summary:focus-visible, a:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px; }
svg { font: 13px/1 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
svg text { fill: var(--ink); white-space: pre; }
svg a { text-decoration: none; }
svg a:hover .name, svg a:focus-visible .name { text-decoration: underline; }
.chart { display: block; width: 100%; min-width: 40rem; height: auto; }
.tree { display: block; overflow: visible; }
svg .name { font-weight: 700; }
svg .tick, svg .axis, svg .quiet { fill: var(--quiet); font-size: 12px; }
.grid { stroke: var(--rule); fill: none; }
.one { stroke: var(--quiet); }
.claim { fill: var(--band); stroke: var(--best); stroke-width: 1; }
.floor { stroke: var(--good); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
.best { stroke: var(--best); stroke-width: 2; fill: none; }
.ring { stroke: var(--best); stroke-width: 1.5; fill: none; }
.m0 { color: var(--m0); } .m1 { color: var(--m1); } .m2 { color: var(--m2); } .m3 { color: var(--m3); }
.m4 { color: var(--m4); }
path.m0, path.m1, path.m2, path.m3, path.m4 { fill: currentColor; }
path.bar { fill: none; stroke: currentColor; stroke-width: 1.5; opacity: .55; }
path.many { opacity: .75; }
tspan.who { fill: currentColor; }
.f0 { fill: var(--good); stroke: none; }
.f1 { fill: none; stroke: var(--bad); stroke-width: 2.5; stroke-linecap: round; }
.f2 { fill: none; stroke: var(--bad); stroke-width: 2; }
.f3 { fill: none; stroke: var(--doubt); stroke-width: 2; }
.f4 { fill: var(--paper); stroke: var(--bad); stroke-width: 2; }
.f5 { fill: none; stroke: var(--bad); stroke-width: 1.5; }
.f6 { fill: var(--quiet); stroke: none; }
.win { fill: var(--best); stroke: none; }
a path.m0:first-child { stroke: none; }
.task { fill: var(--ink); }
.edge { stroke: var(--quiet); stroke-width: 1.25; fill: none; opacity: .7; stroke-linecap: round; }
.line { stroke: var(--best); stroke-width: 3.5; opacity: 1; }
.gap { stroke-dasharray: 2 4; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; overflow-wrap: normal; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; vertical-align: top; font-weight: 400; }
thead th { color: var(--quiet); border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody th { white-space: nowrap; }
.kernels tbody th { font-weight: 700; }
.row td, .row th, .best-row td, .best-row th { border-top: 1px solid var(--rule); }
.more td { padding: 0 0 .5rem; }
tr:target { background: var(--band); }
.best-row { background: var(--band); }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.judged { font-weight: 600; white-space: normal; }
.tag { display: inline-block; margin-left: .4rem; padding: 0 .4rem; border-radius: .6rem; font-size: .75rem;
  font-weight: 600; color: var(--best); border: 1px solid currentColor; white-space: nowrap; }
details summary { cursor: pointer; color: var(--quiet); font-size: .85rem; }
details[open] { padding-bottom: .5rem; }
.heading { font-weight: 600; font-size: .85rem; margin: .6rem 0 .2rem; }
details ul { margin: 0; padding-left: 1.1rem; font-size: .85rem; overflow-wrap: anywhere; }
pre { margin: 0; padding: .75rem; background: var(--card); border: 1px solid var(--rule); border-radius: .4rem;
  font: .8rem/1.45 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  overflow: auto; max-height: 30rem; tab-size: 4; overflow-wrap: normal; }
code { font: .85rem ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.cut { color: var(--doubt); font-style: italic; }
@media (max-width: 40rem) {
  main { padding: 1.25rem .9rem 3rem; }
  h1 { font-size: 1.6rem; }
  .headline { font-size: 1.15rem; }
  dl div { grid-template-columns: 1fr; }
  dt, dd { grid-column: 1; }
  dl { gap: .6rem; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --quiet: #444; --rule: #bbb; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  a { color: inherit; text-decoration: none; }
  .scroll { overflow: visible; }
  .chart, .tree { min-width: 0; max-width: 100%; height: auto; }
  section, figure { break-inside: auto; }
  tr, dl div { break-inside: avoid; }
  .more { display: none; }
}
)css";

}  // namespace cupel::page
