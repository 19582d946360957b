// Noise on the left, data on the right: particles in a learned or the exact velocity field of a mixture on the line.

class FlowLab extends Figure {
  start({ mixture, fields, noise, counts, steps }) {
    const z = Float64Array.from(floats(noise));
    const samplers = { Euler: euler, Heun: heun };
    const nets = new Map(fields.map(([name, spec]) => [name, new Net(spec).field(1)]));
    const state = { field: "exact", sampler: "Euler", steps: counts.indexOf(steps), time: 100 };
    let exact = new Mixture(mixture);
    let paths = [];

    const names = ["exact", ...nets.keys()];
    this.menu("field", names, 0, (k) => { state.field = names[k]; move(); });
    this.menu("sampler", Object.keys(samplers), 0, (k) => { state.sampler = Object.keys(samplers)[k]; move(); });
    this.slider("steps", counts.map(String), state.steps, (k) => { state.steps = k; move(); });
    const percent = Array.from({ length: 101 }, (_, k) => (k / 100).toFixed(2));
    const time = this.slider("time", percent, state.time, (k) => { state.time = k; show(); });
    this.player("time", time, percent.length, 60);
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
    swatches(this, [
      ["noise", ROLES.prior], ["data", ROLES.data], ["paths", ROLES.inference], ["ends", ROLES.output],
      ["direction of the velocity", "currentColor"],
    ]);
    const plot = new Plot(this, {
      x: [0, 1], y: [-5, 5], xTicks: [0, 0.5, 1], yTicks: [-4, -2, 0, 2, 4], xLabel: "time t", yLabel: "position x",
      label: "Particles in the velocity field, over time",
    });
    const say = voice(this);

    const velocity = (x, t) => (state.field === "exact" ? exact.velocity(x, t) : nets.get(state.field)(x, t));
    const move = () => {
      const count = counts[state.steps];
      paths = samplers[state.sampler](velocity, z, count);
      const ends = paths[count];
      const above = ends.reduce((sum, x) => sum + (x > 0), 0) / ends.length;
      const wanted = exact.weights.reduce((sum, w, k) => sum + w * normal(exact.means[k][0] / Math.sqrt(exact.covariances[k][0][0])), 0);
      const asked = count * (state.sampler === "Heun" ? 2 : 1);
      say(`${asked} evaluation${asked > 1 ? "s" : ""}: ${(100 * above).toFixed(0)} % of the particles end above 0; of the data ${(100 * wanted).toFixed(0)} % are.`);
      show();
    };
    const at = (p, t) => { // on the polygon that the sampler walks along
      const count = paths.length - 1;
      const i = Math.min(Math.floor(t * count), count - 1);
      const rest = t * count - i;
      return (1 - rest) * paths[i][p] + rest * paths[i + 1][p];
    };
    const show = () => {
      plot.resize();
      plot.clear();
      const now = state.time / 100;
      plot.inside(() => {
        arrows(plot, velocity);
        const times = clock(paths.length - 1);
        for (let p = 0; p < z.length; p += 2) {
          plot.line(times.map((t, i) => [t, paths[i][p]]), ROLES.inference, { alpha: 0.35 });
        }
        plot.line(curve(exact, 1, -0.22), ROLES.data, { width: 2 });
        plot.line(curve(new Mixture({ weights: [1], means: [[0]], covariances: [[[1]]] }), 0, 0.22), ROLES.prior, { width: 2 });
        const role = state.time === 0 ? "prior" : state.time === 100 ? "output" : "inference";
        plot.dots(Array.from(z, (_, p) => [now, at(p, now)]), ROLES[role], { size: 2.5, alpha: 0.8 });
        exact.means.forEach(([m]) => plot.dots([[1, m]], ROLES.data, { size: 6 }));
      });
    };
    grab(plot, () => exact.means.map(([m]) => [1, m]), (k, [, y]) => {
      const to = Math.min(32, Math.max(0, Math.round((y + 4) / 0.25)));
      if (Number(sliders[k].input.value) !== to) sliders[k].move(to);
    });
    keepDrawn(this, [plot], show);
    move();
  }
}

// The density of a mixture on its side: bulges from a base line at time t.
function curve({ weights, means, covariances }, t, scale) {
  return Array.from({ length: 121 }, (_, i) => {
    const y = -5 + i / 12;
    const p = weights.reduce((sum, w, k) => {
      const s2 = covariances[k][0][0];
      return sum + (w / Math.sqrt(2 * Math.PI * s2)) * Math.exp(-((y - means[k][0]) ** 2) / (2 * s2));
    }, 0);
    return [t + scale * p, y];
  });
}

// Short strokes in the direction of the velocity, on a grid of times and places.
function arrows(plot, velocity) {
  const color = getComputedStyle(plot.canvas).color;
  const places = Float64Array.from({ length: 17 }, (_, i) => -4.8 + 0.6 * i);
  for (let t = 0.04; t < 1; t += 0.08) {
    const v = velocity(places, t);
    places.forEach((x, i) => plot.line([[t, x], [t + 0.03, x + 0.03 * v[i]]], color, { alpha: 0.35 }));
  }
}

define("flow-lab", FlowLab);
