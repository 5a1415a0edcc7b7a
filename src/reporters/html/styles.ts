/** The page's style; colours are set once, for light and for dark. */
export const styles = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --text: #1c2128; --soft: #59636e; --line: #d1d9e0; --raised: #f6f8fa; --link: #0550ae;
  --passed: #116329; --failed: #b3161b; --known: #7d4e00; --not-run: #6639a6; --bar: #57606a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --raised: #151b23; --link: #79c0ff;
    --passed: #56d364; --failed: #ff7b72; --known: #e3b341; --not-run: #d2a8ff; --bar: #9198a1;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
h1, h2, h3 { overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
pre, code, td.number, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .86em; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto; margin: .4rem 0; max-height: 32rem; }
.soft { color: var(--soft); }
.passed { color: var(--passed); } .failed { color: var(--failed); } .known { color: var(--known); } .not-run { color: var(--not-run); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
#answers { border-left: 4px solid var(--failed); padding-left: 1rem; margin: 1rem 0 1.5rem; } #answers h2 { margin-top: 0; }
.wide { overflow-x: auto; }
#answers td { min-width: 7rem; overflow-wrap: anywhere; } #answers .server { color: var(--failed); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; }
td.number, th.number { text-align: right; }
.timeline { display: grid; grid-template-columns: max-content 1fr max-content; gap: 2px .7rem; align-items: center; font-size: .86em; }
.track { position: relative; height: .9rem; background: var(--raised); border-radius: 3px; }
.track span { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: 3px; background: var(--bar); }
.track .passed { background: var(--passed); } .track .failed { background: var(--failed); } .track .known { background: var(--known); } .track .not-run { background: var(--not-run); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
input, button { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .6rem; }
input { flex: 1 1 16rem; }
button { cursor: pointer; } button[aria-pressed="true"] { border-color: var(--link); color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
details.testcase { border-bottom: 1px solid var(--line); padding: .15rem 0; }
details.testcase > summary { display: grid; grid-template-columns: 1rem 8rem 7rem 1fr 6rem; gap: .6rem; cursor: pointer; padding: .25rem 0; }
details.testcase > summary > .number { text-align: right; }
details.testcase > summary::before { content: "▸"; } details.testcase[open] > summary::before { content: "▾"; }
details.testcase > summary::-webkit-details-marker { display: none; }
.inside { padding: .2rem 0 .8rem 1.6rem; }
.inside h3 { font-size: .95rem; margin: .9rem 0 .2rem; }
ul.failures { margin: .2rem 0; padding: 0; list-style: none; } ul.failures li { overflow-wrap: anywhere; }
[hidden] { display: none !important; }
@media (max-width: 40rem) { #answers thead { display: none; } #answers tr, #answers td { display: block; padding: .1rem 0; border: 0; } details.testcase > summary { grid-template-columns: 1rem 1fr max-content; } details.testcase > summary > .number { display: none; } }
`;
