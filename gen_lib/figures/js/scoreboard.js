// All methods by quality, in groups of equal cost; the samples of the one that is chosen stand beside.

// Slots for methods across, their names below, and a logarithmic axis upwards.
class Scores extends Plot {
  clear() {
    super.clear();
    const { pen } = this;
    pen.textAlign = "right";
    for (let power = -4; power < 4; power++) {
      for (const digit of [1, 2, 5]) {
        const at = power + Math.log10(digit);
        if (at < this.y[0] || at > this.y[1]) continue;
        pen.fillText((10 ** power * digit).toFixed(Math.max(0, -power)), this.left - 6, this.py(at));
      }
    }
  }

  // Names on their side under the slots, and under each group what its methods cost.
  names(rows, slots, chosen) {
    const { pen } = this;
    const base = this.height - this.bottom;
    rows.forEach(({ name }, k) => {
      pen.save();
      pen.font = `${k === chosen ? "bold " : ""}13px system-ui, sans-serif`;
      pen.translate(this.px(slots[k]), base + 5);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "right";
      pen.fillText(name, 0, 0);
      pen.restore();
    });
    pen.textAlign = "center";
    for (const cost of new Set(rows.map((row) => row.evaluations))) {
      const mine = slots.filter((_, k) => rows[k].evaluations === cost);
      const [from, to] = [this.px(mine[0] - 0.35), this.px(mine.at(-1) + 0.35)];
      pen.fillRect(from, this.height - 40, to - from, 1);
      pen.fillText(cost, (from + to) / 2, this.height - 30);
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

    this.menu("data", boards.map((board) => board.name), 0, (k) => { state.board = k; show(); });
    const slider = this.slider("method", rows.map((row) => row.name), 0, (k) => { state.method = k; show(); });

    const [left, right] = panels(this, 2);
    const scores = new Scores(left, {
      x: [slots[0] - 0.8, slots.at(-1) + 0.8], y: [0, 1], xTicks: [], yTicks: [], ratio: 0.95,
      xLabel: "evaluations per sample", yLabel: "",
      label: "Methods by quality, in groups of equal cost",
    });
    scores.bottom = 122;
    scores.left = 54;
    const seen = new Plot(right, {
      x: [0, 1], y: [0, 1], xTicks: [], yTicks: [], ratio: 0.95,
      xLabel: "", yLabel: "", label: "Samples of the chosen method",
    });
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
      scores.names(rows, slots, state.method);
      const ink = getComputedStyle(this).color;
      scores.line(scores.x.map((x) => [x, Math.log10(board.floor[0])]), ink, { dash: [6, 4] });
      board.rows.forEach(({ mean, members }, k) => {
        const at = slots[k];
        if (k === state.method) scores.line([[at, board.span[0]], [at, board.span[1]]], ROLES.coupling, { alpha: 0.6 });
        scores.dots(members.map((member) => [at, Math.log10(member)]), ROLES.output, { size: 2.5, alpha: 0.5 });
        const dash = [at - 0.35, at + 0.35].map((end) => [end, Math.log10(mean)]);
        scores.line(dash, ROLES.output, { width: k === state.method ? 5 : 2 });
      });
      legend(scores, [["perfect samples", ink, [6, 4]]], scores.px(scores.x[1]) - 130, scores.top + 8);
      (board.dim === 1 ? line : plane)(seen, board, given[state.board], made[state.board][state.method]);
      const truth = board.dim === 1 ? "density" : "data";
      legend(seen, [[row.name], ["its samples", ROLES.output], [truth, ROLES.data]], seen.left + 8, seen.top + 8);
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

// On the line: bars of the samples under the density, which is given at equal steps across the box.
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
  plot.inside(() => {
    Object.assign(plot.pen, { fillStyle: ROLES.output, globalAlpha: 0.6 });
    bars.forEach((height, k) => {
      const [left, top] = [plot.px(low + k * width), plot.py(height)];
      plot.pen.fillRect(left, top, plot.px(low + (k + 1) * width) - left - 0.5, plot.py(0) - top);
    });
    const step = (high - low) / (density.length - 1);
    plot.line(Array.from(density, (p, k) => [low + step * k, p]), ROLES.data, { width: 2 });
  });
}

// In the plane: samples over data.
function plane(plot, { box }, data, samples) {
  Object.assign(plot, { x: box[0], y: box[1], xTicks: ticks(box[0]), yTicks: ticks(box[1]) });
  Object.assign(plot, { xLabel: "first coordinate", yLabel: "second coordinate" });
  plot.clear();
  const places = (flat) => Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]]);
  plot.inside(() => {
    plot.dots(places(data), ROLES.data, { size: 2.2, alpha: 0.5 });
    plot.dots(places(samples), ROLES.output, { size: 2, alpha: 0.7 });
  });
}

define("scoreboard", Scoreboard);
