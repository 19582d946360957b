// Noise on the left, data on the right: particles in a learned or the exact velocity field of a mixture on the line.

const SAMPLERS = { Euler: euler, Heun: heun };
const PATHS = { Euler: ROLES.inference, Heun: ROLES.encode };
const BELL = new Mixture({ weights: [1], means: [[0]], covariances: [[[1]]] });

class FlowLab extends Figure {
  start({ mixture, fields, noise, counts, steps }) {
    const z = Float64Array.from(floats(noise));
    const nets = new Map(fields.map(([name, spec]) => [name, new Net(spec).field(1)]));
    const state = { field: "exact", sampler: "Euler", steps: counts.indexOf(steps), time: 50 };
    let exact = new Mixture(mixture);
    let runs = []; // name of a sampler and its states

    const plot = new Plot(this, {
      x: [-0.17, 1.25], y: [-5, 5], xTicks: [0, 0.5, 1], yTicks: [-4, -2, 0, 2, 4], xLabel: "time t", yLabel: "position x",
      narrow: 0.7, label: "Particles in the velocity field, over time",
    });
    const percent = Array.from({ length: 101 }, (_, k) => (k / 100).toFixed(2));
    const time = this.slider("time", percent, state.time, (k) => { state.time = k; show(); });
    this.player("time", time, percent.length, 60, true);
    this.slider("steps", counts.map(String), state.steps, (k) => { state.steps = k; move(); });
    const names = ["exact", ...nets.keys()];
    this.menu("field", names, 0, (k) => { state.field = names[k]; move(); });
    const samplers = [...Object.keys(SAMPLERS), "both"];
    this.menu("sampler", samplers, 0, (k) => { state.sampler = samplers[k]; move(); });
    const shares = Array.from({ length: 19 }, (_, k) => (0.05 * (k + 1)).toFixed(2));
    const share = shares.indexOf((exact.weights[0]).toFixed(2));
    this.slider("fraction in the first mode", shares, share, (k) => { change((m) => { m.weights = [+shares[k], 1 - shares[k]]; }); });
    const centres = Array.from({ length: 33 }, (_, k) => (0.25 * k - 4).toFixed(2));
    const sliders = ["first mode at", "second mode at"].map((name, k) =>
      this.slider(name, centres.map((at) => readable(+at)), centres.indexOf(exact.means[k][0].toFixed(2)), (to) => {
        change((m) => { m.means[k] = [+centres[to]]; });
      }));

    const change = (edit) => {
      const copy = { weights: [...exact.weights], means: exact.means.map((m) => [...m]), covariances: exact.covariances };
      edit(copy);
      exact = new Mixture(copy);
      move();
    };
    const say = voice(this);

    const velocity = (x, t) => (state.field === "exact" ? exact.velocity(x, t) : nets.get(state.field)(x, t));
    const move = () => {
      const count = counts[state.steps];
      const chosen = state.sampler === "both" ? Object.keys(SAMPLERS) : [state.sampler];
      runs = chosen.map((name) => [name, SAMPLERS[name](velocity, z, count)]);
      const wanted = exact.weights.reduce((sum, w, k) => sum + w * normal(exact.means[k][0] / Math.sqrt(exact.covariances[k][0][0])), 0);
      const told = runs.map(([name, states]) => {
        const above = states[count].reduce((sum, x) => sum + (x > 0), 0) / z.length;
        const asked = count * (name === "Heun" ? 2 : 1);
        return `${runs.length > 1 ? `${name}, ` : ""}${asked} evaluation${asked > 1 ? "s" : ""}: `
          + `${(100 * above).toFixed(0)} % of the particles end above 0`;
      });
      say(`${told.join("; ")}; of the data ${(100 * wanted).toFixed(0)} % are.`);
      show();
    };
    const show = () => {
      plot.resize();
      plot.clear();
      const now = state.time / 100;
      const sides = [[ROLES.prior, "noise", BELL, 0, -0.33], [ROLES.data, "data", exact, 1, 0.5]];
      plot.inside(() => {
        arrows(plot, velocity);
        for (const [colour, , of, t, scale] of sides) plot.fill(ribbon(of, t, scale), colour, { width: 2 });
        runs.forEach(([name, states], k) => {
          const times = clock(states.length - 1);
          for (let p = k; p < z.length; p += 2) {
            plot.line(times.map((t, i) => [t, states[i][p]]), PATHS[name], { alpha: runs.length > 1 ? 0.5 : 0.45 });
          }
          if (state.time === 100) histogram(plot, states.at(-1), runs.length > 1 ? PATHS[name] : ROLES.output);
        });
        plot.line([[now, -5], [now, 5]], "currentColor", { alpha: 0.4 });
        const role = state.time === 0 ? "prior" : state.time === 100 ? "output" : "inference";
        for (const [name, states] of runs) {
          const places = Array.from(z, (_, p) => [now, onPath(states, p, now)]);
          plot.dots(places, runs.length > 1 ? PATHS[name] : ROLES[role], { size: 3, alpha: 0.8 });
        }
        exact.means.forEach(([m]) => plot.handle([1, m], ROLES.data, 6));
      });
      for (const [colour, words, , t] of sides) plot.write(words, [t + (t ? 0.13 : -0.085), 4.7], { colour, align: "center", size: 14 });
      runs.forEach(([name], k) => {
        const words = runs.length > 1 ? name : "paths";
        plot.write(words, [0.5, 4.7 - 0.75 * k], { colour: PATHS[name], align: "center", size: 14 });
      });
    };
    grab(plot, () => exact.means.map(([m]) => [1, m]), (k, [, y]) => {
      const to = Math.min(32, Math.max(0, Math.round((y + 4) / 0.25)));
      if (sliders[k].at() !== to) sliders[k].move(to);
    });
    this.presets([
      ["one step", { steps: "1", sampler: "Euler", time: "1.00" }],
      ["Euler against Heun", { steps: "4", sampler: "both", time: "1.00" }],
      ["many steps", { steps: "50", sampler: "Euler", time: "1.00" }],
    ]);
    keepDrawn(this, [plot], show);
    move();
  }
}

// Where a particle is on the polygon that the sampler walks along.
function onPath(states, p, t) {
  const count = states.length - 1;
  const i = Math.min(Math.floor(t * count), count - 1);
  const rest = t * count - i;
  return (1 - rest) * states[i][p] + rest * states[i + 1][p];
}

// The density of a mixture on its side: bulges from a base line at time t.
function ribbon(of, t, scale) {
  return Array.from({ length: 121 }, (_, i) => -5 + i / 12).map((y) => [t + scale * marginal(of, y, 1), y]);
}

// The ends of the particles as bars on their side, in the scale of the data's density.
function histogram(plot, ends, colour) {
  const bars = new Float64Array(40);
  for (const x of ends) if (Math.abs(x) < 5) bars[Math.floor(4 * (x + 5))] += 4 / ends.length;
  const outline = Array.from(bars).flatMap((p, k) => [[1 + 0.5 * p, k / 4 - 5], [1 + 0.5 * p, (k + 1) / 4 - 5]]);
  plot.fill([[1, -5], ...outline, [1, 5]], colour, { width: 1, alpha: 0.3 });
}

// Short strokes in the direction of the velocity, on a grid of times and places.
function arrows(plot, velocity) {
  const places = Float64Array.from({ length: 17 }, (_, i) => -4.8 + 0.6 * i);
  for (let t = 0.04; t < 1; t += 0.08) {
    const v = velocity(places, t);
    places.forEach((x, i) => plot.line([[t, x], [t + 0.03, x + 0.03 * v[i]]], "currentColor", { alpha: 0.5 }));
  }
}

define("flow-lab", FlowLab);
