// A question with a few answers: the reader chooses one, then sees what was measured for each.

class PredictChoice extends Figure {
  // answers: [name, mean, spread], spread null for a single number; best: place of the right one
  start({ question, answers, best, label, digits }) {
    const state = { chosen: -1, shown: false };
    const low = Math.min(0, ...answers.map(([, mean, spread]) => mean - (spread ?? 0)));
    const high = Math.max(0, ...answers.map(([, mean, spread]) => mean + (spread ?? 0)));
    const box = make("fieldset");
    Object.assign(box.style, { border: "0", margin: "0", padding: "0", minWidth: "0" });
    const title = make("legend", { className: "gen-lib-title", textContent: question });
    box.append(title);
    const group = `gen-lib-${PredictChoice.count = (PredictChoice.count ?? 0) + 1}-answers`; // of the radio buttons
    const bars = answers.map(([name], k) => {
      const radio = make("input", { type: "radio", name: group });
      radio.addEventListener("change", () => { state.chosen = k; button.disabled = false; show(); });
      const bar = shape("svg", { viewBox: "0 0 200 14", preserveAspectRatio: "none", "aria-hidden": "true" }); // the text next to it says the same
      Object.assign(bar.style, { width: "100%", height: "0.9rem" });
      const number = make("span");
      Object.assign(number.style, { textAlign: "right", fontVariantNumeric: "tabular-nums" });
      const words = make("span", { textContent: name });
      const row = make("label", { className: "gen-lib-control" }, radio, words, bar, number);
      box.append(row);
      return { row, bar, number, name: words };
    });
    this.stage.append(box);
    const button = this.button("Show what was measured", () => { state.shown = !state.shown; show(); }, true);
    button.disabled = true;
    const say = voice(this);
    const at = (value) => (200 * (value - low)) / (high - low || 1);
    const number = ([, mean, spread]) =>
      readable(mean, digits) + (spread === null ? "" : ` ± ${readable(spread, digits)}`);
    const show = () => {
      button.textContent = state.shown ? "Hide the answer" : "Show what was measured";
      bars.forEach(({ row, bar, number: text, name }, k) => {
        bar.replaceChildren();
        row.style.gridTemplateColumns = state.shown ? "1.2rem minmax(0, 1.1fr) minmax(0, 1fr) 7.5em" : "1.2rem 1fr 0 0";
        text.textContent = state.shown ? number(answers[k]) : "";
        name.style.fontWeight = state.shown && answers[k][1] === answers[best][1] ? "bold" : "";
        if (!state.shown) return;
        const [, mean, spread] = answers[k];
        const [left, right] = [at(Math.min(0, mean)), at(Math.max(0, mean))];
        const colour = k === state.chosen ? "var(--inference)" : "var(--coupling)";
        bar.append(shape("rect", { x: left, y: 2, width: Math.max(right - left, 1), height: 10, style: `fill: ${colour}` }));
        if (spread === null) return;
        bar.append(shape("line", { x1: at(mean - spread), x2: at(mean + spread), y1: 7, y2: 7, stroke: "currentColor" }));
      });
      const said = state.chosen < 0 ? "Choose an answer." : `You said \u201c${answers[state.chosen][0]}\u201d.`;
      say(`${label}. ${state.shown ? verdict(answers[best], answers[state.chosen]) : said}`);
    };
    const verdict = (right, said) => {
      if (said[1] === right[1]) return `Right: \u201c${said[0]}\u201d, ${number(said)}.`;
      const close = Math.abs(said[1] - right[1]) <= Math.max(said[2] ?? 0, right[2] ?? 0);
      return `The answer is \u201c${right[0]}\u201d, ${number(right)}; you said \u201c${said[0]}\u201d, ${number(said)}` +
        (close ? ": within the error bar, so hardly wrong." : ".");
    };
    show();
  }
}

define("predict-choice", PredictChoice);
