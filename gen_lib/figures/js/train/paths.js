// Paths from noise to data, and times on them, as gen_lib.paths. Arrays are (d, n), times n numbers.

function line(z, x, t) {
  const n = t.length;
  return [each(z, (value, k) => (1 - t[k % n]) * value + t[k % n] * x[k]), each(z, (value, k) => x[k] - value)];
}

function circle(z, x, t) {
  const n = t.length;
  const [sine, cosine] = [Math.sin, Math.cos].map((of) => each(t, (value) => of((Math.PI / 2) * value)));
  return [
    each(z, (value, k) => cosine[k % n] * value + sine[k % n] * x[k]),
    each(z, (value, k) => (Math.PI / 2) * (cosine[k % n] * x[k] - sine[k % n] * value)),
  ];
}

// A time t to be at and a time r to go to: r = t for a fraction of the points; ordered times put t first.
function twoTimes(draw, n, same, ordered) {
  let [t, r] = [draw.uniform(n), draw.uniform(n)];
  if (ordered) [t, r] = [each(t, (value, k) => Math.min(value, r[k])), each(t, (value, k) => Math.max(value, r[k]))];
  const coin = draw.uniform(n);
  return [t, each(r, (value, k) => (coin[k] >= same ? value : t[k]))];
}

// Squared length of each of the n columns.
function squares(e, n) {
  const sums = new Numbers(n);
  for (let k = 0; k < e.length; k++) sums[k % n] += e[k] * e[k];
  return sums;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
