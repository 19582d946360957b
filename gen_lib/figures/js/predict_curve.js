// A curve that the reader draws before the measured ones are shown.

class PredictCurve extends Figure {
  // curves: [name, role, dashed, means, spreads] over the places x; both as base64 of floats, spreads null for a lone curve
  start({ question, x, curves, low, high, xLabel, yLabel, digits }) {
    const places = Array.from(floats(x));
    const first = places[0];
    const last = places[places.length - 1];
    const knots = 17;
    const knot = (k) => first + (k / (knots - 1)) * (last - first);
    const drawn = new Array(knots).fill((low + high) / 2);
    const state = { at: 8, shown: false, touched: false };
    const measured = curves.map(([name, role, dashed, means, spreads]) =>
      ({ name, role, dashed, means: floats(means), spreads: spreads && floats(spreads) }));
    this.controls.append(make("p", { textContent: question, style: "flex: 1 1 100%; margin: 0" }));
    const names = Array.from({ length: knots }, (_, k) => readable(knot(k), last - first > 2 * knots ? 0 : digits));
    const along = this.slider(`position on the axis: ${xLabel}`, names, state.at, (k) => { state.at = k; follow(); show(); });
    const heights = Array.from({ length: 41 }, (_, k) => low + ((high - low) * k) / 40);
    const height = this.slider("height of your curve there", heights.map((h) => readable(h, digits)), 20, (k) => {
      drawn[state.at] = heights[k];
      state.touched = true;
      show();
    });
    const button = make("button", { type: "button" });
    button.addEventListener("click", () => { state.shown = !state.shown; show(); });
    this.controls.append(make("span", { className: "gen-lib-control" }, button));
    const plot = new Plot(this, {
      x: [first, last], y: [low, high], xTicks: niceTicks(first, last), yTicks: niceTicks(low, high), xLabel, yLabel, label: question,
    });
    const say = voice(this);

    const stand = ({ input }, k, text) => {
      input.value = k;
      input.setAttribute("aria-valuetext", text);
      input.nextSibling.textContent = text;
    };
    const follow = () => { // the sliders to where the curve is
      const k = Math.round((40 * (drawn[state.at] - low)) / (high - low));
      stand(along, state.at, names[state.at]);
      stand(height, k, readable(heights[k], digits));
    };
    const guess = (place) => {
      const at = ((place - first) / (last - first)) * (knots - 1);
      const k = Math.min(Math.floor(at), knots - 2);
      return drawn[k] + (at - k) * (drawn[k + 1] - drawn[k]);
    };
    const show = () => {
      plot.resize();
      plot.clear();
      plot.inside(() => {
        if (state.shown) measured.forEach(({ role, dashed, means, spreads }) => {
          const color = role ? ROLES[role] : getComputedStyle(plot.canvas).color;
          if (spreads) band(plot, places, means, spreads, color);
          plot.line(places.map((place, i) => [place, means[i]]), color, { width: 2, dash: dashed ? [5, 4] : [] });
        });
        if (state.touched) { // an empty drawing is no answer
          plot.line(drawn.map((value, k) => [knot(k), value]), ROLES.inference, { width: 2 });
          plot.dots(drawn.map((value, k) => [knot(k), value]), ROLES.inference, { size: 2.5 });
        }
        ringAt(plot, [knot(state.at), drawn[state.at]], ROLES.inference);
      });
      button.disabled = !state.touched;
      const entries = state.touched ? [["your curve", ROLES.inference]] : [];
      if (state.shown) {
        const ink = getComputedStyle(plot.canvas).color;
        entries.push(...measured.map(({ name, role, dashed, spreads }) => [name + (spreads ? ", mean and spread" : ""), role ? ROLES[role] : ink, dashed ? [5, 4] : []]));
      }
      const top = plot.py(high) + 8;
      legend(plot, entries, plot.px(first) + 10, top);
      button.textContent = state.shown ? "Hide the answer" : "Show what was measured";
      const off = measured.map(({ name, means }) => {
        const mean = places.reduce((sum, place, i) => sum + Math.abs(means[i] - guess(place)), 0) / places.length;
        return `${readable(mean, digits)} from ${name}`;
      });
      say(!state.shown
        ? (state.touched ? "Your curve is drawn: compare." : "Draw into the picture, or use the two sliders; then compare.")
        : `Your curve is off by ${off.join(" and by ")}, on average.`);
    };
    let [held, by] = [null, null]; // the knot that was drawn last, and the finger that draws
    const pull = (event) => {
      const [px, py] = plot.place(event);
      const k = Math.max(0, Math.min(knots - 1, Math.round(((px - first) / (last - first)) * (knots - 1))));
      const value = Math.max(low, Math.min(high, py));
      const [from, start] = held === null || held === k ? [k, value] : [held, drawn[held]];
      for (let j = Math.min(from, k); j <= Math.max(from, k); j++) { // few events, many places: a line between
        drawn[j] = j === k ? value : start + ((value - start) * (j - from)) / (k - from);
      }
      Object.assign(state, { at: k, touched: true });
      held = k;
      follow();
      show();
    };
    Object.assign(plot.canvas.style, { cursor: "crosshair", touchAction: "none" });
    plot.canvas.addEventListener("pointerdown", (event) => {
      if (event.button || held !== null) return;
      by = event.pointerId;
      plot.canvas.setPointerCapture(by);
      pull(event);
    });
    plot.canvas.addEventListener("pointermove", (event) => { if (held !== null && event.pointerId === by) pull(event); });
    for (const end of ["pointerup", "pointercancel"]) {
      plot.canvas.addEventListener(end, (event) => { if (event.pointerId === by) held = null; });
    }
    keepDrawn(this, [plot], show);
    show();
  }
}

// One standard deviation to both sides of a curve.
function band(plot, places, means, spreads, color) {
  const { pen } = plot;
  Object.assign(pen, { fillStyle: color, globalAlpha: 0.25 });
  pen.beginPath();
  places.forEach((place, i) => pen.lineTo(plot.px(place), plot.py(means[i] + spreads[i])));
  for (let i = places.length - 1; i >= 0; i--) pen.lineTo(plot.px(places[i]), plot.py(means[i] - spreads[i]));
  pen.fill();
}

// Four to eight round numbers between two.
function niceTicks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const count = Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  return Array.from({ length: count }, (_, k) => Number(((Math.ceil(low / step - 1e-9) + k) * step).toPrecision(6)));
}

define("predict-curve", PredictCurve);
