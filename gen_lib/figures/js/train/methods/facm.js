// FACM: a shortcut F(x_t, t, 1) to the data, held by the velocity F(x_t, t, t) it must agree with.

const ALPHA = { one: () => 1, one_minus_root: (t) => 1 - Math.sqrt(t) };
const BETA = { one: () => 1, cosine: (t) => Math.cos((Math.PI * t) / 2) };

// || F - sg(F) + alpha clamp(g) ||^2, g = sg(F) - v - (1 - t) sg(dF/dt), with its weights beta and 1 / sg(e + c)^p
function consistencyError({ map }, x_t, t, v, n, { p, alpha, beta, clamp }) {
  const { out: F, along: dF, tape } = along(map, x_t, t, 1, v, n);
  const bound = clamp ?? Infinity;
  const moves = each(F, (value, k) => {
    const g = value - (v[k] + (1 - t[k % n]) * dF[k]);
    return ALPHA[alpha](t[k % n]) * Math.max(-bound, Math.min(bound, g));
  });
  const errors = squares(moves, n);
  const weights = each(robust(errors, p), (weight, k) => BETA[beta](t[k]) * weight);
  map.backward(tape, each(moves, (move, k) => (2 * weights[k % n] * move) / n));
  return mean(each(errors, (e, k) => weights[k] * e));
}

// || F(x_t, t, t) - v ||^2, and 1 - cos(F, v) if the angle counts
function anchorLoss({ map }, x_t, t, v, n, angle) {
  const { out: F, tape } = map.forward(stack(n, x_t, t, t));
  const error = each(F, (value, k) => value - v[k]);
  const gradient = each(error, (e) => (2 * e) / n);
  let value = mean(squares(error, n));
  if (angle) {
    const [f, w] = [F, v].map((of) => each(squares(of, n), (square) => Math.max(Math.sqrt(square), 1e-8)));
    const product = new Numbers(n);
    F.forEach((entry, k) => { product[k % n] += entry * v[k]; });
    const cos = each(product, (entry, k) => entry / (f[k] * w[k]));
    value += mean(each(cos, (entry) => 1 - entry));
    gradient.forEach((_, k) => {
      const j = k % n;
      gradient[k] -= (v[k] / (f[j] * w[j]) - (cos[j] * F[k]) / (f[j] * f[j])) / n;
    });
  }
  map.backward(tape, gradient);
  return value;
}

function facm({ p = 0, alpha = "one", beta = "cosine", clamp = null, angle = false, anchor = true, coupling = "independent" } = {}) {
  const loss = (nets, z, x, draw, n) => {
    const t = draw.uniform(n);
    const [x_t, v] = line(z, x, t);
    const consistency = consistencyError(nets, x_t, t, v, n, { p, alpha, beta, clamp });
    return consistency + (anchor ? anchorLoss(nets, x_t, t, v, n, angle) : 0);
  };
  const velocity = (nets, x, t) => at(nets, x, t, t);
  // z + F(z, 0, 1); each further step goes back to a time with fresh noise and jumps again
  const push = (nets, z, steps = 1, stream = null) => {
    const states = [z];
    for (let i = 0; i < steps; i++) {
      const [t, following] = [i / steps, (i + 1) / steps];
      const F = at(nets, states[i], t, 1);
      const end = each(states[i], (value, k) => value + (1 - t) * F[k]);
      if (following === 1) states.push(end);
      else {
        const fresh = stream.normal(end.length);
        states.push(each(end, (value, k) => (1 - following) * fresh[k] + following * value));
      }
    }
    return states;
  };
  return {
    coupling,
    build: field(2),
    turns: [["", loss]],
    push,
    encode: (nets, x, steps = 50) => follow((y, t) => velocity(nets, y, t), x, steps, 1, 0)[steps],
    velocity,
  };
}
