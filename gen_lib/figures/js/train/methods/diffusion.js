// Diffusion: regress the velocity of the quarter circle from z to x, which preserves the variance; follow it by DDIM.

// || v(x_t, t) - (pi / 2) (cos(pi t / 2) x - sin(pi t / 2) z) ||^2
function denoising({ map }, z, x, draw, n) {
  const t = draw.uniform(n);
  const [x_t, v] = circle(z, x, t);
  const { out, tape } = map.forward(stack(n, x_t, t));
  const error = each(out, (value, k) => value - v[k]);
  map.backward(tape, each(error, (e) => (2 * e) / n));
  return mean(squares(error, n));
}

// Noise and data, put together as another point of the circle: point and velocity turn by an angle.
function ddim(velocity, z, steps, start = 0, end = 1) {
  const angle = ((Math.PI / 2) * (end - start)) / steps;
  const states = [z];
  for (let i = 0; i < steps; i++) {
    const v = velocity(states[i], start + ((end - start) * i) / steps);
    states.push(each(states[i], (value, k) => Math.cos(angle) * value + (2 / Math.PI) * Math.sin(angle) * v[k]));
  }
  return states;
}

const diffusion = ({ coupling = "independent" } = {}) => ({
  coupling,
  build: field(1),
  turns: [["", denoising]],
  push: (nets, z, steps = 50) => ddim((x, t) => at(nets, x, t), z, steps),
  encode: (nets, x, steps = 50) => ddim((y, t) => at(nets, y, t), x, steps, 1, 0)[steps],
  velocity: (nets, x, t) => at(nets, x, t),
});
