// There and back: a datum becomes a code by jumps against the time, and the code a datum by jumps with it.

class RoundTrip extends Figure {
  start({ mixture, fields, reach, datum, steps, counts, top }) {
    const data = new Mixture(mixture);
    const averages = fields.map(([, spec]) => new Net(spec).field(1));
    const places = Float64Array.from({ length: 10 * (reach[1] - reach[0]) + 1 }, (_, k) => reach[0] + k / 10);
    const exact = places.map((x) => flowMap(data, x, 1, 0));
    const state = { at: Math.round(10 * (datum - reach[0])), field: 0, steps: counts.indexOf(steps) };

    const [left, right] = panels(this, [1.4, 1]);
    const ways = new Plot(left, {
      x: [-0.22, 1.22], y: reach, xTicks: [0, 1], yTicks: evenTicks(reach), ratio: 0.85, narrow: 0.6, most: 350, right: 34,
      xLabel: "time t: codes at 0, data at 1", yLabel: "position", label: "The paths there and back",
    });
    const strip = new Plot(right, {
      x: reach, y: [0, top], xTicks: evenTicks(reach), yTicks: [0, top / 2, top], ratio: 1.1, narrow: 0.4, most: 350,
      xLabel: "datum x", yLabel: "error", label: "The errors of the round trip and of the code, for every datum",
    });
    const texts = Array.from(places, (x) => readable(x, 1));
    const place = this.slider("datum x", texts, state.at, (k) => { state.at = k; show(); });
    this.player("datum", place, places.length, 90);
    this.menu("steps each way", counts.map(String), state.steps, (k) => { state.steps = k; show(); });
    this.menu("net", fields.map(([name]) => name), 0, (k) => { state.field = k; show(); });
    const spot = (x) => texts.indexOf(readable(Math.round(10 * x) / 10, 1));
    const modes = mixture.means.map(([m]) => m).sort((a, b) => a - b);
    const gap = spot((modes[0] + modes.at(-1)) / 2 + 0.5); // where the density is least
    this.presets([["in a mode", { "datum x": spot(modes[0]) }], ["in the gap", { "datum x": gap }]]
      .filter(([, wanted]) => wanted["datum x"] >= 0));
    const say = voice(this);

    const trips = new Map(); // of all places at once: the states on the way there, and on the way back
    const trip = () => {
      const key = `${state.field} ${state.steps}`;
      if (!trips.has(key)) {
        const count = counts[state.steps];
        const there = jump(averages[state.field], places, count, 1, 0);
        trips.set(key, { there, back: jump(averages[state.field], there[count], count) });
      }
      return trips.get(key);
    };
    const bell = new Mixture({ weights: [1], means: [[0]], covariances: [[[1]]] });
    const bulge = (of, time, scale) => clock(120, ...reach).map((y) => [time + scale * marginal(of, y, 1), y]);
    const drawn = [[bulge(bell, 0, -0.45), ROLES.prior], [bulge(data, 1, 0.5), ROLES.data]];
    const ground = clock(120, ...reach).map((x) => [x, top * marginal(data, x, 1)]);
    const show = () => {
      const { at } = state;
      const count = counts[state.steps];
      const { there, back } = trip();
      const [x, z, again] = [places[at], there[count][at], back[count][at]];
      for (const plot of [ways, strip]) { plot.resize(); plot.clear(); }
      ways.inside(() => {
        for (const [line, colour] of drawn) ways.fill(line, colour);
        for (let k = 2; k < places.length; k += 3) { // others, pale
          ways.line(there.map((states, i) => [1 - i / count, states[k]]), ROLES.encode, { alpha: 0.45 });
        }
        ways.line(there.map((states, i) => [1 - i / count, states[at]]), ROLES.encode, { width: 4 });
        ways.line(back.map((states, i) => [i / count, states[at]]), ROLES.decode, { width: 3 });
        ways.line([[1, x], [0, exact[at]]], "currentColor", { width: 1.5, dash: [5, 4] });
        ways.dots(there.slice(1, -1).map((states, i) => [1 - (i + 1) / count, states[at]]), ROLES.encode, { size: 4 });
        ways.dots(back.slice(1, -1).map((states, i) => [(i + 1) / count, states[at]]), ROLES.decode, { size: 3 });
        ways.dots([[0, z]], ROLES.latent, { size: 5 });
        ways.dots([[1, again]], ROLES.output, { size: 5 });
        ringAt(ways, [0, exact[at]], "currentColor");
        ways.handle([1, x], ROLES.data, 7);
      });
      const high = reach[1] - 0.3;
      ways.write("noise", [-0.12, high], { colour: ROLES.prior, align: "center", size: 14 });
      ways.write("data", [1.12, high], { colour: ROLES.data, align: "center", size: 14 });
      const end = (words, at, colour, side, down = 0) =>
        ways.write(words, at, { colour, align: side > 0 ? "left" : "right", right: 12 * side, down });
      const apart = Math.abs(ways.py(z) - ways.py(exact[at])) > 14;
      end("code", [0, z], ROLES.encode, -1);
      if (apart) end("exact code", [0, exact[at]], null, 1, z < exact[at] ? -12 : 12);
      end("datum", [1, x], ROLES.data, 1);
      if (Math.abs(ways.py(again) - ways.py(x)) > 14) end(ways.small ? "back" : "comes back", [1, again], ROLES.output, 1);

      const round = Array.from(places, (from, k) => [from, Math.abs(back[count][k] - from)]);
      const off = Array.from(places, (from, k) => [from, Math.abs(there[count][k] - exact[k])]);
      strip.inside(() => {
        strip.fill(ground, ROLES.data, { width: 1, alpha: 0.15 });
        strip.line([[x, 0], [x, top]], "currentColor", { alpha: 0.5 });
        strip.line(off, ROLES.encode, { width: 2 });
        strip.line(round, ROLES.output, { width: 2.5 });
        const shown = ([from, error]) => [from, Math.min(error, top)]; // at the edge, where the line has left it
        strip.dots([shown(off[at])], ROLES.encode, { size: 4.5 });
        strip.dots([shown(round[at])], ROLES.output, { size: 5.5 });
      });
      [["of the round trip", "output"], ["of the code", "encode"], ["density of the data", "data"]].forEach(([words, role], k) =>
        strip.put(words, strip.left + 6, strip.top + 8 + 16 * k, { colour: ROLES[role] }));
      say(`x = ${readable(x, 1)} is encoded to z = ${readable(z)}; exact is ${readable(exact[at])}, `
        + `error of the code ${readable(off[at][1])}. `
        + `Decoded, this z becomes x\u2032 = ${readable(again)}: error of the round trip ${readable(round[at][1])}.`);
    };
    const move = (x) => {
      const to = Math.min(places.length - 1, Math.max(0, Math.round(10 * (x - reach[0]))));
      place.halt?.();
      if (to !== state.at) place.move(to);
    };
    grab(ways, () => [[1, places[state.at]]], (_, [, y]) => move(y));
    grab(strip, () => clock(8, 0, top).map((y) => [places[state.at], y]), (_, [x]) => move(x));
    keepDrawn(this, [ways, strip], show);
    show();
  }
}

define("round-trip", RoundTrip);
