// Codes of an autoencoder, arrays of numbers; many of them are one flat array.
const codes = {
  // The first of the flat codes (n, d) that lies nearest to one.
  nearest(many, one) {
    const d = one.length;
    let best = 0;
    let least = Infinity;
    for (let p = 0; p < many.length / d; p++) {
      let far = 0;
      for (let i = 0; i < d; i++) far += (many[p * d + i] - one[i]) ** 2;
      if (far < least) [best, least] = [p, far];
    }
    return best;
  },

  // On the straight way from a to b.
  between: (a, b, way) => Array.from(a, (value, i) => (1 - way) * value + way * b[i]),

  // From the cloud of an encoder.
  drawn: (mean, spread, noise) => Array.from(mean, (value, i) => value + spread[i] * noise[i]),

  // The outline of a cloud in the plane: a given number of standard deviations from its mean.
  outline: ([x, y], [a, b], radius = 1) =>
    Array.from({ length: 49 }, (_, i) => {
      const angle = (i * Math.PI) / 24;
      return [x + radius * a * Math.cos(angle), y + radius * b * Math.sin(angle)];
    }),

  // Flat codes (n, d) as a list.
  list: (flat, d) => Array.from({ length: flat.length / d }, (_, p) => Array.from(flat.subarray(p * d, (p + 1) * d))),
};
