// The same start under the ODE and under a stochastic equation: noise spreads the particles, the score draws them back.

const SHOWN = [0.1, 0.3, 0.5, 0.7, 0.9]; // particles whose paths are drawn, as fractions of all
const BIN = 0.25; // of the histograms

class NoiseDial extends Figure {
  start({ mixture, fields, noise, sigmas, counts, sigma, steps }) {
    const exact = new Mixture(mixture);
    const z = Float64Array.from(floats(noise));
    const nets = new Map(fields.map(([name, spec]) => [name, new Net(spec).field(1)]));
    const state = { sigma: sigmas.indexOf(sigma), steps: counts.indexOf(steps), time: 100, field: "exact", seed: 1 };
    let [quiet, loud] = [[], []]; // states of the ODE and of the SDE

    const plot = new Plot(this, {
      x: [-0.03, 1.27], y: [-5, 5], xTicks: [0, 0.5, 1], yTicks: [-4, -2, 0, 2, 4], xLabel: "time t", yLabel: "position x",
      narrow: 0.7, label: "Particles with and without noise, over time, and their distribution at one time",
    });
    this.slider("noise σ", sigmas.map((value) => value.toFixed(1)), state.sigma, (k) => { state.sigma = k; move(); });
    const percent = Array.from({ length: 101 }, (_, k) => (k / 100).toFixed(2));
    const time = this.slider("time", percent, state.time, (k) => { state.time = k; show(); });
    this.player("time", time, percent.length, 60, true);
    this.slider("steps", counts.map(String), state.steps, (k) => { state.steps = k; move(); });
    const names = ["exact", ...nets.keys()];
    this.menu("field", names, 0, (k) => { state.field = names[k]; move(); });
    this.button("Other noise", () => { state.seed += 1; move(); });
    const say = voice(this);

    const velocity = (x, t) => (state.field === "exact" ? exact.velocity(x, t) : nets.get(state.field)(x, t));
    const move = () => {
      const [of, count] = [sigmas[state.sigma], counts[state.steps]];
      quiet = euler(velocity, z, count);
      loud = noisy(velocity, z, count, of, state.seed);
      show();
    };
    const show = () => {
      plot.resize();
      plot.clear();
      const count = counts[state.steps];
      const at = Math.round((state.time / 100) * count); // the state next to the time that the slider says
      const now = at / count;
      const sides = [[quiet, ROLES.inference, "ODE"], [loud, ROLES.output, "SDE"]];
      plot.inside(() => {
        plot.fill(bulge(exact, now), ROLES.data, { width: 2 });
        for (const [states, colour] of sides) {
          for (const share of SHOWN) {
            const p = Math.floor(share * z.length);
            plot.line(states.map((x, i) => [i / count, x[p]]), colour, { alpha: 0.35 });
            plot.line(states.slice(0, at + 1).map((x, i) => [i / count, x[p]]), colour, { width: 1.5 });
            plot.dots([[now, states[at][p]]], colour, { size: 4 });
          }
          plot.line(outline(states[at], now), colour, { width: 1.5 });
        }
        plot.line([[now, -5], [now, 5]], "currentColor", { alpha: 0.4 });
      });
      sides.forEach(([, colour, words], k) => plot.write(words, [0.03, 4.6 - 0.75 * k], { colour, size: 14 }));
      plot.write("exact", [0.03, 3.1], { colour: ROLES.data, size: 14 });
      const normals = stream(0);
      const perfect = z.map(() => flowMap(exact, normals(), 0, now));
      const wanted = Float64Array.from(z, (start) => flowMap(exact, start, 0, now));
      const distance = (x) => Float64Array.from(x).sort().reduce((sum, place, i) => sum + Math.abs(place - wanted[i]), 0) / x.length;
      say(`Noise σ = ${sigmas[state.sigma].toFixed(1)}, ${count} step${count > 1 ? "s" : ""}, at t = ${now.toFixed(2)}: W1 to the `
        + `exact marginal is ${distance(quiet[at]).toFixed(3)} for the ODE, whose starts are evenly spread, and ${distance(loud[at]).toFixed(3)} for the SDE; `
        + `for as many perfect samples it is ${distance(perfect).toFixed(3)}.`);
    };
    this.presets([
      ["no noise", { "noise σ": "0.0", field: "exact" }],
      ["any noise, exact field", { "noise σ": "2.0", steps: "100", field: "exact", time: "1.00" }],
      ...(nets.size ? [["much noise, learned field", { "noise σ": "6.0", steps: "100", field: names[1], time: "1.00" }]] : []),
    ]);
    keepDrawn(this, [plot], show);
    move();
  }
}

// Uniform and normal numbers from a seed: the generator mulberry32, and the method of Box and Muller.
function stream(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

// Euler and Maruyama's steps of dx = [v + sigma_t^2 s / 2] dt + sigma_t dW with sigma_t = sigma sqrt(1 - t), whose
// score term, by s = (t v - x) / (1 - t), is sigma^2 (t v - x) / 2.
function noisy(velocity, z, steps, sigma, seed) {
  const normals = stream(seed);
  return follow((now, t, r) => {
    const v = velocity(now, t);
    const kick = sigma * Math.sqrt((1 - t) * (r - t));
    return now.map((x, i) => x + (r - t) * (v[i] + ((sigma * sigma) / 2) * (t * v[i] - x)) + kick * normals());
  }, z, steps, 0, 1);
}

// The exact density at a time, on its side.
function bulge(of, t) {
  const line = Array.from({ length: 121 }, (_, i) => -5 + i / 12).map((y) => [t + 0.55 * marginal(of, y, t), y]);
  return [[t, -5], ...line, [t, 5]];
}

// The outline of a histogram on its side, in the scale of the density.
function outline(x, t) {
  const bars = new Float64Array(10 / BIN);
  for (const place of x) if (Math.abs(place) < 5) bars[Math.floor((place + 5) / BIN)] += 1 / (x.length * BIN);
  return Array.from(bars).flatMap((bar, k) => [[t + 0.55 * bar, BIN * k - 5], [t + 0.55 * bar, BIN * (k + 1) - 5]]);
}

define("noise-dial", NoiseDial);
