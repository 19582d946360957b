// A trained net of Linear layers, run here. Points are flat arrays, row by row, of n points with d numbers each.

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

const ACTIVATIONS = {
  silu: (a) => a / (1 + Math.exp(-a)),
  leaky: (a) => (a > 0 ? a : 0.2 * a),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
};

class Net {
  // layers: [inputs, outputs] or the name of an activation; weights: all numbers of member 0, then of member 1, ...
  constructor({ layers, members, weights }) {
    this.layers = layers;
    this.members = members;
    this.weights = floats(weights);
    this.inputs = layers[0][0];
    this.size = this.weights.length / members;
  }

  // Points (n, inputs) to (n, outputs).
  forward(x, member = 0) {
    const n = x.length / this.inputs;
    let at = member * this.size;
    let now = x;
    for (const layer of this.layers) {
      if (typeof layer === "string") {
        now = now.map(ACTIVATIONS[layer]);
        continue;
      }
      const [inputs, outputs] = layer;
      const weight = this.weights.subarray(at, at + inputs * outputs);
      const bias = this.weights.subarray(at + inputs * outputs, at + (inputs + 1) * outputs);
      at += (inputs + 1) * outputs;
      const next = new Float64Array(n * outputs);
      for (let p = 0; p < n; p++) {
        const row = next.subarray(p * outputs, (p + 1) * outputs);
        row.set(bias);
        for (let i = 0; i < inputs; i++) {
          const value = now[p * inputs + i];
          for (let o = 0, w = i * outputs; o < outputs; o++, w++) row[o] += value * weight[w];
        }
      }
      now = next;
    }
    return now;
  }

  // A field is asked with points (n, d) and one or two times, the same for all points.
  field(d, member = 0) {
    return (x, ...times) => {
      const n = x.length / d;
      const inputs = new Float64Array(n * this.inputs);
      for (let p = 0; p < n; p++) {
        for (let i = 0; i < d; i++) inputs[p * this.inputs + i] = x[p * d + i];
        times.forEach((t, k) => { inputs[p * this.inputs + d + k] = t; });
      }
      return this.forward(inputs, member);
    };
  }
}
