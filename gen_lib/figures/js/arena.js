// A generator against a critic, along training: samples over modes, and behind them what the critic takes places for;
// next to them how many modes were covered, and how many samples were good, all along.

class Arena extends Figure {
  start({ box: [x, y, half], count, games, modes, side, sides, strength }) {
    const looks = games[0].steps.length;
    const members = games[0].good[0].length;
    const state = { game: 0, member: 0, look: 0 };
    const decoded = games.map((game) => {
      const [places, levels] = [shorts(game.samples), bytes(game.field)];
      return { ...game, places, levels, few: places.length / (2 * looks * members) };
    });
    const steps = games[0].steps.map(String); // of the game that is shown
    const names = games.map(({ name }) => name);

    const narrow = this.clientWidth < 480;
    const [left, right] = panels(this, [1, 1.2], "16rem");
    const ticks = (middle) => [-0.5, 0, 0.5].map((share) => Number((middle + share * half).toPrecision(2)));
    const plot = new Plot(left, {
      x: [x - half, x + half], y: [y - half, y + half], xTicks: ticks(x), yTicks: ticks(y), square: true, most: narrow ? 280 : 350,
      label: "Samples over the modes, and what the critic says of every point",
    });
    colourBar(left, [`var(--${sides[0]})`, "transparent", `var(--${sides[1]})`], ["critic: sample", "datum"]);
    const tracks = panels(right, narrow ? 2 : 1, "9rem");
    const kinds = [
      { yLabel: `modes covered, of ${modes.length}`, top: modes.length, of: (game, k) => met(game, k).filter(Boolean).length },
      { yLabel: "good samples, %", top: 100, of: ({ good }, k) => 100 * good[k][state.member] },
    ];
    const curves = kinds.map(({ yLabel, top }, k) => new Plot(tracks[k] ?? tracks[0], {
      x: [0, 1], y: [0, 1.06 * top], xTicks: [0], yTicks: [0, top / 2, top], yLabel, right: narrow ? 12 : 30,
      xLabel: k || narrow ? "training step" : "", ratio: 0.46, narrow: 0.75, most: 190, label: `${yLabel}, along training`,
    }));
    const step = this.slider("training step", steps, state.look, (to) => { state.look = to; show(); });
    this.player("training", step, looks, 350, true);
    const numbers = Array.from({ length: members }, (_, k) => String(k + 1));
    if (members > 1) this.menu("member", numbers, 0, (to) => { state.member = to; show(); });
    this.menu("game", names, 0, (to) => {
      state.game = to;
      steps.splice(0, looks, ...games[to].steps.map(String));
      step.stand(step.at());
      state.look = step.at();
      show();
    });
    const say = voice(this);

    const met = (of, look) => modes.map((_, k) => (of.met[look][state.member] >> k) & 1);
    const show = () => {
      const { name, few, places, levels, good } = decoded[state.game];
      const [low, high, part] = between(state.look);
      const frame = (look) => look * members + state.member;
      const covered = met(decoded[state.game], low);
      plot.resize();
      plot.clear();
      plot.inside(() => {
        const size = (side * side) / 2;
        const layer = (look, strong) => shade(plot, levels.subarray(frame(look) * size, (frame(look) + 1) * size), side, sides, strong);
        layer(low, strength * (1 - part));
        if (part) layer(high, strength * part);
        modes.forEach((mode, k) => circle(plot, mode, covered[k]));
        const seen = (look) => places.subarray(2 * few * frame(look), 2 * few * (frame(look) + 1));
        const now = mix(seen(low), seen(high), part);
        plot.dots(Array.from({ length: few }, (_, p) => [x + now[2 * p], y + now[2 * p + 1]]), ROLES.output, { size: 2.6, alpha: 0.85 });
      });
      curves.forEach((curve, kind) => follow(curve, kinds[kind]));
      say(`${name}, member ${state.member + 1}, step ${steps[low]}: ${covered.filter(Boolean).length} of ${modes.length} modes covered, `
        + `${(100 * good[low][state.member]).toFixed(1)} % of ${count} samples of high quality.`);
    };
    const follow = (curve, { of }) => {
      const now = decoded[state.game];
      const last = now.steps.at(-1);
      Object.assign(curve, { x: [0, last], xTicks: [0, last / 2, last] });
      curve.resize();
      curve.clear();
      const track = (one) => one.steps.map((at, k) => [at, of(one, k)]);
      curve.inside(() => {
        for (const other of decoded) if (other !== now) curve.line(track(other), ROLES.coupling, { width: 1.5, alpha: 0.6 });
        curve.line(track(now), ROLES.output, { width: 2.5 });
        const [low, high, part] = between(state.look);
        const at = mix([now.steps[low], of(now, low)], [now.steps[high], of(now, high)], part);
        curve.line([[at[0], curve.y[0]], [at[0], curve.y[1]]], "currentColor", { alpha: 0.5 });
        curve.dots([at], "currentColor", { size: 6 });
        curve.dots([at], ROLES.output, { size: 4.5 });
      });
      if (!narrow) for (const one of decoded) {
        const [at, height] = track(one).findLast(([step]) => step <= last);
        if (one !== now) curve.write(one.name, [at, height], { colour: ROLES.coupling, align: "right", down: 10 });
      }
    };
    for (const curve of curves) {
      for (const kind of ["pointerdown", "pointermove"]) {
        curve.canvas.addEventListener(kind, (event) => {
          if (!event.buttons) return;
          const far = games[state.game].steps.map((at) => Math.abs(at - curve.place(event)[0]));
          const to = far.indexOf(Math.min(...far));
          step.halt?.();
          if (to !== step.at()) step.move(to);
        });
      }
      curve.canvas.style.cursor = "col-resize";
    }
    if (looks > 1) this.presets([["beginning", { "training step": 0 }], ["end", { "training step": looks - 1 }]]);
    keepDrawn(this, [plot, ...curves], show);
    show();
  }
}

// Two places per byte, row by row; of the 16 levels the upper 8 are the side of the data.
function shade(plot, levels, side, sides, strength) {
  const small = make("canvas", { width: side, height: side });
  const image = new ImageData(side, side);
  const [low, high] = sides.map((role) => channels(plot.colour(ROLES[role])));
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
  const colour = plot.colour(ROLES.data);
  Object.assign(pen, { strokeStyle: colour, fillStyle: colour, lineWidth: 2.5, globalAlpha: 0.9 });
  pen.beginPath();
  pen.arc(plot.px(x), plot.py(y), 9, 0, 2 * Math.PI);
  if (full) pen.fill();
  else pen.stroke();
}

define("arena", Arena);
