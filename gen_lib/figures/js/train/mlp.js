// A perceptron with its gradient: affine layers with an activation between them, as gen_lib.nets.MLP.

// Of each number a: the activation and its slope.
const SMOOTH = {
  silu(a, h, slope) {
    for (let k = 0; k < a.length; k++) {
      const s = 1 / (1 + Math.exp(-a[k]));
      h[k] = a[k] * s;
      slope[k] = s * (1 + a[k] * (1 - s));
    }
  },
  leaky(a, h, slope) {
    for (let k = 0; k < a.length; k++) {
      slope[k] = a[k] > 0 ? 1 : 0.2;
      h[k] = slope[k] * a[k];
    }
  },
};

class Mlp {
  // widths: [inputs, ...hidden, outputs]; weights: all numbers, of each layer those of (inputs, outputs), then the biases
  constructor(widths, activation = "silu", weights = null) {
    this.widths = widths;
    this.activation = activation;
    this.layers = [];
    let at = 0;
    for (let k = 0; k + 1 < widths.length; k++) {
      this.layers.push({ inputs: widths[k], outputs: widths[k + 1], at });
      at += (widths[k] + 1) * widths[k + 1];
    }
    this.weights = weights ? Numbers.from(weights) : new Numbers(at);
    this.gradient = new Numbers(at);
  }

  // Weights and biases from U(-1 / sqrt(inputs), 1 / sqrt(inputs)).
  begin(stream) {
    for (const { inputs, outputs, at } of this.layers) {
      const drawn = stream.uniform((inputs + 1) * outputs);
      drawn.forEach((u, k) => { this.weights[at + k] = (2 * u - 1) / Math.sqrt(inputs); });
    }
    return this;
  }

  // Points x (inputs, n) to outputs `out`; with them the derivative `along` the direction `moves` if one is given, and
  // the `tape` that the way back needs.
  forward(x, moves = null) {
    const n = x.length / this.widths[0];
    const tape = { n, inputs: [], slopes: [], moves: [] };
    let [h, along] = [x, moves];
    for (const [k, layer] of this.layers.entries()) {
      tape.inputs.push(h);
      if (along) tape.moves.push(along);
      const a = this.through(layer, h, n, true);
      if (along) along = this.through(layer, along, n, false);
      if (k === this.layers.length - 1) return { out: a, along, tape };
      h = new Numbers(a.length);
      const slope = new Numbers(a.length);
      SMOOTH[this.activation](a, h, slope);
      tape.slopes.push(slope);
      if (along) for (let m = 0; m < along.length; m++) along[m] *= slope[m];
    }
  }

  through({ inputs, outputs, at }, x, n, biased) {
    const out = new Numbers(outputs * n);
    if (biased) {
      const biases = at + inputs * outputs;
      for (let o = 0; o < outputs; o++) out.fill(this.weights[biases + o], o * n, (o + 1) * n);
    }
    multiply(out, this.weights, at, 1, outputs, outputs, x, inputs, n);
    return out;
  }

  // From the gradient in the outputs: adds that in the weights to `gradient` unless they are still, and returns that in
  // the inputs if it is wanted. With `along` it is the gradient of the derivative along `moves` instead, where the slopes
  // of the activation are constant (leaky): the same layers without their biases.
  backward(tape, gradient, { wanted = false, still = false, along = false } = {}) {
    const { n, slopes } = tape;
    const taken = along ? tape.moves : tape.inputs;
    let g = gradient;
    for (let k = this.layers.length - 1; k >= 0; k--) {
      const { inputs, outputs, at } = this.layers[k];
      if (!still) {
        outer(this.gradient, at, taken[k], inputs, g, outputs, n);
        for (let o = 0; o < outputs && !along; o++) this.gradient[at + inputs * outputs + o] += total(g, o * n, n);
      }
      if (k === 0 && !wanted) return null;
      const before = new Numbers(inputs * n);
      multiply(before, this.weights, at, outputs, 1, inputs, g, outputs, n);
      if (k > 0) for (let m = 0; m < before.length; m++) before[m] *= slopes[k - 1][m];
      g = before;
    }
    return g;
  }
}

// Several arrays of columns, one below the other; a number is one row of it.
function stack(n, ...parts) {
  const rows = parts.map((part) => (typeof part === "number" ? new Numbers(n).fill(part) : part));
  const out = new Numbers(rows.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of rows) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// The columns of two arrays of d rows side by side.
function sideBySide(a, b, d) {
  const [n, m] = [a.length / d, b.length / d];
  const out = new Numbers(a.length + b.length);
  for (let i = 0; i < d; i++) {
    out.set(a.subarray(i * n, (i + 1) * n), i * (n + m));
    out.set(b.subarray(i * m, (i + 1) * m), i * (n + m) + n);
  }
  return out;
}

// A new array, entry by entry.
const each = (a, of) => { const out = new Numbers(a.length); for (let k = 0; k < a.length; k++) out[k] = of(a[k], k); return out; };
