// Adam, as torch.optim.AdamW without decay, and the schedule of the learning rate.

class Adam {
  constructor(weights, betas = [0.9, 0.999]) {
    Object.assign(this, { weights, betas, done: 0 });
    this.mean = new Float64Array(weights.length);
    this.square = new Float64Array(weights.length);
  }

  // One step down the gradient, which is set back to zero.
  step(gradient, lr) {
    this.done += 1;
    const [b1, b2] = this.betas;
    const [c1, c2] = [1 - b1 ** this.done, Math.sqrt(1 - b2 ** this.done)];
    const { mean, square, weights } = this;
    for (let k = 0; k < weights.length; k++) {
      const g = gradient[k];
      mean[k] += (1 - b1) * (g - mean[k]);
      square[k] = b2 * square[k] + (1 - b2) * g * g;
      weights[k] -= ((lr / c1) * mean[k]) / (Math.sqrt(square[k]) / c2 + 1e-8);
    }
    gradient.fill(0);
  }
}

// Half a cosine from 1 to 0, of the fraction of steps that are done.
const cosine = (done) => (1 + Math.cos(Math.PI * Math.min(1, done))) / 2;
