// A decoder while it learns: its lines from noise to output, and its map through the pairs that it is shown.

class DecoderMap extends Figure {
  start({ boards, names, steps, z, exact, mean, deviation, density }) {
    const noise = floats(z);
    const truth = floats(exact);
    const curve = shorts(density);
    const kinds = boards.map(({ snapshots, from, to }) => ({ snapshots: shorts(snapshots), from: shorts(from), to: shorts(to) }));
    const n = noise.length;
    const state = { pairs: 0, step: steps.length - 1 };

    this.menu("pairs", names, 0, (k) => { state.pairs = k; show(); });
    const slider = this.slider("step", steps.map(String), state.step, (k) => { state.step = k; show(); });
    this.player("training", slider, steps.length, 150);

    const [left, right] = panels(this, 2);
    const lines = new Plot(left, {
      x: [-0.4, 1.45], y: [-5.5, 5.5], xTicks: [], yTicks: [-4, -2, 0, 2, 4], ratio: 0.85,
      xLabel: "", yLabel: "value", label: "Lines from noise to output",
    });
    const graph = new Plot(right, {
      x: [-2.8, 2.8], y: [-5.5, 5.5], xTicks: [-2, -1, 0, 1, 2], yTicks: [-4, -2, 0, 2, 4], ratio: 0.85,
      xLabel: "noise z", yLabel: "output D(z)", label: "The output of the decoder against the noise",
    });
    const plots = [lines, graph];
    const say = voice(this);
    const normal = Array.from({ length: 101 }, (_, k) => 0.06 * k - 3).map((y) => [-0.34 * Math.exp((-y * y) / 2), y]);
    const side = Array.from(curve, (p, k) => [1 + 0.85 * p, -5.5 + (11 * k) / (curve.length - 1)]);

    const show = () => {
      for (const plot of plots) { plot.resize(); plot.clear(); }
      const ink = getComputedStyle(this).color;
      const { snapshots, from, to } = kinds[state.pairs];
      const outputs = snapshots.subarray(state.step * n, (state.step + 1) * n);
      lines.inside(() => {
        from.slice(0, 60).forEach((at, k) => lines.line([[0, at], [1, to[k]]], ROLES.coupling, { alpha: 0.3 }));
        for (let k = 1; k < n; k += 2) lines.line([[0, noise[k]], [1, outputs[k]]], ROLES.inference, { alpha: 0.6 });
        lines.line(normal, ROLES.prior, { width: 2 });
        histogram(lines, outputs);
        lines.line(side, ROLES.data, { width: 2 });
      });
      const { pen } = lines;
      Object.assign(pen, { fillStyle: ink, textAlign: "center", textBaseline: "top", globalAlpha: 1 });
      [["noise z", 0], ["output, data", 1]].forEach(([text, x]) => pen.fillText(text, lines.px(x), lines.height - 30));
      legend(lines, [["decoder", ROLES.inference], ["pairs", ROLES.coupling]], lines.px(0.02), lines.top + 8);

      graph.inside(() => {
        graph.dots(Array.from(from, (at, k) => [at, to[k]]), ROLES.coupling, { size: 1.8, alpha: 0.6 });
        graph.line([[-2.8, mean], [2.8, mean]], ink, { dash: [2, 4], width: 1.5 });
        graph.line(Array.from(noise, (at, k) => [at, truth[k]]), ink, { dash: [7, 4], width: 1.5 });
        graph.line(Array.from(noise, (at, k) => [at, outputs[k]]), ROLES.output, { width: 2.5 });
      });
      legend(graph, [["decoder", ROLES.output], ["exact map", ink, [7, 4]], ["mean of the data", ink, [2, 4]]],
        graph.left + 8, graph.top + 8);

      const numbers = [...boards[state.pairs].numbers[state.step], mean, deviation];
      const [centre, spread, toExact, toMean, ...those] = numbers.map((value) => readable(value));
      say(`Step ${steps[state.step]}, ${names[state.pairs]} pairs: the outputs have mean ${centre} and spread ` +
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
  const { pen } = plot;
  Object.assign(pen, { fillStyle: ROLES.output, globalAlpha: 0.5 });
  bars.forEach((p, k) => {
    const top = plot.py(-5.5 + (k + 1) / 3);
    pen.fillRect(plot.px(1), top, plot.px(1 + 0.85 * p) - plot.px(1), plot.py(-5.5 + k / 3) - top);
  });
}

define("decoder-map", DecoderMap);
