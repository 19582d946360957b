// An average velocity as a ruler: it is laid at a point of the flow, and says where the path is at another time.

class Ruler extends Figure {
  start({ mixture, fields, reach, position, jumps, most }) {
    const exact = new Mixture(mixture);
    const averages = new Map(fields.map(([name, spec]) => [name, new Net(spec).field(1)]));
    averages.set("exact", (x, t, r) => x.map((at) => averageVelocity(exact, at, t, r)));
    const names = [...averages.keys()];
    const times = Array.from({ length: 21 }, (_, k) => (k / 20).toFixed(2));
    const positions = Array.from({ length: 20 * (reach[1] - reach[0]) + 1 }, (_, k) => (reach[0] + k / 20).toFixed(2));
    const state = { t: 0, r: 1, x: position, jumps, field: names[0] };

    const plot = new Plot(this, {
      x: [-0.02, 1.02], y: reach, xTicks: [0, 0.5, 1], yTicks: evenTicks(reach), xLabel: "time t", yLabel: "position x",
      right: this.clientWidth < 480 ? 68 : 116, narrow: 0.85, label: "The path of the flow and the jumps, over time",
    });
    const slider = (name, values, at, change) => this.slider(name, values.map((value) => value.replace("-", "\u2212")), at, change);
    const set = (key, values) => (k) => { state[key] = +values[k]; show(); };
    const now = slider("now, t", times, 0, set("t", times));
    const wanted = slider("destination, r", times, 20, (k) => { state.r = k / 20; show(); });
    this.player("destination", wanted, times.length, 250, true);
    const start = slider("position x", positions, Math.round(20 * (position - reach[0])), set("x", positions));
    const counts = Array.from({ length: most }, (_, k) => String(k + 1));
    slider("jumps n", counts, jumps - 1, set("jumps", counts));
    this.menu("average velocity", names, 0, (k) => { state.field = names[k]; show(); });
    this.presets([
      ["whole", { "now, t": "0.00", "destination, r": "1.00" }],
      ["first half", { "now, t": "0.00", "destination, r": "0.50" }],
      ["second half", { "now, t": "0.50", "destination, r": "1.00" }],
    ]);
    const say = voice(this);

    const path = (x, t, count) => clock(count).map((s) => [s, flowMap(exact, x, t, s)]);
    const others = clock(12, -2.4, 2.4).map((z) => path(z, 0, 40));
    const show = () => {
      const { t, r, x } = state;
      const average = averages.get(state.field);
      const [[u], [v]] = [average([x], t, r), average([x], t, t)];
      const end = x + (r - t) * u;
      const ways = jump(average, [x], state.jumps, t, r).map(([at]) => at);
      const stops = clock(state.jumps, t, r);
      const truth = flowMap(exact, x, t, r);
      plot.resize();
      plot.clear();
      const few = plot.small;
      plot.inside(() => {
        for (const other of others) plot.line(other, ROLES.inference, { alpha: 0.5 });
        for (const time of [t, r]) plot.line(reach.map((y) => [time, y]), "currentColor", { alpha: 0.4 });
        plot.line(path(x, t, 60), ROLES.inference, { width: 4 });
        plot.line([[t, x], [r, x + (r - t) * v]], ROLES.prior, { width: 2, dash: [3, 4] });
        plot.line([[t, x], [r, end]], ROLES.output, { width: 3 });
        plot.line(ways.map((at, i) => [stops[i], at]), ROLES.output, { width: 2, dash: [7, 4] });
        plot.dots(ways.slice(1).map((at, i) => [stops[i + 1], at]), ROLES.output, { size: 3.5 });
        plot.dots([[r, end]], ROLES.output, { size: 6 });
        ringAt(plot, [r, truth], "currentColor", 9);
      });
      plot.handle([t, x], ROLES.inference, 7);
      const past = (at) => [Math.max(t, r), at]; // right of both ends
      plot.names([
        [few ? "the flow" : "the flow is here", past(truth)], ["one jump", past(end), ROLES.output],
        ...(state.jumps > 1 ? [[`${state.jumps} jumps`, past(ways.at(-1)), ROLES.output]] : []),
        [few ? "velocity" : "velocity at start", past(Math.min(reach[1], Math.max(reach[0], x + (r - t) * v))), ROLES.prior],
      ], 15, 14);
      const lands = (at) => `${readable(at)}, error ${readable(Math.abs(at - truth))}`;
      const many = state.jumps === 1 ? "" : `; ${state.jumps} jumps land at ${lands(ways[state.jumps])}`;
      say(`From ${readable(x)} at t = ${times[now.at()]} the flow leads to ${readable(truth)} at r = `
        + `${times[wanted.at()]}. One jump lands at ${lands(end)}${many}. Its slope is u = ${readable(u)}, `
        + `the exact average velocity is ${readable(averageVelocity(exact, x, t, r))}; `
        + `the velocity at the start is ${readable(v)}.`);
    };
    const go = (control, k) => {
      const to = Math.min(control.values.length - 1, Math.max(0, Math.round(k)));
      if (control.at() !== to) control.move(to);
    };
    const ends = () => [[state.t, state.x], [state.r, flowMap(exact, state.x, state.t, state.r)]];
    grab(plot, ends, (k, [time, y]) => {
      wanted.halt?.();
      go(k === 0 ? now : wanted, 20 * time);
      if (k === 0) go(start, 20 * (y - reach[0]));
    });
    keepDrawn(this, [plot], show);
    show();
  }
}

define("ruler", Ruler);
