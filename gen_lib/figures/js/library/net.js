// A trained net of Linear layers, run here. Points are flat arrays, row by row, of n points with d numbers each.

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function floats(base64) {
  return new Float32Array(bytes(base64).buffer);
}

// Weights that came in steps: whole numbers from -127 to 127; scales: of each layer a step and a bias per output.
function unpacked({ layers, members, weights, scales }) {
  const whole = new Int8Array(bytes(weights).buffer);
  const more = floats(scales);
  const out = [];
  let w = 0;
  let s = 0;
  for (let member = 0; member < members; member++) {
    for (const [inputs, outputs] of layers.filter((layer) => typeof layer !== "string")) {
      for (let k = 0; k < inputs * outputs; k++, w++) out.push(whole[w] * more[s + (k % outputs)]);
      for (let o = 0; o < outputs; o++) out.push(more[s + outputs + o]);
      s += 2 * outputs;
    }
  }
  return Float32Array.from(out);
}

// Numbers for a drawing, kept as 16-bit integers.
function shorts({ scale, values }) {
  return Float64Array.from(new Int16Array(bytes(values).buffer), (whole) => (whole / 32767) * scale);
}

const ACTIVATIONS = {
  silu: (a) => a / (1 + Math.exp(-a)),
  leaky: (a) => (a > 0 ? a : 0.2 * a),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
};

class Net {
  // layers: [inputs, outputs] or the name of an activation; weights: all numbers of member 0, then of member 1, ...
  constructor(spec) {
    const { layers, members, weights } = spec;
    this.layers = layers;
    this.members = members;
    this.weights = spec.scales ? unpacked(spec) : floats(weights);
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
