// From noise to data: each sampler returns the list of its states, as gen_lib.samplers does.

const moved = (x, v, step) => x.map((value, i) => value + step * v[i]);

function clock(steps, start = 0, end = 1) {
  return Array.from({ length: steps + 1 }, (_, i) => (start * (steps - i) + end * i) / steps);
}

function follow(advance, x, steps, start, end) {
  const times = clock(steps, start, end);
  const states = [Float64Array.from(x)];
  for (let i = 0; i < steps; i++) states.push(advance(states[i], times[i], times[i + 1]));
  return states;
}

const euler = (velocity, x, steps, start = 0, end = 1) =>
  follow((now, t, r) => moved(now, velocity(now, t), r - t), x, steps, start, end);

const heun = (velocity, x, steps, start = 0, end = 1) =>
  follow((now, t, r) => {
    const first = velocity(now, t);
    const second = velocity(moved(now, first, r - t), r);
    return moved(now, first.map((value, i) => (value + second[i]) / 2), r - t);
  }, x, steps, start, end);

const jump = (average, x, steps = 1, start = 0, end = 1) =>
  follow((now, t, r) => moved(now, average(now, t, r), r - t), x, steps, start, end);
