// The variational autoencoder: reconstruction from a code with noise in it, and the price of the code.

// KL(N(mean, variance) || N(0, 1)), latent by latent
const klPerLatent = (mu, logVariance) => (mu * mu + Math.exp(logVariance) - 1 - logVariance) / 2;

// || D(mu + sigma z) - x ||^2 + const + beta sum_j KL_j; a latent below its free bits costs these, and has no gradient
function vaeLoss({ encoder, decoder }, z, x, draw, n, { beta, free_bits: allowance }) {
  const codes = encoder.forward(x);
  const [mu, logVariance] = [codes.out.subarray(0, z.length), codes.out.subarray(z.length)];
  const sigma = each(logVariance, (value) => Math.exp(value / 2));
  const { out, tape } = decoder.forward(each(mu, (value, k) => value + sigma[k] * z[k]));
  const error = each(out, (value, k) => value - x[k]);
  const kl = each(mu, (value, k) => klPerLatent(value, logVariance[k]));
  const latents = Array.from({ length: z.length / n }, (_, j) => mean(kl.subarray(j * n, (j + 1) * n)));
  const price = latents.reduce((sum, nats) => sum + Math.max(nats, allowance), 0);

  const back = decoder.backward(tape, each(error, (e) => (2 * e) / n), { wanted: true });
  const charge = latents.map((nats) => (nats > allowance ? beta / n : 0));
  const by = (k) => charge[Math.floor(k / n)];
  encoder.backward(codes.tape, stack(n,
    each(mu, (value, k) => back[k] + by(k) * value),
    each(logVariance, (value, k) => (back[k] * sigma[k] * z[k] + by(k) * (Math.exp(value) - 1)) / 2)));
  return mean(squares(error, n)) + (x.length / n) * GAUSSIAN + beta * price;
}

const vae = ({ beta = 1, free_bits = 0 } = {}) => ({
  build: (dim, latent, hidden) => twoMaps(dim, latent, hidden, 2),
  turns: [["", (nets, z, x, draw, n) => vaeLoss(nets, z, x, draw, n, { beta, free_bits })]],
  push: ({ decoder }, z) => [z, decoder.forward(z).out],
  encode: ({ encoder }, x) => { const { out } = encoder.forward(x); return out.subarray(0, out.length / 2); },
});
