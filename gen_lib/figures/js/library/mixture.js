// A mixture of Gaussians on the line or in the plane, and its exact velocity field.

class Mixture {
  constructor({ weights, means, covariances }) {
    const sum = weights.reduce((a, b) => a + b, 0);
    this.weights = weights.map((w) => w / sum);
    this.means = means; // (k, d)
    this.covariances = covariances; // (k, d, d)
    this.d = means[0].length;
  }

  // Points x_t (n, d) at time t to E[x - z | x_t], for straight paths x_t = (1 - t) z + t x.
  velocity(x, t) {
    const { d } = this;
    const out = new Float64Array(x.length);
    for (let p = 0; p < x.length / d; p++) {
      const parts = this.weights.map((weight, k) => this.component(k, x, p, t));
      const most = Math.max(...parts.map((part) => part.log));
      let total = 0;
      for (const part of parts) total += part.share = Math.exp(part.log - most);
      for (const part of parts) {
        for (let i = 0; i < d; i++) out[p * d + i] += (part.share / total) * part.velocity[i];
      }
    }
    return out;
  }

  // Of component k at one point: log of weight times density, and m + (t S - (1 - t) I) V^-1 (x - t m).
  component(k, x, p, t) {
    const m = this.means[k];
    const S = this.covariances[k];
    const u = 1 - t;
    if (this.d === 1) {
      const V = u * u + t * t * S[0][0];
      const off = x[p] - t * m[0];
      return {
        log: Math.log(this.weights[k]) - Math.log(V) / 2 - (off * off) / (2 * V),
        velocity: [m[0] + ((t * S[0][0] - u) / V) * off],
      };
    }
    const a = u * u + t * t * S[0][0];
    const b = t * t * S[0][1];
    const c = u * u + t * t * S[1][1];
    const determinant = a * c - b * b;
    const dx = x[2 * p] - t * m[0];
    const dy = x[2 * p + 1] - t * m[1];
    const rx = (c * dx - b * dy) / determinant;
    const ry = (a * dy - b * dx) / determinant;
    return {
      log: Math.log(this.weights[k]) - Math.log(determinant) / 2 - (dx * rx + dy * ry) / 2,
      velocity: [
        m[0] + (t * S[0][0] - u) * rx + t * S[0][1] * ry,
        m[1] + t * S[0][1] * rx + (t * S[1][1] - u) * ry,
      ],
    };
  }
}

// Logarithm of the distribution function of a standard normal number, as accurate in the tails as elsewhere.
function logNormal(x) {
  const a = Math.abs(x);
  const log = -(x * x) / 2 - Math.log(2 * Math.PI) / 2; // of the density
  if (a < 3) { // Phi = 1/2 + density (x + x^3 / 3 + x^5 / (3 5) + ...)
    let sum = x;
    for (let k = 3, term = x; Math.abs(term) > 1e-17; k += 2) sum += term *= (x * x) / k;
    return Math.log(0.5 + Math.exp(log) * sum);
  }
  let below = a; // density / (a + 1 / (a + 2 / (a + 3 / ...))) lies beyond a
  for (let k = 50; k > 0; k--) below = a + k / below;
  const tail = log - Math.log(below);
  return x < 0 ? tail : Math.log1p(-Math.exp(tail));
}

// The distribution function itself.
const normal = (x) => Math.exp(logNormal(x));
