// All methods by quality, in groups of equal cost; the samples of the one that is chosen stand next to them.

// A long name in two lines, cut where they are most alike.
function inLines(name) {
  const middle = name.length / 2;
  const cuts = [...name.matchAll(/ /g)].map(({ index }) => index).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  return name.length > 15 && cuts.length ? [name.slice(0, cuts[0]), name.slice(cuts[0] + 1)] : [name];
}

// Slots for methods across, their names below, and a logarithmic axis upwards.
class Scores extends Plot {
  margins() {
    super.margins();
    this.left = 36;
    this.pen.font = `12px ${FONT}`;
    const widths = (this.rows ?? []).flatMap(({ name }) => inLines(name)).map((text) => this.pen.measureText(text).width);
    this.bottom = 46 + Math.ceil(Math.max(0, ...widths));
  }

  clear() {
    super.clear();
    const { pen } = this;
    for (let power = -4; power < 4; power++) {
      for (const digit of [1, 2, 5]) {
        const at = power + Math.log10(digit);
        if (at < this.y[0] || at > this.y[1]) continue;
        const text = (10 ** power * digit).toFixed(Math.max(0, -power));
        this.put(text, this.left - 5, this.py(at), { align: "right" });
        this.line([[this.x[0], at], [this.x[1], at]], "currentColor", { alpha: 0.1 });
      }
    }
    pen.globalAlpha = 1;
  }

  // Names on their side under the slots, and under each group what its methods cost.
  label(rows, slots, chosen) {
    const { pen } = this;
    const base = this.height - this.bottom;
    pen.fillStyle = this.ink;
    rows.forEach(({ name }, k) => {
      pen.save();
      pen.font = `${k === chosen ? "600 " : ""}12px ${FONT}`;
      pen.translate(this.px(slots[k]), base + 5);
      pen.rotate(-Math.PI / 2);
      Object.assign(pen, { textAlign: "right", textBaseline: "middle" });
      inLines(name).forEach((text, line, { length }) => pen.fillText(text, 0, 13 * (line - (length - 1) / 2)));
      pen.restore();
    });
    for (const cost of new Set(rows.map((row) => row.evaluations))) {
      const mine = slots.filter((_, k) => rows[k].evaluations === cost);
      const [from, to] = [this.px(mine[0] - 0.35), this.px(mine.at(-1) + 0.35)];
      pen.fillRect(from, this.height - 36, to - from, 1);
      this.put(String(cost), (from + to) / 2, this.height - 26, { align: "center" });
    }
  }
}

class Scoreboard extends Figure {
  start({ boards }) {
    const { rows } = boards[0]; // the others have the same methods at the same cost, in the same order
    const slots = rows.map((row, k) => k + 0.8 * new Set(rows.slice(0, k + 1).map((r) => r.evaluations)).size);
    const made = boards.map((board) => board.rows.map((row) => shorts(row.samples)));
    const given = boards.map((board) => shorts(board.data));
    const state = { board: 0, method: 0 };

    const [left, right] = panels(this, [1.2, 1]);
    const scores = new Scores(left, {
      x: [slots[0] - 0.8, slots.at(-1) + 0.8], y: [0, 1], xLabel: "evaluations per sample", yLabel: " ", ratio: 0.9, narrow: 0.8, most: 370,
      label: "Methods by quality, in groups of equal cost",
    });
    scores.rows = rows;
    const seen = new Plot(right, {
      x: [0, 1], y: [0, 1], xTicks: [0], yTicks: [0], xLabel: " ", yLabel: " ", ratio: 1, narrow: 0.6, most: 370,
      label: "Samples of the chosen method",
    });
    const slider = this.slider("method", rows.map((row) => row.name), 0, (k) => { state.method = k; show(); });
    this.player("methods", slider, rows.length, 900);
    this.menu("data", boards.map((board) => board.name), 0, (k) => { state.board = k; show(); });
    const best = (of) => of.indexOf(Math.min(...of));
    const single = rows.map(({ evaluations, mean }) => (evaluations === 1 ? mean : Infinity));
    if (rows.length > 2) this.presets([["best", { method: best(rows.map(({ mean }) => mean)) }], ["best in one step", { method: best(single) }]]);
    const plots = [scores, seen];
    const say = voice(this);
    for (const kind of ["pointerdown", "pointermove"]) {
      scores.canvas.addEventListener(kind, (event) => {
        const [x] = scores.place(event);
        const far = slots.map((slot) => Math.abs(slot - x));
        const k = far.indexOf(Math.min(...far));
        if (far[k] < 0.5 && k !== state.method) slider.move(k);
      });
    }

    const show = () => {
      const board = boards[state.board];
      const row = board.rows[state.method];
      scores.y = board.span;
      scores.yLabel = board.distance;
      for (const plot of plots) plot.resize();
      scores.clear();
      scores.label(rows, slots, state.method);
      const floor = Math.log10(board.floor[0]);
      scores.line(scores.x.map((x) => [x, floor]), "currentColor", { dash: [6, 4], width: 1.5 });
      board.rows.forEach(({ mean, members }, k) => {
        const at = slots[k];
        if (k === state.method) scores.line([[at, board.span[0]], [at, board.span[1]]], ROLES.coupling, { alpha: 0.6 });
        scores.dots(members.map((member) => [at, Math.log10(member)]), ROLES.output, { size: 2.8, alpha: 0.5 });
        const dash = [at - 0.35, at + 0.35].map((end) => [end, Math.log10(mean)]);
        scores.line(dash, ROLES.output, { width: k === state.method ? 5 : 2.5 });
      });
      scores.write("perfect samples", [scores.x[0], floor], { right: 4, down: -8 });
      (board.dim === 1 ? line : plane)(seen, board, given[state.board], made[state.board][state.method]);
      seen.put(row.name, seen.left + 8, seen.top + 6, { size: 16, bold: true });
      seen.put("its samples", seen.left + 8, seen.top + 26, { colour: ROLES.output });
      seen.put(board.dim === 1 ? "density of the data" : "data", seen.left + 8, seen.top + 42, { colour: ROLES.data });
      const spread = (mean, std) => `${mean.toFixed(3)} \u00b1 ${std.toFixed(3)}`;
      const times = (row.mean / board.floor[0]).toFixed(1);
      say(`${row.name}, ${board.name}: ${board.distance} ${spread(row.mean, row.std)}, ${times} times that of ` +
        `perfect samples, ${spread(...board.floor)}; ` +
        `${row.evaluations} evaluation${row.evaluations > 1 ? "s" : ""} per sample; ` +
        `trained in ${row.seconds.toFixed(1)} seconds.`);
    };
    keepDrawn(this, plots, show);
    show();
  }
}

const ticks = ([low, high]) => [-4, -2, 0, 2, 4].filter((x) => x > low && x < high);

// On the line: bars of the samples over the density, which is given at equal steps across the box.
function line(plot, { box }, density, samples) {
  const [low, high] = box[0];
  const most = 1.6 * Math.max(...density);
  Object.assign(plot, { x: box[0], y: [0, most], xTicks: ticks(box[0]), yTicks: [], xLabel: "x", yLabel: "density" });
  plot.clear();
  const count = 36;
  const width = (high - low) / count;
  const bars = new Float64Array(count);
  for (const value of samples) { // what lies outside is not seen, but counts
    const k = Math.floor((value - low) / width);
    if (k >= 0 && k < count) bars[k] += 1 / (samples.length * width);
  }
  const outline = Array.from(bars).flatMap((p, k) => [[low + k * width, p], [low + (k + 1) * width, p]]);
  plot.inside(() => {
    const step = (high - low) / (density.length - 1);
    plot.fill(Array.from(density, (p, k) => [low + step * k, p]), ROLES.data, { width: 2.5, alpha: 0.2 });
    plot.fill([[low, 0], ...outline, [high, 0]], ROLES.output, { width: 1, alpha: 0.45 });
  });
}

// In the plane: samples over data.
function plane(plot, { box }, data, samples) {
  Object.assign(plot, { x: box[0], y: box[1], xTicks: ticks(box[0]), yTicks: ticks(box[1]) });
  Object.assign(plot, { xLabel: "first coordinate", yLabel: "second coordinate" });
  plot.clear();
  const places = (flat) => Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]]);
  plot.inside(() => {
    plot.dots(places(data), ROLES.data, { size: 2.4, alpha: 0.5 });
    plot.dots(places(samples), ROLES.output, { size: 2.4, alpha: 0.7 });
  });
}

define("scoreboard", Scoreboard);
