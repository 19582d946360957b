// One net per price: its place on the curve of rate and distortion, its codes, and its copies.

class BetaDial extends Figure {
  start(spec) {
    const { prices, rates, distortions, active, latent, names } = spec;
    const net = new Net(spec.decoder);
    const edge = spec.edge ** 2;
    const originals = codes.list(Float32Array.from(bytes(spec.images), (byte) => byte / 255), edge);
    const grouped = (flat, d, groups) => { // [group][point]: d numbers
      const all = codes.list(flat, d);
      const each = all.length / groups;
      return Array.from({ length: groups }, (_, k) => all.slice(k * each, (k + 1) * each));
    };
    const dots = grouped(shorts(spec.dots), 2, prices.length);
    const means = grouped(floats(spec.means), latent, prices.length);
    const spreads = grouped(floats(spec.spreads), latent, prices.length);
    const noise = grouped(floats(spec.noise), latent, spec.draws);
    const state = { price: spec.start, draw: 0 };

    const [left, right] = panels(this, 2, "9rem");
    const curve = new Plot(left, {
      ...spec.curve, xLabel: "rate R (nats)", yLabel: "distortion D (nats)", ratio: 0.85, narrow: 1.1, most: 300,
      label: "Distortion against rate",
    });
    const plane = new Plot(right, {
      ...spec.plane, xLabel: "most used latent", yLabel: "second", square: true, most: 300, label: "Codes of test images, over the noise",
    });
    const pictures = new Pictures(this, { rows: ["test", "copy"], left: 36, most: 64, label: "Test images and their copies" });
    const beta = this.slider("beta", prices.map(String), spec.start, (k) => { state.price = k; show(); });
    this.player("beta", beta, prices.length, 1200, true);
    const choices = ["mean", ...noise.map((_, k) => `draw ${k + 1}`)];
    this.slider("code", choices, 0, (k) => { state.draw = k; show(); });
    this.presets([["cheap rate", 0], ["a fair price", prices.indexOf(1)], ["expensive rate", prices.length - 1]]
      .filter(([, k]) => k >= 0).map(([name, k]) => [name, { beta: String(prices[k]) }]));
    const say = voice(this);

    const show = () => { // between two prices all goes straight from one net's to the other's
      const [low, high, part] = between(state.price);
      const { draw } = state;
      const each = (of) => of[low].map((one, c) => mix(one, of[high][c], part));
      const code = (price) => means[price].map((mean, c) => (draw ? codes.drawn(mean, spreads[price][c], noise[draw - 1][c]) : mean));
      const z = code(low);
      const copy = (price, places) => codes.list(net.forward(Float64Array.from(places.flat()), price), edge);
      const copies = copy(low, z);
      const next = part ? copy(high, code(high)) : copies;
      const of = (list) => (1 - part) * list[low] + part * list[high];
      tradeOff(curve, prices, rates.map((r, k) => [r, distortions[k]]), [of(rates), of(distortions)], of(prices), low);
      plane.resize();
      plane.clear();
      plane.inside(() => {
        plane.dots(each(dots), ROLES.latent, { size: plane.small ? 1.8 : 2.5, alpha: 0.5 });
        for (const radius of [1, 2]) plane.line(codes.outline([0, 0], [1, 1], radius), ROLES.prior, { width: 2 });
      });
      clouds(plane, means[low], spreads[low], z, spec.used[low], names);
      pictures.show([originals, copies.map((one, c) => mix(one, next[c], part))], names);
      const [r, d] = [rates[low], distortions[low]].map((value) => readable(value));
      const use = `${active[low]} of ${latent} latents are active`;
      say(`At beta ${prices[low]} the rate is ${r} nats and the distortion ${d} nats; ${use}.`);
    };
    keepDrawn(this, [curve, plane], show);
    show();
  }
}

// The nets of all prices, the one on the dial, and through it the line that falls by its price.
function tradeOff(plot, prices, places, [r, d], price, at) {
  plot.resize();
  plot.clear();
  plot.inside(() => {
    plot.line(plot.x.map((x) => [x, d - price * (x - r)]), "currentColor", { dash: [5, 4], width: 1.5, alpha: 0.7 });
    plot.line(places, ROLES.output, { width: 2, alpha: 0.6 });
    plot.dots(places, ROLES.output, { size: 4 });
    plot.handle([r, d], ROLES.output, 7);
    places.forEach((place, k) => plot.write(prices[k], place, { right: 11, down: -9, bold: k === at }));
  });
}

// Of a few digits the cloud at one standard deviation, and the code in use.
function clouds(plot, means, spreads, z, [i, j], names) {
  plot.inside(() => {
    const places = z.map((code) => [code[i], code[j]]);
    means.map((mean) => [mean[i], mean[j]]).forEach((middle, c) => {
      plot.line(codes.outline(middle, [spreads[c][i], spreads[c][j]]), ROLES.encode, { width: 1.5 });
      plot.line([middle, places[c]], ROLES.encode);
    });
    plot.dots(places, ROLES.encode, { size: 4 });
    places.forEach((place, k) => plot.write(names[k], place, { right: 6, down: -7, size: 14 }));
  });
}

define("beta-dial", BetaDial);
