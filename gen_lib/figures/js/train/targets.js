// What is learned: the targets of gen_lib.data, or points of one's own. Each is a function of a stream and a number n to
// points (d, n).

const SHAPES = {
  moons(s) {
    const [angle, upper] = [Math.PI * s.one(), s.one() < 0.5];
    return jittered(s, upper ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)]);
  },
  s_curve(s) {
    const angle = 3 * Math.PI * (s.one() - 0.5);
    return jittered(s, [Math.sin(angle), Math.sign(angle) * (Math.cos(angle) - 1)]);
  },
  checkerboard(s) {
    const [column, y] = [4 * s.one(), 4 * s.one()];
    return [column - 2, 2 * Math.floor(y / 2) + (Math.floor(column) % 2) + ((y / 2) % 1) - 2];
  },
  spiral(s) {
    const angle = 3 * Math.PI * Math.sqrt(s.one());
    return jittered(s, [(Math.cos(angle) * angle) / Math.PI, (Math.sin(angle) * angle) / Math.PI]);
  },
};

function jittered(stream, [x, y], noise = 0.05) {
  const e = stream.normal(2);
  return [x + noise * e[0], y + noise * e[1]];
}

// A datum of a mixture: its mean, and noise through the Cholesky factor of its covariance.
function ofMixture(stream, { weights, means, covariances }) {
  let [k, u] = [0, stream.one()];
  while (k + 1 < weights.length && u >= weights[k]) u -= weights[k++];
  const [m, S] = [means[k], covariances[k]];
  const e = stream.normal(m.length);
  const a = Math.sqrt(S[0][0]);
  if (m.length === 1) return [m[0] + a * e[0]];
  const b = S[0][1] / a;
  return [m[0] + a * e[0], m[1] + b * e[0] + Math.sqrt(S[1][1] - b * b) * e[1]];
}

// A target of the specification, { mixture } or { shape } or { points: [[x, ...], ...] }, as a sampler.
function sampler({ mixture, shape, points }, d) {
  const one = mixture ? (s) => ofMixture(s, mixture) : shape ? SHAPES[shape]
    : (s) => points[Math.min(points.length - 1, Math.floor(s.one() * points.length))];
  return (stream, n) => {
    const out = new Numbers(d * n);
    for (let p = 0; p < n; p++) one(stream).forEach((value, i) => { out[i * n + p] = value; });
    return out;
  };
}
