// The exact flow of a mixture on the line, one point at a time: gen_lib.truth.flow_map, average_velocity, log_prob_at.

const NEAR = 1e-5; // in time: below it a difference of places has lost too many digits to be divided by it

// Log of e^a + e^b + ...
function logSum(...logs) {
  const most = Math.max(...logs);
  return most === -Infinity ? most : most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

// Where the point x of time t is at time r: the y with F_r(y) = F_t(x), F_t the distribution function of x_t.
// Both sides are sums of small masses: what lies before the point of the components with their centre right of x, less
// what lies beyond it of the others. So nothing is lost in the tails, nor in a gap.
function flowMap({ weights, means, covariances }, x, t, r) {
  const at = (time) => weights.map((weight, k) => {
    const std = Math.sqrt((1 - time) ** 2 + time ** 2 * covariances[k][0][0]);
    return { log: Math.log(weight), centre: time * means[k][0], std };
  });
  const scores = at(t).map(({ centre, std }) => (x - centre) / std);
  const wanted = at(r);
  const sides = [scores.map((score) => score <= 0), scores.map((score) => score > 0)];
  const mass = (of) => sides.map((side, beyond) => logSum(-Infinity, ...of.flatMap((score, k) =>
    (side[k] ? [wanted[k].log + logNormal(beyond ? -score : score)] : []))));
  const [before, beyond] = mass(scores);
  const ends = (choose) => choose(...wanted.map(({ centre, std }) => centre + std * choose(...scores)));
  let [low, high] = [ends(Math.min), ends(Math.max)]; // at least the least score, at most the largest
  let y = (low + high) / 2;
  for (let i = 0; i < 100 && high - low > 1e-13 * (1 + Math.abs(y)); i++) { // Newton's steps, halves where they leave
    const now = wanted.map(({ centre, std }) => (y - centre) / std);
    const [beforeNow, beyondNow] = mass(now);
    const [left, right] = [logSum(beforeNow, beyond), logSum(before, beyondNow)]; // equal at the y that is sought
    if (left < right) low = y;
    else high = y;
    const slope = now.reduce((sum, score, k) => {
      const density = wanted[k].log - (score * score) / 2 - Math.log(2 * Math.PI) / 2 - Math.log(wanted[k].std);
      return sum + Math.exp(density - (sides[0][k] ? left : right));
    }, 0);
    const step = (right - left) / slope;
    if (Math.abs(step) < 1e-13 * (1 + Math.abs(y))) break;
    y = y + step > low && y + step < high ? y + step : (low + high) / 2;
  }
  return y;
}

// The average velocity on the path from t to r, which a jump needs; the velocity itself where the two agree.
function averageVelocity(mixture, x, t, r) {
  if (Math.abs(r - t) > NEAR) return (flowMap(mixture, x, t, r) - x) / (r - t);
  const middle = (t + r) / 2;
  return mixture.velocity([flowMap(mixture, x, t, middle)], middle)[0];
}

// The density of x_t at the position x.
function marginal(mixture, x, t) {
  const parts = mixture.weights.map((_, k) => Math.exp(mixture.component(k, [x], 0, t).log));
  return parts.reduce((sum, part) => sum + part, 0) / Math.sqrt(2 * Math.PI);
}
