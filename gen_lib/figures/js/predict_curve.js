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
    this.stage.append(make("p", { className: "gen-lib-title", textContent: question }));
    const plot = new Plot(this, {
      x: [first, last], y: [low, high], xTicks: niceTicks(first, last), yTicks: niceTicks(low, high), xLabel, yLabel,
      right: this.clientWidth < 480 ? 12 : 140, most: 360, label: question,
    });
    const names = Array.from({ length: knots }, (_, k) => readable(knot(k), last - first > 2 * knots ? 0 : digits));
    const along = this.slider(`position on the axis: ${xLabel}`, names, state.at, (k) => { state.at = k; follow(); show(); });
    const heights = Array.from({ length: 41 }, (_, k) => low + ((high - low) * k) / 40);
    const height = this.slider("height of your curve there", heights.map((h) => readable(h, digits)), 20, (k) => {
      drawn[state.at] = heights[k];
      state.touched = true;
      show();
    });
    const button = this.button("Show what was measured", () => { state.shown = !state.shown; show(); }, true);
    const say = voice(this);

    const follow = () => { // the sliders to where the curve is
      along.stand(state.at);
      height.stand(Math.round((40 * (drawn[state.at] - low)) / (high - low)));
    };
    const guess = (place) => {
      const at = ((place - first) / (last - first)) * (knots - 1);
      const k = Math.min(Math.floor(at), knots - 2);
      return drawn[k] + (at - k) * (drawn[k + 1] - drawn[k]);
    };
    const show = () => {
      plot.resize();
      plot.clear();
      const colour = ({ role }) => (role ? ROLES[role] : "currentColor");
      const mine = drawn.map((value, k) => [knot(k), value]);
      plot.inside(() => {
        if (state.shown) measured.forEach((one) => {
          if (one.spreads) band(plot, places, one.means, one.spreads, colour(one));
          plot.line(places.map((place, i) => [place, one.means[i]]), colour(one), { width: 2.5, dash: one.dashed ? [5, 4] : [] });
        });
        if (state.touched) { // an empty drawing is no answer
          plot.line(mine, ROLES.inference, { width: 3 });
          plot.dots(mine, ROLES.inference, { size: 3 });
        }
        ringAt(plot, [knot(state.at), drawn[state.at]], ROLES.inference);
      });
      if (!state.touched) plot.write("draw here", [(first + last) / 2, (low + high) / 2], { align: "center", size: 16, down: -26 });
      button.disabled = !state.touched;
      const entries = state.touched ? [["your curve", mine.at(-1), ROLES.inference]] : [];
      if (state.shown) entries.push(...measured.map((one) => [one.name, [last, one.means.at(-1)], colour(one)]));
      if (!plot.small) plot.names(entries);
      else entries.forEach(([words, , of], k) => plot.put(words, plot.left + 10, plot.top + 8 + 16 * k, { colour: of }));
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
  Object.assign(pen, { fillStyle: plot.colour(color), globalAlpha: 0.25 });
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
