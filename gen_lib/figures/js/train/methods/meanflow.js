// MeanFlow: the average velocity between two times, by the identity u = v + (r - t) du/dt.

// A field at (x_t, t, r) and its derivative along the path, by one pass; no gradient flows through the derivative.
function along(map, x_t, t, r, v, n) {
  return map.forward(stack(n, x_t, t, r), stack(n, v, 1, 0));
}

// e / sg(e + c)^p, as a weight for each error
const robust = (errors, p, c = 1e-3) => each(errors, (e) => (e + c) ** -p);

// The mean of the robust squares of the remainder (d, n), and the way back from it.
function regress(map, tape, remainder, n, p) {
  const errors = squares(remainder, n);
  const weights = robust(errors, p);
  map.backward(tape, each(remainder, (e, k) => (2 * weights[k % n] * e) / n));
  return mean(each(errors, (e, k) => weights[k] * e));
}

// u - sg(v + (r - t) du/dt)
function meanflowIdentity({ map }, z, x, t, r, n) {
  const [x_t, v] = line(z, x, t);
  const { out: u, along: du, tape } = along(map, x_t, t, r, v, n);
  return { remainder: each(u, (value, k) => value - (v[k] + (r[k % n] - t[k % n]) * du[k])), tape };
}

// u - (r - t) sg(du/dt) - v, with the derivative along the net's own velocity u(x_t, t, t)
function improvedIdentity({ map }, z, x, t, r, n) {
  const [x_t, v] = line(z, x, t);
  const own = map.forward(stack(n, x_t, t, t)).out;
  const { out: u, along: du, tape } = along(map, x_t, t, r, own, n);
  return { remainder: each(u, (value, k) => value - (r[k % n] - t[k % n]) * du[k] - v[k]), tape };
}

// Jumps along an average velocity.
function jump(nets, z, steps = 1, start = 0, end = 1) {
  const states = [z];
  for (let i = 0; i < steps; i++) {
    const [t, r] = [start + ((end - start) * i) / steps, start + ((end - start) * (i + 1)) / steps];
    const u = at(nets, states[i], t, r);
    states.push(each(states[i], (value, k) => value + (r - t) * u[k]));
  }
  return states;
}

function meanflow({ p = 0, improved = false, same = 0.5, ordered = true, coupling = "independent" } = {}) {
  const identity = improved ? improvedIdentity : meanflowIdentity;
  const loss = (nets, z, x, draw, n) => {
    const [t, r] = twoTimes(draw, n, same, ordered);
    const { remainder, tape } = identity(nets, z, x, t, r, n);
    return regress(nets.map, tape, remainder, n, p);
  };
  const velocity = (nets, x, t) => at(nets, x, t, t);
  return {
    coupling,
    build: field(2),
    turns: [["", loss]],
    push: jump,
    encode: (nets, x, steps = 50) => follow((y, t) => velocity(nets, y, t), x, steps, 1, 0)[steps],
    velocity,
  };
}
