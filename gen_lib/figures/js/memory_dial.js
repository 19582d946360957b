// The exact flow of stored points, stopped early: stored points with noise, between a copy and a model of the data.

const NODES = Array.from({ length: 1301 }, (_, k) => -7 + k / 100); // of the divergence

class MemoryDial extends Figure {
  start({ mixture, stored, held, counts, points, stops, stop }) {
    const law = new Mixture(mixture);
    const [train, other] = [Array.from(floats(stored)), Array.from(floats(held))];
    const truth = NODES.map((x) => marginal(law, x, 1));
    const state = { n: points, t: stop };
    const known = new Map(); // for each number of points [copies, divergence] at each stop

    const [left, right] = panels(this, [1.6, 1], "15rem");
    const density = new Plot(left, {
      x: [-5, 5], y: [-0.12, 0.8], xTicks: [-4, -2, 0, 2, 4], xLabel: "x", yLabel: "density", ratio: 0.6, narrow: 0.55, most: 300,
      label: "The data, the stopped flow, stored and held-out points",
    });
    const curves = new Plot(right, {
      x: [0.5, 1], y: [0, 2], xTicks: [0.5, 0.75, 1], yTicks: [0, 0.5, 1, 1.5, 2], xLabel: "stopped at t", yLabel: "copies, divergence",
      ratio: 0.95, narrow: 0.55, most: 300, label: "The fraction of copies and the divergence over the time of the stop",
    });
    swatches(this, [
      ["the data", ROLES.data, "thick"], ["stopped flow, stored points", ROLES.output], ["held-out points", ROLES.prior],
      ["fraction of copies", ROLES.latent], ["divergence in nats", "currentColor", "dashed"],
    ]);
    const time = this.slider("stopped at t", stops.map((t) => t.toFixed(2)), stop, (k) => { state.t = Math.round(k); show(); });
    this.player("time of the stop", time, stops.length, 500);
    this.slider("stored points N", counts.map(String), points, (k) => { state.n = k; show(); });
    this.presets([["early", { "stopped at t": "0.60" }], ["copies", { "stopped at t": "0.99" }]]);
    const say = voice(this);

    const measured = (n) => {
      if (!known.has(n)) known.set(n, stops.map((t) => measure(train.slice(0, n), other.slice(0, n), (1 - t) / t, truth)));
      return known.get(n);
    };
    const show = () => {
      const n = counts[state.n];
      const t = stops[state.t];
      const all = measured(n);
      const [copies, divergence] = all[state.t];
      const mine = train.slice(0, n);
      for (const plot of [density, curves]) { plot.resize(); plot.clear(); }
      const grid = Array.from({ length: 1001 }, (_, k) => -5 + k / 100);
      density.inside(() => {
        density.fill([[-5, 0], ...grid.map((x) => [x, marginal(law, x, 1)]), [5, 0]], ROLES.data, { width: 0, alpha: 0.4 });
        density.line(grid.map((x) => [x, Math.exp(logKernel(mine, x, (1 - t) / t))]), ROLES.output, { width: 2 });
        for (const x of mine) density.line([[x, -0.02], [x, -0.06]], ROLES.output, { width: 1.5 });
        for (const x of other.slice(0, n)) density.line([[x, -0.07], [x, -0.11]], ROLES.prior, { width: 1.5 });
      });
      curves.inside(() => {
        curves.line([[0.5, 0.5], [1, 0.5]], ROLES.latent, { width: 1, dash: [2, 3] });
        curves.line(all.map(([, kl], k) => [stops[k], Math.min(kl, 9)]), "currentColor", { width: 2, dash: [6, 4] });
        curves.line(all.map(([share], k) => [stops[k], share]), ROLES.latent, { width: 2.5 });
        curves.dots([[t, divergence]], "currentColor", { size: 5 });
        curves.dots([[t, copies]], ROLES.latent, { size: 6 });
      });
      say(`${n} stored points, the flow stopped at t = ${t.toFixed(2)}: noise ${readable((1 - t) / t)}. Copies: ${readable(copies)} `
        + `(a perfect model: 0.50). Divergence from the data: ${readable(divergence)} nats.`);
    };
    keepDrawn(this, [density, curves], show);
    show();
  }
}

// Logarithm of the density of stored points with noise.
function logKernel(points, x, h) {
  const logs = points.map((at) => -((x - at) ** 2) / (2 * h * h));
  return logSum(...logs) - Math.log(points.length * h * Math.sqrt(2 * Math.PI));
}

// The mass that is nearer to a stored point than to any held-out one, and the divergence of the data from the density.
function measure(train, other, h, truth) {
  const both = [...train.map((x) => [x, 1]), ...other.map((x) => [x, 0])].sort(([a], [b]) => a - b);
  let copies = 0;
  both.forEach(([x, own], k) => {
    if (!own) return;
    const low = k ? (both[k - 1][0] + x) / 2 : -Infinity;
    const high = k < both.length - 1 ? (both[k + 1][0] + x) / 2 : Infinity;
    for (const at of train) copies += normal((high - at) / h) - normal((low - at) / h);
  });
  const parts = NODES.map((x, k) => truth[k] * (Math.log(truth[k]) - logKernel(train, x, h)));
  return [copies / train.length, parts.reduce((sum, part) => sum + part, 0) / 100];
}

define("memory-dial", MemoryDial);
