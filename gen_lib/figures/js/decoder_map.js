// A decoder while it learns: its lines from noise to output, and its map through the pairs that it is shown.

class DecoderMap extends Figure {
  start({ boards, names, steps, z, exact, mean, deviation, density }) {
    const noise = floats(z);
    const truth = floats(exact);
    const curve = shorts(density);
    const kinds = boards.map(({ snapshots, from, to }) => ({ snapshots: shorts(snapshots), from: shorts(from), to: shorts(to) }));
    const n = noise.length;
    const state = { pairs: 0, step: steps.length - 1 };

    const [left, right] = panels(this, [1, 1.1]);
    const lines = new Plot(left, {
      x: [-0.4, 1.5], y: [-5.5, 5.5], yTicks: [-4, -2, 0, 2, 4], ratio: 0.85, narrow: 0.55, most: 340,
      yLabel: "value", label: "Lines from noise to output",
    });
    const graph = new Plot(right, {
      x: [-2.8, 2.8], y: [-5.5, 5.5], xTicks: [-2, -1, 0, 1, 2], yTicks: [-4, -2, 0, 2, 4], ratio: 0.8, narrow: 0.6, most: 340,
      xLabel: "noise z", yLabel: "output D(z)", right: 94, label: "The output of the decoder against the noise",
    });
    const slider = this.slider("step", steps.map(String), state.step, (k) => { state.step = k; show(); });
    this.player("training", slider, steps.length, 150, true);
    this.menu("pairs", names, 0, (k) => { state.pairs = k; show(); });
    this.presets([["before training", { step: String(steps[0]) }], ["trained", { step: String(steps.at(-1)) }]]);

    const plots = [lines, graph];
    const say = voice(this);
    const normal = Array.from({ length: 111 }, (_, k) => 0.1 * k - 5.5).map((y) => [-0.34 * Math.exp((-y * y) / 2), y]);
    const side = Array.from(curve, (p, k) => [1 + 0.85 * p, -5.5 + (11 * k) / (curve.length - 1)]);

    const show = () => {
      for (const plot of plots) { plot.resize(); plot.clear(); }
      const { snapshots, from, to } = kinds[state.pairs];
      const [low, high, part] = between(state.step);
      const look = (k) => snapshots.subarray(k * n, (k + 1) * n);
      const outputs = mix(look(low), look(high), part);
      lines.inside(() => {
        from.slice(0, 60).forEach((at, k) => lines.line([[0, at], [1, to[k]]], ROLES.coupling, { alpha: 0.3 }));
        for (let k = 1; k < n; k += 2) lines.line([[0, noise[k]], [1, outputs[k]]], ROLES.inference, { alpha: 0.6 });
        lines.fill(normal, ROLES.prior, { width: 2 });
        histogram(lines, outputs);
        lines.fill([[1, -5.5], ...side, [1, 5.5]], ROLES.data, { width: 2, alpha: 0.15 });
      });
      const words = [["noise", -0.2, 5.1, "prior"], ["decoder", 0.5, 5.1, "inference"], ["pairs", 0.5, 4.2, "coupling"],
        ["output", 1.25, 5.1, "output"], ["data", 1.25, 4.2, "data"]];
      for (const [text, x, y, role] of words) lines.write(text, [x, y], { colour: ROLES[role], align: "center" });

      graph.inside(() => {
        graph.dots(Array.from(from, (at, k) => [at, to[k]]), ROLES.coupling, { size: 2, alpha: 0.6 });
        graph.line([[-2.8, mean], [2.8, mean]], "currentColor", { dash: [2, 4], width: 1.5 });
        graph.line(Array.from(noise, (at, k) => [at, truth[k]]), "currentColor", { dash: [7, 4], width: 1.5 });
        graph.line(Array.from(noise, (at, k) => [at, outputs[k]]), ROLES.output, { width: 2.5 });
      });
      graph.names([["mean of data", [2.8, mean]], ["exact map", [2.8, truth.at(-1)]], ["decoder", [2.8, outputs.at(-1)], ROLES.output]]);

      const numbers = [...boards[state.pairs].numbers[low], mean, deviation];
      const [centre, spread, toExact, toMean, ...those] = numbers.map((value) => readable(value));
      say(`Step ${steps[low]}, ${names[state.pairs]} pairs: the outputs have mean ${centre} and spread ` +
        `${spread}, the data ${those.join(" and ")}. Mean distance to the exact map ${toExact}, ` +
        `to the mean of the data ${toMean}.`);
    };
    keepDrawn(this, plots, show);
    show();
  }
}

// Outputs as bars that lie on their side, to the right of x = 1.
function histogram(plot, values) {
  const bars = new Float64Array(33);
  for (const value of values) bars[Math.min(32, Math.max(0, Math.floor((value + 5.5) * 3)))] += 3 / values.length;
  const outline = Array.from(bars).flatMap((p, k) => [[1 + 0.85 * p, k / 3 - 5.5], [1 + 0.85 * p, (k + 1) / 3 - 5.5]]);
  plot.fill([[1, -5.5], ...outline, [1, 5.5]], ROLES.output, { width: 0, alpha: 0.5 });
}

define("decoder-map", DecoderMap);
