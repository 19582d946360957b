// How far samples are from the data, both (d, n): on the line the Wasserstein-1 distance, in the plane the sliced
// Wasserstein-2 distance over directions evenly spread, as gen_lib.metrics.w1 and sliced_w2.

function distance(samples, data, d, directions = 32) {
  if (d === 1) return sortedGap(samples, data, Math.abs);
  let sum = 0;
  for (let k = 0; k < directions; k++) {
    const [c, s] = [Math.cos((Math.PI * k) / directions), Math.sin((Math.PI * k) / directions)];
    sum += sortedGap(shadow(samples, c, s), shadow(data, c, s), (gap) => gap * gap);
  }
  return Math.sqrt(sum / directions);
}

function shadow(points, c, s) {
  const n = points.length / 2;
  return Float64Array.from({ length: n }, (_, p) => c * points[p] + s * points[n + p]);
}

function sortedGap(a, b, of) {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  return x.reduce((sum, value, p) => sum + of(value - y[p]), 0) / x.length;
}
