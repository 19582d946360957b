// The autoencoder: copy x through a code.

const GAUSSIAN = Math.log(Math.PI) / 2; // -log N(x; output, 1/2) per dimension, beyond the squared error

// || D(E(x)) - x ||^2 + const; the noise is not used
function reconstructionLoss({ encoder, decoder }, z, x, draw, n) {
  const code = encoder.forward(x);
  const { out, tape } = decoder.forward(code.out);
  const error = each(out, (value, k) => value - x[k]);
  const back = decoder.backward(tape, each(error, (e) => (2 * e) / n), { wanted: true });
  encoder.backward(code.tape, back);
  return mean(squares(error, n)) + (x.length / n) * GAUSSIAN;
}

const twoMaps = (dim, latent, hidden, codes) => ({
  encoder: new Mlp([dim, ...hidden, codes * latent]),
  decoder: new Mlp([latent, ...hidden.toReversed(), dim]),
});

const ae = () => ({
  build: (dim, latent, hidden) => twoMaps(dim, latent, hidden, 1),
  turns: [["", reconstructionLoss]],
  push: ({ decoder }, z) => [z, decoder.forward(z).out],
  encode: ({ encoder }, x) => encoder.forward(x).out,
});
