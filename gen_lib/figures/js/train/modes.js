// How many modes of a mixture have a sample within three standard deviations, as gen_lib.metrics.modes_covered; samples (d, n).

function modesMet(samples, { means, covariances }) {
  const d = means[0].length;
  const n = samples.length / d;
  const met = new Set();
  for (let p = 0; p < n; p++) {
    const far = means.map((mean, k) => squaredUnits(mean.map((m, i) => samples[i * n + p] - m), covariances[k]));
    const least = Math.min(...far);
    if (least <= 9) met.add(far.indexOf(least));
  }
  return met.size;
}

// r' S^-1 r, on the line and in the plane.
function squaredUnits([x, y], S) {
  if (y === undefined) return (x * x) / S[0][0];
  return (S[1][1] * x * x - 2 * S[0][1] * x * y + S[0][0] * y * y) / (S[0][0] * S[1][1] - S[0][1] ** 2);
}
