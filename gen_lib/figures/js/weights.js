// The ornaments of FACM's consistency loss, each with its switch: what they do to the pull, and the map they lead to.

class Weights extends Figure {
  start({ maps, targets, start, exact, z, mass }) {
    const places = floats(z);
    const truth = shorts(exact);
    const ends = maps.map((map) => shorts(map.ends));
    const state = { ...start, time: 4, error: 24 };
    const times = Array.from({ length: 21 }, (_, k) => (k / 20).toFixed(2));
    const errors = Array.from({ length: 33 }, (_, k) => (0.25 * k - 4).toFixed(2).replace("-", "\u2212"));

    this.menu("target", targets, targets.indexOf(start.target), (k) => { state.target = targets[k]; show(); });
    for (const [name, words, key] of [
      ["\u03b1", ["1", "1 \u2212 \u221at"], "alpha"], ["\u03b2", ["1", "cos(\u03c0t/2)"], "beta"],
      ["clamp", ["off", "at 1"], "clamp"], ["norm-L2", ["off, p = 0", "on, p = 1/2"], "norm"],
    ]) this.menu(name, words, Number(start[key]), (k) => { state[key] = k === 1; show(); });
    this.slider("time t", times, state.time, (k) => { state.time = k; show(); });
    this.slider("error g", errors, state.error, (k) => { state.error = k; show(); });

    const [left, right] = panels(this, 2);
    const factors = new Plot(left, {
      x: [0, 1], y: [0, 1.1], xTicks: [0, 0.5, 1], yTicks: [0, 0.5, 1], ratio: 0.75,
      xLabel: "flow time t", yLabel: "factor", label: "The factors of time",
    });
    factors.left = 52;
    const pulls = new Plot(right, {
      x: [-4, 4], y: [-9, 9], xTicks: [-4, -2, 0, 2, 4], yTicks: [-8, -4, 0, 4, 8], ratio: 0.75,
      xLabel: "error g", yLabel: "pull", label: "The pull against the error",
    });
    const map = new Plot(this, {
      x: [-2.5, 2.5], y: [-5, 5], xTicks: [-2, -1, 0, 1, 2], yTicks: [-4, -2, 0, 2, 4], ratio: 0.55,
      xLabel: "noise z", yLabel: "end of one step",
      label: "Ends of one step against noise",
    });
    const plots = [factors, pulls, map];
    const say = voice(this);

    const show = () => {
      for (const plot of plots) { plot.resize(); plot.clear(); }
      const ink = getComputedStyle(this).color;
      const t = state.time / 20;
      const g = 0.25 * state.error - 4;
      const grid = Array.from({ length: 101 }, (_, k) => k / 100);
      factors.line(grid.map((s) => [s, facm.alpha(s, state.alpha)]), ROLES.encode, { width: 4, alpha: 0.6 });
      factors.line(grid.map((s) => [s, facm.beta(s, state.beta)]), ROLES.inference, { width: 2 });
      factors.line(grid.map((s) => [s, facm.alpha(s, state.alpha) * facm.beta(s, state.beta)]), ink, { dash: [6, 4] });
      factors.line([[t, 0], [t, 1.1]], ROLES.coupling);
      const product = "\u03b1 \u00b7 \u03b2";
      legend(factors, [["\u03b1", ROLES.encode], ["\u03b2", ROLES.inference], [product, ink, [6, 4]]],
        factors.px(0.7), factors.top + 34);

      pulls.inside(() => {
        if (state.clamp) for (const at of [-1, 1]) pulls.line([[at, -9], [at, 5]], ROLES.latent, { dash: [3, 3] });
        pulls.line([[-4, -8], [4, 8]], ROLES.coupling, { width: 1.5 });
        const curve = Array.from({ length: 321 }, (_, k) => k / 40 - 4);
        pulls.line(curve.map((at) => [at, facm.pull(state, at, t)]), ROLES.output, { width: 2 });
        pulls.dots([[g, facm.pull(state, g, t)]], ROLES.output, { size: 5 });
      });
      const bounds = state.clamp ? [["clamp, |g| = 1", ROLES.latent, [3, 3]]] : [];
      legend(pulls, [["these weights", ROLES.output], ["plain squares, \u03b2 = 1", ROLES.coupling], ...bounds],
        pulls.left + 8, pulls.top + 8);

      const found = maps.findIndex((m) => Object.keys(start).every((key) => m[key] === state[key]));
      map.inside(() => {
        if (found >= 0) {
          for (let member = 0; member < maps[found].members; member++) {
            const curve = Array.from(places, (at, k) => [at, ends[found][member * places.length + k]]);
            map.line(curve, ROLES.output, { alpha: 0.7 });
          }
        }
        map.line(Array.from(places, (at, k) => [at, truth[k]]), ink, { dash: [6, 4], width: 1.5 });
      });
      const members = found < 0 ? [["not trained here"]] : [["trained nets", ROLES.output]];
      legend(map, [[`target: ${state.target}`], ...members, ["exact map", ink, [6, 4]]], map.left + 8, map.top + 8);

      const words = `with these weights on the target \u201c${state.target}\u201d`;
      const size = (at) => Math.abs(facm.pull(state, at, t)).toFixed(2);
      const spread = ([mean, std]) => `${mean.toFixed(3)} \u00b1 ${std.toFixed(3)}`;
      say(`At t = ${t.toFixed(2)} an error of ${errors[state.error]} pulls with ${size(g)}, ` +
        `one of 0.25 with ${size(0.25)} and one of 4 with ${size(4)}. ` +
        (found < 0
          ? `No net was trained in this chapter ${words}: of the maps only the exact one is drawn.`
          : `Nets ${words}: W1 ${spread(maps[found].w1)}. Mass right of zero: ${spread(maps[found].mass)}, ` +
            `exactly ${mass.toFixed(3)}.`));
    };
    keepDrawn(this, plots, show);
    show();
  }
}

define("weights", Weights);
