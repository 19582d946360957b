// A generator against a critic, along training: samples over modes, and behind them what the critic takes places for.

class Arena extends Figure {
  start({ box: [x, y, half], count, games, modes, side, sides, strength }) {
    const looks = games[0].steps.length;
    const members = games[0].good[0].length;
    const state = { game: 0, member: 0, look: looks - 1 };
    const decoded = games.map((game) => {
      const [places, levels] = [shorts(game.samples), bytes(game.field)];
      return { ...game, places, levels, few: places.length / (2 * looks * members) };
    });
    const steps = games[0].steps.map(String); // of the game that is shown
    this.menu("game", games.map(({ name }) => name), 0, (to) => {
      state.game = to;
      steps.splice(0, looks, ...games[to].steps.map(String));
      step.move(state.look);
    });
    const numbers = Array.from({ length: members }, (_, k) => String(k + 1));
    if (members > 1) this.menu("member", numbers, 0, (to) => { state.member = to; show(); });
    const step = this.slider("training step", steps, state.look, (to) => { state.look = to; show(); });
    this.player("training", step, looks, 250);

    const place = make("div");
    place.style.maxWidth = "27rem";
    this.append(place);
    const ticks = (middle) => [-0.5, 0, 0.5].map((share) => Number((middle + share * half).toPrecision(2)));
    const plot = new Plot(place, {
      x: [x - half, x + half], y: [y - half, y + half], xTicks: ticks(x), yTicks: ticks(y),
      xLabel: "first coordinate", yLabel: "second coordinate", ratio: 0.99,
      label: "Samples over the modes, and what the critic says of every point",
    });
    this.append(make("p", { textContent: `Orange circles: modes, full if covered. Red: ${decoded[0].few} of the samples. `
      + "Purple: there the critic takes a point for a datum; grey: for a sample; the stronger the colour, the surer it is." }));
    plot.left = 54;
    const say = voice(this);

    const show = () => {
      const { name, few, places, levels, good, met } = decoded[state.game];
      const frame = state.look * members + state.member;
      const covered = modes.map((_, k) => (met[state.look][state.member] >> k) & 1);
      plot.clear();
      plot.inside(() => {
        const size = (side * side) / 2;
        shade(plot, levels.subarray(frame * size, (frame + 1) * size), side, sides, strength);
        modes.forEach((mode, k) => circle(plot, mode, covered[k]));
        const seen = places.subarray(2 * few * frame, 2 * few * (frame + 1));
        plot.dots(Array.from({ length: few }, (_, p) => [x + seen[2 * p], y + seen[2 * p + 1]]), ROLES.output, { size: 2 });
      });
      say(`${name}, member ${state.member + 1}, step ${steps[state.look]}: ${covered.filter(Boolean).length} of ${modes.length} modes covered, `
        + `${(100 * good[state.look][state.member]).toFixed(1)} % of ${count} samples of high quality.`);
    };
    keepDrawn(this, [plot], show);
    show();
  }
}

// Two places per byte, row by row; of the 16 levels the upper 8 are the side of the data.
function shade(plot, levels, side, sides, strength) {
  const small = make("canvas", { width: side, height: side });
  const image = new ImageData(side, side);
  const [low, high] = sides.map((role) => [1, 3, 5].map((at) => parseInt(ROLES[role].slice(at, at + 2), 16)));
  for (let k = 0; k < side * side; k++) {
    const pair = levels[k >> 1] ^ 128; // it was shifted into the range of signed bytes
    const sure = ((k % 2 ? pair >> 4 : pair & 15) - 7.5) / 7.5;
    image.data.set([...(sure > 0 ? high : low), 255 * strength * Math.abs(sure)], 4 * k);
  }
  small.getContext("2d").putImageData(image, 0, 0);
  const [left, top] = [plot.px(plot.x[0]), plot.py(plot.y[1])];
  plot.pen.globalAlpha = 1;
  plot.pen.drawImage(small, left, top, plot.px(plot.x[1]) - left, plot.py(plot.y[0]) - top);
}

function circle(plot, [x, y], full) {
  const { pen } = plot;
  Object.assign(pen, { strokeStyle: ROLES.data, fillStyle: ROLES.data, lineWidth: 2, globalAlpha: 0.8 });
  pen.beginPath();
  pen.arc(plot.px(x), plot.py(y), 7, 0, 2 * Math.PI);
  if (full) pen.fill();
  else pen.stroke();
}

define("arena", Arena);
