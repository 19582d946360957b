// The looks of all figures: a picture as wide as the column, under it what it says, and controls on a grid.

const LOOKS = `
.gen-lib-figure { display: block; margin: 1rem 0; max-width: 100%; padding: 3px; color: inherit; transition: color 1ms;
  font-size: 14px; line-height: 1.4; --faint: color-mix(in srgb, currentColor 28%, transparent); }
.gen-lib-figure p { margin: 0.4rem 0; }
.gen-lib-stage canvas { display: block; width: 100%; }
.gen-lib-stage > :is(img, svg), .gen-lib-stage > div > svg { display: block; max-width: 100%; height: auto; max-height: 30rem; margin: 0 auto; }
.gen-lib-panels { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; }
.gen-lib-controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr));
  gap: 0.15rem 2rem; margin: 0.5rem 0; align-items: center; }
.gen-lib-wide { grid-column: 1 / -1; }
.gen-lib-actions { display: flex; flex-wrap: wrap; gap: 0.4rem; grid-column: 1 / -1; order: -1; margin: 0 0 0.25rem; }
.gen-lib-fold { grid-column: 1 / -1; }
.gen-lib-fold > summary { align-content: center; min-height: 2rem; cursor: pointer; }
.gen-lib-fold > .gen-lib-controls { margin: 0; }
.gen-lib-figure legend { font: inherit; color: inherit; border: 0; margin: 0; padding: 0; }
.gen-lib-figure .gen-lib-title { font-size: 16px; font-weight: 600; }
.gen-lib-control { font-weight: inherit; margin: 0; display: grid; align-items: center; gap: 0.75rem; min-height: 2.1rem;
  grid-template-columns: var(--name) minmax(0, 1fr) var(--value); }
.gen-lib-control > :nth-child(2):last-child { grid-column: 2 / -1; justify-self: start; max-width: 100%; }
.gen-lib-control output { font-variant-numeric: tabular-nums; text-align: right; }
.gen-lib-figure :is(select, button) { font: inherit; color: inherit; background: transparent; min-height: 2rem;
  padding: 0.15rem 0.8rem; border: 1px solid var(--faint); border-radius: 1rem; cursor: pointer; }
.gen-lib-figure select option { color: black; background: white; }
.gen-lib-figure button:hover:enabled, .gen-lib-segments label:hover { border-color: currentColor; }
.gen-lib-figure button[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.gen-lib-figure button.gen-lib-first { background: var(--accent); border-color: var(--accent); color: var(--on-accent);
  font-weight: 600; min-width: 5.5rem; }
.gen-lib-figure button:disabled { opacity: 0.5; cursor: default; }
.gen-lib-segments { display: inline-flex; white-space: nowrap; border: 1px solid var(--faint); border-radius: 1rem; }
.gen-lib-segments label { position: relative; display: flex; align-items: center; margin: -1px; padding: 0 0.8rem;
  min-height: 2rem; border: 1px solid transparent; border-radius: 1rem; cursor: pointer; font-weight: inherit; }
.gen-lib-segments input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.gen-lib-segments label:has(:checked) { background: var(--accent); color: var(--on-accent); }
.gen-lib-lines label { padding: 0 0.6rem; }
.gen-lib-segments svg { flex: none; width: 1.6rem; height: 4px; margin-right: 0.4rem; stroke: currentColor; stroke-width: 2; }
.gen-lib-figure input[type=radio] { accent-color: var(--accent); }
.gen-lib-figure input[type=range] { appearance: none; width: 100%; height: 1.5rem; margin: 0; background: none; cursor: pointer;
  --track: linear-gradient(to right, var(--accent) var(--at), var(--faint) var(--at)); }
.gen-lib-figure input[type=range]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: var(--track); }
.gen-lib-figure input[type=range]::-moz-range-track { height: 4px; border-radius: 2px; background: var(--track); }
.gen-lib-figure input[type=range]::-webkit-slider-thumb { appearance: none; width: 1rem; height: 1rem; margin-top: -6px;
  border-radius: 50%; border: 0; background: var(--accent); }
.gen-lib-figure input[type=range]::-moz-range-thumb { width: 1rem; height: 1rem; border: 0; border-radius: 50%; background: var(--accent); }
.gen-lib-said { min-height: 2.8em; }
.gen-lib-unseen { position: absolute; width: 1px; height: 1px; min-height: 0; overflow: hidden; clip-path: inset(50%); }
.gen-lib-figure :is(input, button, select):focus-visible, .gen-lib-segments label:has(:focus-visible) {
  outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 1rem; }
.text_html:has(.gen-lib-figure) { background: none !important; color: inherit !important; padding: 0 !important; }
@media (max-width: 480px) {
  .gen-lib-controls { grid-template-columns: 1fr 1fr; column-gap: 0.5rem; }
  .gen-lib-control { grid-column: 1 / -1; column-gap: 0.5rem; grid-template-columns: min(6.5rem, var(--name)) minmax(0, 1fr) var(--value); }
  .gen-lib-fold:not([open]) { grid-column: auto; }
  .gen-lib-control.gen-lib-half { grid-column: auto; grid-template-columns: auto 1fr; }
  .gen-lib-figure :is(button, .gen-lib-segments label) { padding: 0 0.6rem; }
  .gen-lib-figure button.gen-lib-first { min-width: 4.2rem; }
  .gen-lib-segments { flex-wrap: wrap; white-space: normal; }
  .gen-lib-lines { grid-template-columns: 1fr; row-gap: 0.1rem; }
  .gen-lib-lines > :nth-child(2):last-child { grid-column: 1; display: grid; grid-template-columns: 1fr 1fr; justify-self: stretch; }
}
@media (pointer: coarse) {
  .gen-lib-control, .gen-lib-figure :is(select, button, summary), .gen-lib-segments label { min-height: 44px; }
  .gen-lib-figure input[type=range] { height: 44px; }
  .gen-lib-figure input[type=range]::-webkit-slider-thumb { width: 1.4rem; height: 1.4rem; margin-top: -9px; }
  .gen-lib-figure input[type=range]::-moz-range-thumb { width: 1.4rem; height: 1.4rem; }
  .gen-lib-figure :is(select, button) { border-radius: 22px; }
  .gen-lib-segments, .gen-lib-segments label { border-radius: 22px; }
}
`;
