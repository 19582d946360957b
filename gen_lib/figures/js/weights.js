// The ornaments of FACM's consistency loss, each with its switch: what they do to the pull, and the map they lead to,
// over the map without them.

const KEYS = ["alpha", "clamp", "norm"]; // what plain weights are without
const PRESETS = { "true true true": "published", "false true false": "clamp only", "true false false": "\u03b1 only", "false false false": "plain" };

class Weights extends Figure {
  start({ maps, targets, start, exact, z, mass }) {
    const places = floats(z);
    const truth = Array.from(shorts(exact), (end, k) => [places[k], end]);
    const n = places.length;
    const trained = maps.map((map) => {
      const ends = shorts(map.ends);
      const curves = Array.from({ length: map.members }, (_, m) => Array.from(places, (at, k) => [at, ends[m * n + k]]));
      return { ...map, curves, middle: truth.map(([at], k) => [at, curves.reduce((sum, curve) => sum + curve[k][1], 0) / map.members]) };
    });
    const state = { ...start, time: 4, error: 24 };
    const times = Array.from({ length: 21 }, (_, k) => (k / 20).toFixed(2));
    const errors = Array.from({ length: 33 }, (_, k) => (0.25 * k - 4).toFixed(2).replace("-", "\u2212"));

    const narrow = this.clientWidth < 480;
    const [left, right] = panels(this, [1.5, 1], "16rem");
    const map = new Plot(left, {
      x: [-2.5, 2.5], y: [-5, 5], xTicks: [-2, -1, 0, 1, 2], yTicks: [-4, -2, 0, 2, 4], ratio: 0.8, narrow: 0.5, most: 360,
      xLabel: "noise z", yLabel: "end of one step", right: 76, label: "Ends of one step against noise",
    });
    const [above, below] = panels(right, narrow ? 2 : 1, "9rem").flatMap((place) => (narrow ? [place] : [place, place]));
    const factors = new Plot(above, {
      x: [0, 1], y: [0, 1.1], xTicks: [0, 0.5, 1], yTicks: [0, 0.5, 1], ratio: 0.55, narrow: 0.75, most: 165,
      xLabel: "flow time t", yLabel: "factor", right: 30, label: "The factors of time",
    });
    const pulls = new Plot(below, {
      x: [-4, 4], y: [-9, 9], xTicks: [-4, 0, 4], yTicks: [-8, 0, 8], ratio: 0.6, narrow: 0.75, most: 190,
      xLabel: "error g", yLabel: "pull", label: "The pull against the error",
    });
    this.menu("target", targets, targets.indexOf(start.target), (k) => { state.target = targets[k]; show(); });
    for (const [name, words, key] of [
      ["\u03b1", ["1", "1 \u2212 \u221at"], "alpha"], ["\u03b2", ["1", "cos(\u03c0t/2)"], "beta"],
      ["clamp", ["off", "at 1"], "clamp"], ["norm-L2", ["off", "on"], "norm"],
    ]) this.menu(name, words, Number(start[key]), (k) => { state[key] = k === 1; show(); });
    const moment = this.slider("time t", times, state.time, (k) => { state.time = k; show(); });
    this.player("time t", moment, times.length, 200, true);
    this.slider("error g", errors, state.error, (k) => { state.error = k; show(); });
    const known = new Map(maps.map((one) => [PRESETS[KEYS.map((key) => one[key]).join(" ")], one]));
    known.delete(undefined);
    this.presets([...known].map(([name, one]) => [name, {
      "\u03b1": Number(one.alpha), "\u03b2": Number(one.beta), clamp: Number(one.clamp), "norm-L2": Number(one.norm),
    }]));

    const plots = [factors, pulls, map];
    const say = voice(this);

    const show = () => {
      for (const plot of plots) { plot.resize(); plot.clear(); }
      const t = state.time / 20;
      const g = 0.25 * state.error - 4;
      const grid = Array.from({ length: 101 }, (_, k) => k / 100);
      factors.line([[t, 0], [t, 1.1]], "currentColor", { alpha: 0.5 });
      factors.line(grid.map((s) => [s, facm.alpha(s, state.alpha)]), ROLES.encode, { width: 4, alpha: 0.6 });
      factors.line(grid.map((s) => [s, facm.beta(s, state.beta)]), ROLES.inference, { width: 2.5 });
      factors.line(grid.map((s) => [s, facm.alpha(s, state.alpha) * facm.beta(s, state.beta)]), "currentColor", { dash: [6, 4] });
      const at = (of) => [1, of];
      factors.names([
        ["\u03b1", at(facm.alpha(1, state.alpha)), ROLES.encode], ["\u03b2", at(facm.beta(1, state.beta)), ROLES.inference],
        ["\u03b1\u03b2", at(facm.alpha(1, state.alpha) * facm.beta(1, state.beta))],
      ], 13);

      pulls.inside(() => {
        if (state.clamp) for (const at of [-1, 1]) pulls.line([[at, -9], [at, 9]], ROLES.latent, { dash: [3, 3] });
        pulls.line([[-4, -8], [4, 8]], ROLES.coupling, { width: 2 });
        const curve = Array.from({ length: 321 }, (_, k) => k / 40 - 4);
        pulls.line(curve.map((at) => [at, facm.pull(state, at, t)]), ROLES.output, { width: 2.5 });
        pulls.dots([[g, facm.pull(state, g, t)]], ROLES.output, { size: 5 });
      });
      pulls.write("plain squares", [3.9, -3], { colour: ROLES.coupling, align: "right" });
      pulls.write("these weights", [3.9, -6.5], { colour: ROLES.output, align: "right" });
      if (state.clamp) pulls.write("|g| = 1", [-1, 7.5], { colour: ROLES.latent, align: "right", right: -4 });

      const found = trained.find((m) => Object.keys(start).every((key) => m[key] === state[key]));
      const plain = trained.find((m) => m.target === state.target && KEYS.every((key) => !m[key]));
      const apart = found && plain && found !== plain;
      map.inside(() => {
        if (apart) map.fill([...found.middle, ...[...plain.middle].reverse()], ROLES.output, { width: 0, alpha: 0.3 });
        if (plain && found !== plain) map.line(plain.middle, ROLES.coupling, { width: 2.5 });
        for (const curve of found?.curves ?? []) map.line(curve, ROLES.output, { alpha: 0.8 });
        map.line(truth, "currentColor", { dash: [6, 4], width: 1.5 });
      });
      const end = (line) => line.findLast(([at]) => at <= 2.5);
      map.names([
        ["exact map", end(truth)],
        ...(found ? [["trained nets", end(found.middle), ROLES.output]] : []),
        ...(plain && found !== plain ? [["plain nets", end(plain.middle), ROLES.coupling]] : []),
      ]);
      map.write(found ? `target: ${state.target}` : "no net was trained with these", [-2.4, 4.6], { size: 14 });

      const words = `with these weights on the target \u201c${state.target}\u201d`;
      const size = (at) => Math.abs(facm.pull(state, at, t)).toFixed(2);
      const spread = ([mean, std]) => `${mean.toFixed(3)} \u00b1 ${std.toFixed(3)}`;
      say(`At t = ${t.toFixed(2)} an error of ${errors[state.error]} pulls with ${size(g)}, ` +
        `one of 0.25 with ${size(0.25)} and one of 4 with ${size(4)}. ` +
        (found
          ? `Nets ${words}: W1 ${spread(found.w1)}${apart ? `, with plain weights ${spread(plain.w1)}` : ""}. ` +
            `Mass right of zero: ${spread(found.mass)}, exactly ${mass.toFixed(3)}.`
          : `No net was trained in this chapter ${words}.`));
    };
    keepDrawn(this, plots, show);
    show();
  }
}

define("weights", Weights);
