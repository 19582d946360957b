// There and back: a datum becomes a code by jumps against the time, and the code a datum by jumps with it.

class RoundTrip extends Figure {
  start({ mixture, fields, reach, datum, steps, counts, top }) {
    const data = new Mixture(mixture);
    const averages = fields.map(([, spec]) => new Net(spec).field(1));
    const places = Float64Array.from({ length: 10 * (reach[1] - reach[0]) + 1 }, (_, k) => reach[0] + k / 10);
    const exact = places.map((x) => flowMap(data, x, 1, 0));
    const state = { at: Math.round(10 * (datum - reach[0])), field: 0, steps: counts.indexOf(steps) };

    const texts = Array.from(places, (x) => readable(x, 1));
    const place = this.slider("datum x", texts, state.at, (k) => { state.at = k; show(); });
    this.menu("net", fields.map(([name]) => name), 0, (k) => { state.field = k; show(); });
    this.slider("steps each way", counts.map(String), state.steps, (k) => { state.steps = k; show(); });
    swatches(this, [
      ["encode", ROLES.encode, "thick"], ["decode", ROLES.decode], ["to the exact code", "currentColor", "dashed"],
      ["noise", ROLES.prior], ["data", ROLES.data],
    ]);
    const ways = new Plot(this, {
      x: [-0.05, 1.05], y: reach, xTicks: [0, 0.5, 1], yTicks: evenTicks(reach), ratio: 0.55,
      xLabel: "time t: codes at 0, data at 1", yLabel: "position",
      label: "The paths there and back",
    });
    swatches(this, [
      ["error of the round trip", ROLES.output], ["error of the code", ROLES.encode], ["density of the data", ROLES.data],
    ]);
    const strip = new Plot(this, {
      x: reach, y: [0, top], xTicks: evenTicks(reach), yTicks: [0, top / 2, top], ratio: 0.4,
      xLabel: "datum x", yLabel: "error", label: "The errors of the round trip and of the code, for every datum",
    });
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
    const drawn = [[bulge(bell, 0, 0.25), ROLES.prior], [bulge(data, 1, -0.25), ROLES.data]];
    const ground = clock(120, ...reach).map((x) => [x, top * marginal(data, x, 1)]);
    const show = () => {
      const { at } = state;
      const count = counts[state.steps];
      const { there, back } = trip();
      const [x, z, again] = [places[at], there[count][at], back[count][at]];
      for (const plot of [ways, strip]) { plot.resize(); plot.clear(); }
      const ink = getComputedStyle(this).color;
      ways.inside(() => {
        for (const [line, color] of drawn) ways.line(line, color, { alpha: 0.6 });
        for (const time of [0, 1]) ways.line(reach.map((y) => [time, y]), ink, { alpha: 0.3 });
        for (let k = 2; k < places.length; k += 3) { // others, pale
          ways.line(there.map((states, i) => [1 - i / count, states[k]]), ROLES.encode, { alpha: 0.4 });
        }
        ways.line(there.map((states, i) => [1 - i / count, states[at]]), ROLES.encode, { width: 4 });
        ways.line(back.map((states, i) => [i / count, states[at]]), ROLES.decode, { width: 2.5 });
        ways.line([[1, x], [0, exact[at]]], ink, { width: 1.5, dash: [5, 4] });
        ways.dots(there.slice(1, -1).map((states, i) => [1 - (i + 1) / count, states[at]]), ROLES.encode, { size: 4 });
        ways.dots(back.slice(1, -1).map((states, i) => [(i + 1) / count, states[at]]), ROLES.decode, { size: 3 });
        ways.dots([[0, z]], ROLES.latent, { size: 5 });
        ways.dots([[1, x]], ROLES.data, { size: 6 });
        ways.dots([[1, again]], ROLES.output, { size: 4.5 });
        ringAt(ways, [0, exact[at]], ink);
      });
      const round = Array.from(places, (from, k) => [from, Math.abs(back[count][k] - from)]);
      const off = Array.from(places, (from, k) => [from, Math.abs(there[count][k] - exact[k])]);
      strip.inside(() => {
        strip.line(ground, ROLES.data, { alpha: 0.6 });
        strip.line([[x, 0], [x, top]], ink, { alpha: 0.5 });
        strip.line(off, ROLES.encode, { width: 1.5 });
        strip.line(round, ROLES.output, { width: 2 });
        const shown = ([from, error]) => [from, Math.min(error, top)]; // at the edge, where the line has left it
        strip.dots([shown(off[at])], ROLES.encode, { size: 4 });
        strip.dots([shown(round[at])], ROLES.output, { size: 5 });
      });
      say(`x = ${readable(x, 1)} is encoded to z = ${readable(z)}; exact is ${readable(exact[at])}, `
        + `error of the code ${readable(off[at][1])}. `
        + `Decoded, this z becomes x\u2032 = ${readable(again)}: error of the round trip ${readable(round[at][1])}.`);
    };
    const move = (x) => {
      const to = Math.min(places.length - 1, Math.max(0, Math.round(10 * (x - reach[0]))));
      if (to !== state.at) place.move(to);
    };
    grab(ways, () => [[1, places[state.at]]], (_, [, y]) => move(y));
    grab(strip, () => clock(8, 0, top).map((y) => [places[state.at], y]), (_, [x]) => move(x));
    keepDrawn(this, [ways, strip], show);
    show();
  }
}

define("round-trip", RoundTrip);
