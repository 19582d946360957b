// Flow matching: regress the velocity of the path from z to x.

// || v(x_t, t) - (x - z) ||^2
function flowMatching({ map }, z, x, draw, n) {
  const t = draw.uniform(n);
  const [x_t, v] = line(z, x, t);
  const { out, tape } = map.forward(stack(n, x_t, t));
  const error = each(out, (value, k) => value - v[k]);
  map.backward(tape, each(error, (e) => (2 * e) / n));
  return mean(squares(error, n));
}

// Heun's method along a velocity of points (d, n) and one time.
function follow(velocity, z, steps, start = 0, end = 1) {
  const states = [z];
  for (let i = 0; i < steps; i++) {
    const [t, r] = [start + ((end - start) * i) / steps, start + ((end - start) * (i + 1)) / steps];
    const now = states[i];
    const first = velocity(now, t);
    const second = velocity(each(now, (value, k) => value + (r - t) * first[k]), r);
    states.push(each(now, (value, k) => value + ((r - t) * (first[k] + second[k])) / 2));
  }
  return states;
}

const field = (times) => (dim, latent, hidden) => ({ map: new Mlp([dim + times, ...hidden, dim]), dim });
const at = ({ map, dim }, x, ...times) => map.forward(stack(x.length / dim, x, ...times)).out;

const fm = ({ coupling = "independent" } = {}) => ({
  coupling,
  build: field(1),
  turns: [["", flowMatching]],
  push: (nets, z, steps = 50) => follow((x, t) => at(nets, x, t), z, steps),
  encode: (nets, x, steps = 50) => follow((y, t) => at(nets, y, t), x, steps, 1, 0)[steps],
  velocity: (nets, x, t) => at(nets, x, t),
});
