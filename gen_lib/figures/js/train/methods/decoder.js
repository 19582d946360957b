// A decoder alone: hit the datum that was paired with the noise.

// || D(z) - x ||^2
function squaredError({ map }, z, x, draw, n) {
  const { out, tape } = map.forward(z);
  const error = each(out, (value, k) => value - x[k]);
  map.backward(tape, each(error, (e) => (2 * e) / n));
  return mean(squares(error, n));
}

const decoder = ({ coupling = "independent" } = {}) => ({
  coupling,
  build: (dim, latent, hidden) => ({ map: new Mlp([latent, ...hidden, dim]) }),
  turns: [["", squaredError]],
  push: ({ map }, z) => [z, map.forward(z).out],
});
