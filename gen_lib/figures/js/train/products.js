// Products of small matrices, where a trainer spends its time. Points are columns: an array of f features and n points
// holds the n numbers of feature 0, then those of feature 1, and so on, so that the inner loops run along points.

// out (rows, n) += A x, where the entry of A for row o and column i is a[at + o * down + i * right] and x is (columns, n).
// Two rows and four columns at a time: each number that is loaded is used twice, each sum stored once for four products.
function multiply(out, a, at, down, right, rows, x, columns, n) {
  const [wholeRows, wholeColumns] = [rows - (rows % 2), columns - (columns % 4)];
  for (let o = 0; o < wholeRows; o += 2) {
    const first = o * n;
    const second = first + n;
    for (let i = 0; i < wholeColumns; i += 4) {
      const k = at + o * down + i * right;
      const w0 = a[k], w1 = a[k + right], w2 = a[k + 2 * right], w3 = a[k + 3 * right];
      const m = k + down;
      const v0 = a[m], v1 = a[m + right], v2 = a[m + 2 * right], v3 = a[m + 3 * right];
      const x0 = i * n, x1 = x0 + n, x2 = x1 + n, x3 = x2 + n;
      for (let j = 0; j < n; j++) {
        const p = x[x0 + j], q = x[x1 + j], r = x[x2 + j], s = x[x3 + j];
        out[first + j] += w0 * p + w1 * q + w2 * r + w3 * s;
        out[second + j] += v0 * p + v1 * q + v2 * r + v3 * s;
      }
    }
  }
  for (let o = 0; o < rows; o++) { // what is left over
    for (let i = o < wholeRows ? wholeColumns : 0; i < columns; i++) {
      const w = a[at + o * down + i * right];
      for (let j = 0, p = o * n, q = i * n; j < n; j++, p++, q++) out[p] += w * x[q];
    }
  }
}

// The product of x (rows, n) with the transpose of y (columns, n), added to sums[at + i * columns + o].
function outer(sums, at, x, rows, y, columns, n) {
  const whole = columns - (columns % 4);
  for (let i = 0; i < rows; i++) {
    const p = i * n;
    for (let o = 0; o < whole; o += 4) {
      const y0 = o * n, y1 = y0 + n, y2 = y1 + n, y3 = y2 + n;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let j = 0; j < n; j++) {
        const value = x[p + j];
        s0 += value * y[y0 + j];
        s1 += value * y[y1 + j];
        s2 += value * y[y2 + j];
        s3 += value * y[y3 + j];
      }
      const k = at + i * columns + o;
      sums[k] += s0;
      sums[k + 1] += s1;
      sums[k + 2] += s2;
      sums[k + 3] += s3;
    }
    for (let o = whole; o < columns; o++) sums[at + i * columns + o] += dot(x, p, y, o * n, n);
  }
}

function dot(x, p, y, q, n) {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += x[p + j] * y[q + j];
  return sum;
}

function total(x, p, n) {
  let sum = 0;
  for (let j = 0; j < n; j++) sum += x[p + j];
  return sum;
}
