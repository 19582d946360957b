// What the playground draws: samples in the plane, maps on the line, and distances along training.

function inThePlane(figure, plot, k) {
  const words = figure.told[k];
  plot.dots(figure.sample, ROLES.data, { size: 2, alpha: words ? 0.45 : 0.8 });
  if (figure.drawing.open) cross(plot, figure.drawing.cross);
  if (!words) return;
  const { states, field } = words;
  if (field) {
    const n = field.x.length / 2;
    const unit = (figure.target.box[1] - figure.target.box[0]) / 30;
    for (let p = 0; p < n; p++) {
      const [x, y, dx, dy] = [field.x[p], field.x[n + p], field.v[p], field.v[n + p]];
      const far = Math.hypot(dx, dy) || 1;
      plot.line([[x, y], [x + (unit * dx) / far, y + (unit * dy) / far]], "currentColor", { alpha: 0.3 });
    }
  }
  const n = states[0].length / 2;
  for (let p = 0; p < Math.min(n, 60); p++) {
    plot.line(states.map((state) => [state[p], state[n + p]]), ROLES.coupling, { alpha: 0.25 });
  }
  plot.dots(Array.from({ length: n }, (_, p) => [states.at(-1)[p], states.at(-1)[n + p]]), SIDES[k], { size: 2.4, alpha: 0.8 });
}

// Time runs to the right; data and samples as bars on their sides.
function onTheLine(figure, plot, k) {
  const words = figure.told[k];
  const bars = (values, colour) => {
    const [low, high] = figure.target.box;
    const count = new Float64Array(40);
    for (const x of values) if (x > low && x < high) count[Math.floor((40 * (x - low)) / (high - low))] += 1 / values.length;
    plot.fill(Array.from(count).flatMap((share, b) => [b, b + 1].map((at) => [1 + 1.6 * share, low + (at * (high - low)) / 40])), colour, { alpha: 0.3 });
  };
  bars(figure.sample.map(([x]) => x), ROLES.data);
  if (figure.drawing.open) cross(plot, [1, figure.drawing.cross[1]]);
  if (!words) return;
  const { states } = words;
  for (let p = 0; p < Math.min(states[0].length, 80); p++) {
    plot.line(states.map((state, i) => [i / (states.length - 1), state[p]]), ROLES.coupling, { alpha: 0.35 });
  }
  bars(states.at(-1), SIDES[k]);
}

function cross(plot, [x, y]) {
  const [a, b] = [0.02 * (plot.x[1] - plot.x[0]), 0.02 * (plot.y[1] - plot.y[0])];
  plot.line([[x - a, y], [x + a, y]], "currentColor", { width: 1.5 });
  plot.line([[x, y - b], [x, y + b]], "currentColor", { width: 1.5 });
}

// What can be drawn along training: a number of each member, or the loss of each player, the mean of the members.
const CURVES = {
  distance: ({ curve }) => curve[0][1].map((_, m) => ({ places: curve.map(([at, found]) => [at, found[m]]) })),
  loss: ({ course }) => Object.keys(course[0]?.[1] ?? {}).map((name, k) => ({
    name, dash: k ? [5, 4] : [], places: course.map(([at, found]) => [at, found[name]]),
  })),
};

function curves(figure) {
  const { curve } = figure;
  const kind = figure.value("curve");
  const lines = figure.told.flatMap((words, k) => (words ? CURVES[kind](words).map((line) => ({ ...line, colour: SIDES[k] })) : []));
  const floor = kind === "distance" ? figure.told[0]?.floor : null;
  const heights = lines.flatMap(({ places }) => places.map(([, height]) => height)).filter(Number.isFinite);
  const first = kind === "distance" ? 2 * Math.max(...lines.map(({ places }) => places[0][1])) : Infinity; // what runs away leaves the picture
  const [low, high] = [Math.min(0, ...heights), Math.min(first, Math.max(0.1, ...heights))];
  const steps = figure.number("steps");
  Object.assign(curve, { x: [0, steps], xTicks: [0, steps / 2, steps], y: lines.length ? [low, low + 1.05 * (high - low)] : [0, 1] });
  curve.yTicks = lines.length ? [low, low + (high - low) / 2, high].map((tick) => +tick.toPrecision(2)) : [];
  curve.yLabel = kind === "distance" ? "distance to the data" : "loss";
  curve.resize();
  curve.clear();
  curve.inside(() => {
    for (const { places, colour, dash = [] } of lines) curve.line(places, colour, { width: 1.5, alpha: 0.8, dash });
  });
  if (floor) {
    curve.line([[0, floor], [steps, floor]], ROLES.data, { dash: [4, 4] });
    const below = curve.height - curve.bottom - curve.py(floor) > 18;
    curve.write("fresh data", [steps, floor], { colour: ROLES.data, align: "right", down: below ? 9 : -8 });
  }
  const ends = lines.filter(({ name, places }) => name && name !== "loss" && places.length);
  ends.forEach(({ name, places, colour }) => curve.write(name, places.at(-1), { colour, align: "right", down: -8 }));
}
