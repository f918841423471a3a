"""How the report of a comparison looks."""

STYLE = """
:root { color-scheme: light dark; --page: #f4f4f7; --paper: #fff; --ink: #1c1d22;
  --faint: #5f616b; --line: #dcdde3; --best: #ffe3cf; --shadow: #00000030; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1013; --paper: #17181d;
  --ink: #ececf1; --faint: #a3a5b0; --line: #33353d; --best: #5c3214;
  --shadow: #000000a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header, main { max-width: 1200px; margin: auto; padding: 0 16px; }
header { padding-top: 28px; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 8px; }
p { margin: 0 0 12px; max-width: 60rem; }
.faint { color: var(--faint); }
section { background: var(--paper); border: 1px solid var(--line); margin: 20px 0;
  border-radius: 10px; padding: 18px 20px; }
a { color: inherit; }
.box { overflow-x: auto; position: relative; }
.box:focus-visible, summary:focus-visible { outline: 2px solid currentColor; }
/* Shadows at the sides where a box can be scrolled to. */
.box { background: linear-gradient(90deg, var(--paper) 30%, transparent) local,
  linear-gradient(270deg, var(--paper) 30%, transparent) 100% 0 local,
  linear-gradient(90deg, var(--shadow), transparent),
  linear-gradient(270deg, var(--shadow), transparent) 100% 0;
  background-size: 36px 100%, 36px 100%, 10px 100%, 10px 100%;
  background-repeat: no-repeat; }
table { border-collapse: collapse; font-size: .92rem; line-height: 1.35;
  font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap;
  border-top: 1px solid var(--line); }
thead th { font-weight: 600; color: var(--faint); border: 0; vertical-align: bottom; }
thead th[scope=colgroup] { text-align: center; color: var(--ink); }
thead th[colspan="1"] { text-align: right; }
thead th[scope=colgroup]::after { content: ""; display: block; margin: 4px 0 0;
  border-top: 1px solid var(--line); }
thead tr:first-child th:first-child, tbody th { text-align: left; position: sticky;
  left: 0; z-index: 1; background: var(--paper); }
tbody th { font-weight: 500; white-space: normal; min-width: 8.5rem; }
td small { color: var(--faint); font-size: .82em; }
td.best { font-weight: 700; background: var(--best); }
td.best small { color: inherit; font-weight: 400; }
.means, .classes { width: 100%; }
.classes thead th + th { writing-mode: vertical-rl; transform: rotate(180deg);
  text-align: left; padding: 10px 4px; margin: auto; }
.classes th, .classes td { padding: 5px 7px; }
summary { cursor: pointer; font-weight: 600; padding: 6px 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; }
.narrow { display: none; max-width: 480px; margin: auto; }
.panel img { display: block; width: 100%; height: auto; min-width: 860px;
  border-radius: 6px; }
#full:checked ~ .box img { width: auto; max-width: none; }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: 6px 20px;
  margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; white-space: pre-line; }
code { font: .88em ui-monospace, monospace; }
/* Words of a command break between, not within, where they can. */
code span { display: inline-block; max-width: 100%; }
@media (max-width: 640px) {
  header, main { padding: 0 10px; }
  header { padding-top: 20px; }
  section { padding: 14px 10px; margin: 12px 0; }
  .wide { display: none; }
  .narrow { display: block; }
  th, td { padding: 6px 5px; }
  tbody th { min-width: 7.2rem; }
  td small { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 10px; }
}
"""
