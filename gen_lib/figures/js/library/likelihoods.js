// How one output o of a decoder becomes a distribution of a pixel x, as in gen_lib.likelihoods. Each likelihood has
// loss, -log p(x | o); its slope in o; the mean that o stands for, with its slope in o; and the output of a mean.

const bernoulli = {
  loss: (o, x) => Math.max(o, 0) + Math.log1p(Math.exp(-Math.abs(o))) - o * x,
  slope: (o, x) => bernoulli.mean(o) - x,
  mean: ACTIVATIONS.sigmoid,
  meanSlope: (o) => bernoulli.mean(o) * bernoulli.mean(-o),
  output: (mean) => Math.log(mean / (1 - mean)),
};

const continuousBernoulli = {
  loss: (o, x) => logNormaliser(o) - o * x,
  slope: (o, x) => continuousBernoulli.mean(o) - x,
  mean: (o) => (Math.abs(o) < 0.1 ? 0.5 + o / 12 - o ** 3 / 720 : -1 / Math.expm1(-o) - 1 / o),
  meanSlope: (o) => (Math.abs(o) < 0.1 ? 1 / 12 - o ** 2 / 240 : 1 / o ** 2 - 1 / (4 * Math.sinh(o / 2) ** 2)),
  output: (mean) => { // the mean rises with o
    let [low, high] = [-1e4, 1e4];
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (continuousBernoulli.mean(middle) < mean) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  },
};

// The logarithm of the integral over [0, 1] of exp(o x), for an o of any size.
function logNormaliser(o) {
  const size = Math.abs(o);
  return o / 2 + (size < 0.01 ? o ** 2 / 24 : size / 2 + Math.log(-Math.expm1(-size) / size));
}

const gaussian = (sigma) => ({
  loss: (o, x) => (x - o) ** 2 / (2 * sigma ** 2) + Math.log(sigma) + Math.log(2 * Math.PI) / 2,
  slope: (o, x) => (o - x) / sigma ** 2,
  mean: (o) => o,
  meanSlope: () => 1,
  output: (mean) => mean,
});

// A likelihood whose output goes through a sigmoid first.
const bent = (law) => ({
  loss: (o, x) => law.loss(bernoulli.mean(o), x),
  slope: (o, x) => law.slope(bernoulli.mean(o), x) * bernoulli.meanSlope(o),
  mean: (o) => law.mean(bernoulli.mean(o)),
  meanSlope: (o) => law.meanSlope(bernoulli.mean(o)) * bernoulli.meanSlope(o),
  output: (mean) => bernoulli.output(law.output(mean)),
});
