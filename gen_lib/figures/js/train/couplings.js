// Which noise is paired with which datum, as gen_lib.couplings.

const independent = (z, x) => x;

// x in the order of the permutation of least total squared distance to z; both are (d, n).
function optimal(z, x, d) {
  const n = z.length / d;
  const order = d === 1 ? sorted(z, x) : assigned(distances(z, x, d, n), n);
  const out = new Numbers(x.length);
  for (let i = 0; i < d; i++) for (let p = 0; p < n; p++) out[i * n + p] = x[i * n + order[p]];
  return out;
}

// On the line the smallest noise takes the smallest datum.
function sorted(z, x) {
  const ranked = (values) => Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const data = ranked(x);
  const order = new Int32Array(z.length);
  ranked(z).forEach((p, rank) => { order[p] = data[rank]; });
  return order;
}

function distances(z, x, d, n) {
  const cost = new Float64Array(n * n);
  for (let p = 0; p < n; p++) {
    for (let q = 0; q < n; q++) for (let i = 0; i < d; i++) cost[p * n + q] += (z[i * n + p] - x[i * n + q]) ** 2;
  }
  return cost;
}

// The column of every row, by shortest augmenting paths (Jonker and Volgenant, 1987).
function assigned(cost, n) {
  const [u, v] = [new Float64Array(n), new Float64Array(n + 1)]; // prices of rows and columns
  const row = new Int32Array(n + 1).fill(-1); // of each column; the last column is where a path begins
  for (let begin = 0; begin < n; begin++) {
    const far = new Float64Array(n).fill(Infinity);
    const from = new Int32Array(n);
    const seen = new Uint8Array(n + 1);
    row[n] = begin;
    let at = n;
    while (row[at] >= 0) {
      seen[at] = 1;
      const here = row[at];
      let [next, least] = [-1, Infinity];
      for (let c = 0; c < n; c++) {
        if (seen[c]) continue;
        const reduced = cost[here * n + c] - u[here] - v[c];
        if (reduced < far[c]) [far[c], from[c]] = [reduced, at];
        if (far[c] < least) [next, least] = [c, far[c]];
      }
      for (let c = 0; c <= n; c++) {
        if (seen[c]) {
          u[row[c]] += least;
          v[c] -= least;
        } else if (c < n) far[c] -= least;
      }
      at = next;
    }
    while (at !== n) {
      row[at] = row[from[at]];
      at = from[at];
    }
    row[n] = -1;
  }
  const order = new Int32Array(n);
  for (let c = 0; c < n; c++) order[row[c]] = c;
  return order;
}
