// Games: a generator that makes points and a critic that tells them from data.

const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
const sigmoid = (a) => 1 / (1 + Math.exp(-a));

// softplus(-D(x)) + softplus(D(G(z)))
function criticLoss({ generator, critic }, z, x, draw, n) {
  const made = generator.forward(z).out;
  const { out, tape } = critic.forward(sideBySide(x, made, x.length / n)); // one pass for both
  critic.backward(tape, each(out, (score, k) => (k < n ? -sigmoid(-score) : sigmoid(score)) / n));
  return mean(each(out.subarray(0, n), (score, k) => softplus(-score) + softplus(out[n + k])));
}

// softplus(-D(G(z)))
function generatorLoss({ generator, critic }, z, x, draw, n) {
  const made = generator.forward(z);
  const { out, tape } = critic.forward(made.out);
  const back = critic.backward(tape, each(out, (score) => -sigmoid(-score) / n), { wanted: true, still: true });
  generator.backward(made.tape, back);
  return mean(each(out, (score) => softplus(-score)));
}

// Adds the gradient of the mean of penalty(|| grad D ||^2) over points (d, n), and returns that mean. `penalty` gives
// value and slope. As grad D in a direction q is the derivative of D along q, its gradient in the weights is the way
// back through that derivative; q is the slope of the penalty times 2 grad D.
function slopePenalty(critic, points, penalty, n) {
  const { tape } = critic.forward(points);
  const slope = critic.backward(tape, new Numbers(n).fill(1), { wanted: true, still: true });
  const penalties = Array.from(squares(slope, n), penalty);
  const q = each(slope, (value, k) => (2 * penalties[k % n][1] * value) / n);
  critic.backward(critic.forward(points, q).tape, new Numbers(n).fill(1), { along: true });
  return penalties.reduce((sum, [value]) => sum + value, 0) / n;
}

// softplus(-(D(x) - D(G))) + gamma / 2 (|| grad_x D ||^2 + || grad_G D ||^2)
function relativisticCritic({ generator, critic }, z, x, draw, n, gamma) {
  const both = sideBySide(x, generator.forward(z).out, x.length / n);
  const { out, tape } = critic.forward(both);
  const margin = each(out.subarray(0, n), (real, k) => out[n + k] - real);
  critic.backward(tape, each(out, (_, k) => (k < n ? -1 : 1) * sigmoid(margin[k % n]) / n));
  const steep = slopePenalty(critic, both, (square) => [gamma * square, gamma], 2 * n); // a mean over twice as many
  return mean(each(margin, softplus)) + steep;
}

// softplus(-(D(G) - D(x)))
function relativisticGenerator({ generator, critic }, z, x, draw, n) {
  const made = generator.forward(z);
  const real = critic.forward(x).out;
  const { out, tape } = critic.forward(made.out);
  const margin = each(out, (score, k) => real[k] - score);
  const back = critic.backward(tape, each(margin, (m) => -sigmoid(m) / n), { wanted: true, still: true });
  generator.backward(made.tape, back);
  return mean(each(margin, softplus));
}

// D(G(z)) - D(x) + penalty (|| grad D(x^) || - 1)^2, x^ uniform on the segment from G(z) to x
function wassersteinCritic({ generator, critic }, z, x, draw, n, { penalty, clip }) {
  const made = generator.forward(z).out;
  const { out, tape } = critic.forward(sideBySide(x, made, x.length / n));
  critic.backward(tape, each(out, (_, k) => (k < n ? -1 : 1) / n));
  const distance = mean(each(out.subarray(0, n), (real, k) => out[n + k] - real));
  if (clip !== null) return distance;
  const share = draw.uniform(n);
  const between = each(made, (value, k) => value + share[k % n] * (x[k] - value));
  return distance + slopePenalty(critic, between, (square) => {
    const norm = Math.sqrt(square + 1e-12);
    return [penalty * (norm - 1) ** 2, (penalty * (norm - 1)) / norm];
  }, n);
}

// -D(G(z))
function wassersteinGenerator({ generator, critic }, z, x, draw, n) {
  const made = generator.forward(z);
  const { out, tape } = critic.forward(made.out);
  generator.backward(made.tape, critic.backward(tape, new Numbers(n).fill(-1 / n), { wanted: true, still: true }));
  return -mean(out);
}

const game = (critic, generator, turns, constrain = null) => ({
  build: (dim, latent, hidden) => ({
    generator: new Mlp([latent, ...hidden, dim], "leaky"),
    critic: new Mlp([dim, ...hidden, 1], "leaky"),
  }),
  turns: [...Array(turns).fill(["critic", critic]), ["generator", generator]],
  push: ({ generator: map }, z) => [z, map.forward(z).out],
  constrain,
});

function gan({ critic_turns = 1, relativistic = false, gamma = 1 } = {}) {
  if (!relativistic) return game(criticLoss, generatorLoss, critic_turns);
  return game((nets, z, x, draw, n) => relativisticCritic(nets, z, x, draw, n, gamma), relativisticGenerator, critic_turns);
}

function wgan({ critic_turns = 5, penalty = 0.1, clip = null } = {}) {
  const clipped = ({ critic: { weights } }) => {
    if (clip !== null) weights.forEach((w, k) => { weights[k] = Math.max(-clip, Math.min(clip, w)); });
  };
  return game((nets, z, x, draw, n) => wassersteinCritic(nets, z, x, draw, n, { penalty, clip }), wassersteinGenerator, critic_turns, clipped);
}
