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

    const beta = this.slider("beta", prices.map(String), spec.start, (k) => { state.price = k; show(); });
    this.player("beta", beta, prices.length, 700);
    const choices = ["mean", ...noise.map((_, k) => `draw ${k + 1}`)];
    this.slider("code", choices, 0, (k) => { state.draw = k; show(); });
    const [left, right] = panels(this, 2);
    const curve = new Plot(left, {
      ...spec.curve, xLabel: "rate R (nats)", yLabel: "distortion D (nats)", ratio: 0.95, label: "Distortion against rate",
    });
    curve.left = 54; // room for the ticks beside the name of the axis
    const plane = new Plot(right, {
      ...spec.plane, xLabel: "most used latent", yLabel: "second", ratio: 0.95,
      label: "Codes of test images, over the noise",
    });
    const pictures = new Pictures(this, { rows: ["test", "copy"], left: 44, label: "Test images and their copies" });
    const say = voice(this);

    const show = () => {
      const { price, draw } = state;
      const z = means[price].map((mean, c) => (draw ? codes.drawn(mean, spreads[price][c], noise[draw - 1][c]) : mean));
      tradeOff(curve, prices, rates.map((r, k) => [r, distortions[k]]), price);
      clouds(plane, dots[price], means[price], spreads[price], z, spec.used[price], names);
      const copies = codes.list(net.forward(Float64Array.from(z.flat()), price), edge);
      pictures.show([originals, copies], names);
      const [r, d] = [rates[price], distortions[price]].map((value) => readable(value));
      const use = `${active[price]} of ${latent} latents are active`;
      say(`At beta ${prices[price]} the rate is ${r} nats and the distortion ${d} nats; ${use}.`);
    };
    keepDrawn(this, [curve, plane], show);
    show();
  }
}

// The nets of all prices, the one on the dial, and through it the line that falls by its price.
function tradeOff(plot, prices, places, at) {
  plot.resize();
  plot.clear();
  const color = getComputedStyle(plot.canvas).color;
  const [r, d] = places[at];
  plot.inside(() => {
    plot.line(plot.x.map((x) => [x, d - prices[at] * (x - r)]), color, { dash: [5, 4] });
    plot.line(places, ROLES.output, { alpha: 0.5 });
    plot.dots(places, ROLES.output, { size: 4 });
    plot.dots([places[at]], color, { size: 9 });
    plot.dots([places[at]], ROLES.output, { size: 7 });
    write(plot, places, prices, 10, -6);
  });
}

// Posterior means of many test images; of a few digits the cloud at one standard deviation, and the code in use.
function clouds(plot, dots, means, spreads, z, [i, j], names) {
  plot.resize();
  plot.clear();
  plot.inside(() => {
    plot.dots(dots, ROLES.latent, { size: 2.5, alpha: 0.5 });
    for (const radius of [1, 2]) plot.line(codes.outline([0, 0], [1, 1], radius), ROLES.prior, { width: 2 });
    const places = z.map((code) => [code[i], code[j]]);
    means.map((mean) => [mean[i], mean[j]]).forEach((middle, c) => {
      plot.line(codes.outline(middle, [spreads[c][i], spreads[c][j]]), ROLES.encode, { width: 1.5 });
      plot.line([middle, places[c]], ROLES.encode);
    });
    plot.dots(places, ROLES.encode, { size: 4 });
    write(plot, places, names, 6, -4);
  });
}

// A word beside each place.
function write(plot, places, words, right, down) {
  const { pen } = plot;
  const fillStyle = getComputedStyle(plot.canvas).color;
  Object.assign(pen, { fillStyle, globalAlpha: 1, textAlign: "left", textBaseline: "alphabetic" });
  places.forEach(([x, y], k) => pen.fillText(words[k], plot.px(x) + right, plot.py(y) + down));
}

define("beta-dial", BetaDial);
