// Guidance of two classes on the line: where the exact guided flow ends, and the tilted density it is taken for.

class GuidanceDial extends Figure {
  start({ strength, distance, width, steps, z, reach }) {
    const noise = Float64Array.from(floats(z));
    const n = noise.length;
    const state = { g: strength / 4, m: distance / 10, s: width / 10 };
    const [left, right] = panels(this, 2, "15rem");
    const paths = new Plot(left, {
      x: [0, 1], y: reach, xTicks: [0, 0.5, 1], yTicks: evenTicks(reach.map(Math.ceil)), xLabel: "time t", yLabel: "x", ratio: 0.8,
      narrow: 0.6, most: 300, label: "Paths of the guided flow over time",
    });
    const ends = new Plot(right, {
      x: reach, y: [0, 1.6], xTicks: evenTicks(reach.map(Math.ceil)), xLabel: "x", yLabel: "density", ratio: 0.8,
      narrow: 0.6, most: 300, label: "The class, the tilted density and the density of the guided flow",
    });
    swatches(this, [["the class", ROLES.data, "thick"], ["tilted density", "currentColor", "dashed"], ["guided flow", ROLES.output]]);
    const places = (count, unit, from = 0) => Array.from({ length: count }, (_, k) => ((k + from) / unit).toFixed(unit === 4 ? 2 : 1));
    const set = (key, unit, from = 0) => (k) => { state[key] = (k + from) / unit; show(); };
    const dial = this.slider("strength g", places(33, 4), strength, set("g", 4));
    this.player("strength", dial, 33, 150, true);
    this.slider("classes at \u00b1m", places(15, 10, 1), distance - 1, set("m", 10, 1));
    this.slider("width s", places(9, 10, 2), width - 2, set("s", 10, 2));
    this.presets([
      ["all data", { "strength g": "0.00" }], ["the class", { "strength g": "1.00" }], ["strong", { "strength g": "4.00" }],
    ]);
    const say = voice(this);

    const show = () => {
      const { g, m, s } = state;
      const spec = { weights: [0.5, 0.5], means: [[-m], [m]], covariances: [[[s * s]], [[s * s]]] };
      const all = new Mixture(spec);
      const one = new Mixture({ weights: [1], means: [[m]], covariances: [[[s * s]]] });
      const states = heun((x, t) => {
        const [v, of] = [all.velocity(x, t), one.velocity(x, t)];
        return v.map((value, i) => value + g * (of[i] - value));
      }, noise, steps);
      const x = states[steps];
      const tilt = tilted(all, one, g, m, s);
      const quantiles = tilt.quantiles(n);
      const mean = x.reduce((sum, value) => sum + value, 0) / n;
      const std = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
      const apart = x.reduce((sum, value, i) => sum + Math.abs(value - quantiles[i]), 0) / n;
      for (const plot of [paths, ends]) { plot.resize(); plot.clear(); }
      paths.inside(() => {
        for (let k = n / 20; k < n; k += n / 10) {
          paths.line(states.map((now, i) => [i / steps, now[k]]), ROLES.inference, { width: 1.5, alpha: 0.9 });
        }
      });
      const grid = Array.from({ length: 301 }, (_, k) => reach[0] + (k * (reach[1] - reach[0])) / 300);
      const few = Math.round(n / 50);
      ends.inside(() => {
        ends.fill([[reach[0], 0], ...grid.map((at) => [at, marginal(one, at, 1)]), [reach[1], 0]], ROLES.data, { width: 0, alpha: 0.4 });
        ends.line(grid.map((at) => [at, tilt.density(at)]), "currentColor", { width: 2, dash: [6, 4] });
        const curve = Array.from(x, (_, k) => { // the mass between two quantiles, over their distance
          const [low, high] = [Math.max(0, k - few), Math.min(n - 1, k + few)];
          return [(x[low] + x[high]) / 2, (high - low) / n / (x[high] - x[low])];
        });
        ends.line(curve, ROLES.output, { width: 2.5 });
      });
      say(`At g = ${g.toFixed(2)} the guided flow has mean ${readable(mean)} and standard deviation ${readable(std)}, the tilted `
        + `density ${readable(tilt.mean)} and ${readable(tilt.std)}. W1 between the two is ${readable(apart)}.`);
    };
    keepDrawn(this, [paths, ends], show);
    show();
  }
}

// p(x | c)^g p(x)^(1 - g) over its integral, by trapezoids over a stretch that holds the mass.
function tilted(all, one, g, m, s) {
  const count = 4000;
  const [low, high] = [-m - 9 * s, m + 9 * s];
  const step = (high - low) / count;
  const height = (x) => g * Math.log(marginal(one, x, 1)) + (1 - g) * Math.log(marginal(all, x, 1));
  const nodes = Array.from({ length: count + 1 }, (_, k) => low + k * step);
  const logs = nodes.map(height);
  const most = Math.max(...logs);
  const mass = logs.map((log) => Math.exp(log - most));
  const total = mass.reduce((sum, value) => sum + value, 0);
  const moment = (of) => mass.reduce((sum, value, k) => sum + value * of(nodes[k]), 0) / total;
  const mean = moment((x) => x);
  return {
    mean,
    std: Math.sqrt(moment((x) => (x - mean) ** 2)),
    density: (x) => Math.exp(height(x) - most) / (total * step),
    // at (k + 1/2) / n, straight between the nodes
    quantiles: (n) => {
      const found = [];
      let before = 0; // mass before node k, half of its own left out
      for (let k = 0; k < count && found.length < n; k++) {
        const piece = (mass[k] + mass[k + 1]) / 2 / total;
        for (; found.length < n && (found.length + 0.5) / n <= before + piece; ) {
          found.push(nodes[k] + (((found.length + 0.5) / n - before) / piece) * step);
        }
        before += piece;
      }
      while (found.length < n) found.push(high);
      return found;
    },
  };
}

define("guidance-dial", GuidanceDial);
