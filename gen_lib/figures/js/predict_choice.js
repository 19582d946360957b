// A question with a few answers: the reader chooses one, then sees what was measured for each.

class PredictChoice extends Figure {
  // answers: [name, mean, spread], spread null for a single number; best: place of the right one
  start({ question, answers, best, label, digits }) {
    const state = { chosen: -1, shown: false };
    const low = Math.min(0, ...answers.map(([, mean, spread]) => mean - (spread ?? 0)));
    const high = Math.max(0, ...answers.map(([, mean, spread]) => mean + (spread ?? 0)));
    const box = make("fieldset");
    Object.assign(box.style, { border: "0", margin: "0", padding: "0", minWidth: "0", maxWidth: "40rem", flex: "1 1 100%" });
    box.append(make("legend", { textContent: question }));
    const group = `gen-lib-${PredictChoice.count = (PredictChoice.count ?? 0) + 1}`; // of the radio buttons
    const bars = answers.map(([name], k) => {
      const radio = make("input", { type: "radio", name: group });
      radio.addEventListener("change", () => { state.chosen = k; button.disabled = false; show(); });
      const row = make("label", { className: "gen-lib-control" }, radio, make("span", { textContent: name }));
      row.style.flexWrap = "wrap";
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      bar.setAttribute("viewBox", "0 0 200 14");
      bar.setAttribute("aria-hidden", "true"); // the text beside it says the same
      Object.assign(bar.style, { width: "12rem", maxWidth: "50vw", height: "0.9rem", marginLeft: "auto" });
      const number = make("span");
      Object.assign(number.style, { minWidth: "7.5em", textAlign: "right", fontVariantNumeric: "tabular-nums" });
      row.append(bar, number);
      box.append(row);
      return { bar, number, name: row.querySelector("span") };
    });
    const button = make("button", { type: "button", textContent: "Show what was measured", disabled: true });
    button.addEventListener("click", () => { state.shown = !state.shown; show(); });
    this.controls.append(box, make("span", { className: "gen-lib-control" }, button));
    const say = voice(this);
    say(`${label}. Choose an answer.`);

    const at = (value) => (200 * (value - low)) / (high - low || 1);
    const number = ([, mean, spread]) =>
      readable(mean, digits) + (spread === null ? "" : ` ± ${readable(spread, digits)}`);
    const show = () => {
      button.textContent = state.shown ? "Hide the answer" : "Show what was measured";
      bars.forEach(({ bar, number: text, name }, k) => {
        bar.replaceChildren();
        text.textContent = state.shown ? number(answers[k]) : "";
        name.style.fontWeight = state.shown && answers[k][1] === answers[best][1] ? "bold" : "";
        if (!state.shown) return;
        const [, mean, spread] = answers[k];
        const [left, right] = [at(Math.min(0, mean)), at(Math.max(0, mean))];
        const color = k === state.chosen ? ROLES.inference : ROLES.coupling;
        bar.append(shape("rect", { x: left, y: 2, width: Math.max(right - left, 1), height: 10, fill: color }));
        if (spread === null) return;
        bar.append(shape("line", { x1: at(mean - spread), x2: at(mean + spread), y1: 7, y2: 7, stroke: "currentColor" }));
      });
      say(`${label}. ${state.shown ? verdict(answers[best], answers[state.chosen]) : `You said \u201c${answers[state.chosen][0]}\u201d.`}`);
    };
    const verdict = (right, said) => {
      if (said[1] === right[1]) return `Right: \u201c${said[0]}\u201d, ${number(said)}.`;
      const close = Math.abs(said[1] - right[1]) <= Math.max(said[2] ?? 0, right[2] ?? 0);
      return `The answer is \u201c${right[0]}\u201d, ${number(right)}; you said \u201c${said[0]}\u201d, ${number(said)}` +
        (close ? ": within the error bar, so hardly wrong." : ".");
    };
  }
}

function shape(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

define("predict-choice", PredictChoice);
