// The loss of one pixel under several likelihoods, and its slope, over all predictions.

const NAMES = ["Bernoulli", "continuous Bernoulli", "Gaussian", "Gaussian, sigmoid"];
const DASHES = [[], [2, 3], [7, 4], [8, 3, 2, 3]];
const GRID = Array.from({ length: 199 }, (_, k) => (k + 1) / 200);
const OUTPUTS = GRID.map(continuousBernoulli.output); // the only ones that take a search

class LikelihoodBench extends Figure {
  start({ pixel, mean, sigma }) {
    const state = { pixel: Math.round(100 * pixel), mean: Math.round(100 * mean) - 1, sigma: Math.round(100 * sigma) - 5, chosen: 0, rate: 0, inMean: 0 };
    const hundredths = (from, to) => Array.from({ length: to - from + 1 }, (_, k) => ((from + k) / 100).toFixed(2));
    const set = (name) => (to) => { state[name] = Math.round(to); show(); };
    const [losses, slopes] = panels(this, 2, "9rem").map((half, k) => new Plot(half, {
      x: [0, 1], y: [0, 1], xTicks: [0, 0.5, 1], yLabel: "loss \u2212log p", ratio: 0.8, narrow: 1.2, most: 300,
      label: k ? "The slope of the loss over all predictions" : "The loss over all predictions",
    }));
    this.menu("likelihood", NAMES, 0, set("chosen"), DASHES);
    const means = this.slider("predicted mean", hundredths(1, 99), state.mean, set("mean"));
    this.player("predicted mean", means, 99, 40);
    const pixels = this.slider("pixel x", hundredths(0, 100), state.pixel, set("pixel"));
    this.slider("sigma of the Gaussians", hundredths(5, 100), state.sigma, set("sigma"));
    this.menu("horizontal axis", ["predicted mean", "\u03bb"], 0, set("rate"));
    this.menu("slope with respect to", ["the output", "the mean"], 0, set("inMean"));
    this.presets([["black pixel", { "pixel x": "1.00" }], ["grey pixel", { "pixel x": "0.25" }]]);
    const say = voice(this);

    const now = () => {
      const x = state.pixel / 100;
      const sd = (state.sigma + 5) / 100;
      const laws = [bernoulli, continuousBernoulli, gaussian(sd), bent(gaussian(sd))];
      const law = laws[state.chosen];
      return { x, laws, law, output: law.output((state.mean + 1) / 100) };
    };
    // Of the four only the continuous Bernoulli has a lambda that is not its mean.
    const place = (law, o) => (state.rate && law === continuousBernoulli ? bernoulli : law).mean(o);
    const at = (law) => (law !== continuousBernoulli ? GRID.map(law.output) : state.rate ? GRID.map(bernoulli.output) : OUTPUTS);
    const height = (law, o, x) => law.slope(o, x) / (state.inMean ? law.meanSlope(o) : 1);
    const show = () => {
      const { x, laws, law, output } = now();
      const loss = law.loss(output, x);
      const slope = height(law, output, x);
      const wide = [2, 10, 50, 200, 1000, 1e4].find((limit, k) => k >= state.inMean && limit >= Math.abs(slope));
      const high = [4, 10, 40, 200].find((limit) => limit >= loss);
      Object.assign(losses, { y: [Math.min(-3, Math.floor(loss)), high], yTicks: [-2, 0, high / 2, high] });
      Object.assign(slopes, { y: [-wide, wide], yTicks: [-wide, -wide / 2, 0, wide / 2, wide] });
      slopes.yLabel = `slope in ${state.inMean ? "the mean" : "the output"}`;
      const everywhere = law.output(0) === 0; // a mean of 0 or 1 is an output like others, and not an infinite one
      const inside = everywhere ? x : Math.min(Math.max(x, 1e-9), 1 - 1e-9);
      const best = law.output(inside);
      const least = law.loss(best, x);
      const bottomless = law === continuousBernoulli && inside !== x;
      const mark = inside === x ? place(law, best) : x;
      for (const plot of [losses, slopes]) {
        plot.xLabel = state.rate ? "\u03bb" : "predicted mean";
        plot.clear();
        plot.inside(() => {
          plot.line([[0, 0], [1, 0]], ROLES.coupling, { alpha: 0.5 });
          plot.line([[x, plot.y[0]], [x, plot.y[1]]], ROLES.data, { width: 2 });
          laws.forEach((one, k) => {
            const places = at(one).map((o) => [place(one, o), plot === losses ? one.loss(o, x) : height(one, o, x)]);
            const mine = k === state.chosen;
            plot.line(places, mine ? "currentColor" : ROLES.coupling, { width: mine ? 2.5 : 1.3, dash: DASHES[k] });
          });
          if (plot === losses && !bottomless) ringAt(plot, [mark, least], "currentColor", 6);
          const here = [place(law, output), plot === losses ? loss : slope];
          if (plot === losses) plot.handle(here, ROLES.output, 6);
          else plot.dots([here], ROLES.output, { size: 6 });
          if (plot === losses) plot.handle([x, plot.y[0]], ROLES.data, 6);
        });
        const left = x > 0.8;
        plot.write("pixel x", [x, plot.y[1]], { colour: ROLES.data, align: left ? "right" : "left", right: left ? -5 : 5, down: 6 });
      }

      const rate = (o) => (law === continuousBernoulli ? `, \u03bb ${readable(bernoulli.mean(o))}` : "");
      const where = inside === x ? `at the mean ${readable(x)}${rate(best)}` : `towards the mean ${x}`;
      say(`${NAMES[state.chosen]}, pixel ${readable(x)}, predicted mean ${readable(law.mean(output))}${rate(output)}, `
        + `output ${readable(output)}: loss ${readable(loss)} nats, `
        + (bottomless ? `and it falls without end ${where}. ` : `least ${readable(least)} ${where}. `)
        + `Slope with respect to the output ${readable(law.slope(output, x))}, to the mean ${readable(law.slope(output, x) / law.meanSlope(output))}.`);
    };

    const handles = () => {
      const { x, law, output } = now();
      return [[place(law, output), law.loss(output, x)], [x, losses.y[0]]];
    };
    grab(losses, handles, (k, [to]) => {
      const { law } = now();
      const inner = Math.min(Math.max(to, 0.001), 0.999);
      const mean = state.rate && law === continuousBernoulli ? law.mean(bernoulli.output(inner)) : inner;
      if (k === 1) pixels.move(Math.round(100 * Math.min(Math.max(to, 0), 1)));
      else means.move(Math.round(100 * Math.min(Math.max(mean, 0.01), 0.99)) - 1);
    });
    keepDrawn(this, [losses, slopes], show);
    show();
  }
}

define("likelihood-bench", LikelihoodBench);
