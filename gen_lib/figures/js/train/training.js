// Training: several members side by side, each with its own weights, its own Adam and its own random numbers.

const METHODS = {
  decoder, ae, vae, vae_beta: (options) => vae({ beta: 10, ...options }), gan, wgan, fm, meanflow, facm, backflow,
  diffusion,
};

class NotFinite extends Error {}

class Training {
  // sample: (stream, n) to data (dim, n); lr: a number, or one per part in a game; streams: of the members
  constructor({ method, options = {}, dim, latent = dim, hidden = [32, 64, 32], members = 1, batch = 64, lr, betas, steps, seed = 0, sample, streams }) {
    this.method = METHODS[method](options);
    Object.assign(this, { dim, latent, batch, steps, sample, done: 0 });
    this.streams = streams ?? Array.from({ length: members }, (_, k) => new Stream(seed + k));
    this.members = this.streams.map((stream) => {
      const nets = this.method.build(dim, latent, hidden);
      for (const net of maps(nets)) net.begin(stream);
      return nets;
    });
    this.rate = (moves) => (typeof lr === "number" ? lr : lr[moves]);
    this.adams = this.members.map((nets) => new Map(maps(nets).map((net) => [net, new Adam(net.weights, betas)])));
    this.losses = this.members.map(() => ({}));
    this.keep();
  }

  // What moves in a turn: one part, or all.
  moving(nets, moves) { return moves ? [nets[moves]] : maps(nets); }

  pairs(stream) {
    const z = stream.normal(this.latent * this.batch);
    const x = this.sample(stream, this.batch);
    return [z, (this.method.coupling === "optimal" ? optimal : independent)(z, x, this.dim)];
  }

  // One step of every member. A loss that is not finite puts all back to the last good state.
  step() {
    for (const [k, nets] of this.members.entries()) {
      for (const [moves, loss] of this.method.turns) {
        const [z, x] = this.pairs(this.streams[k]);
        const value = loss(nets, z, x, this.streams[k], this.batch);
        if (!Number.isFinite(value)) {
          this.put();
          throw new NotFinite(`the loss of member ${k + 1} is not finite at step ${this.done + 1}`);
        }
        for (const net of this.moving(nets, moves)) this.adams[k].get(net).step(net.gradient, this.rate(moves) * cosine(this.done / this.steps));
        this.method.constrain?.(nets);
        this.losses[k][moves || "loss"] = value;
      }
    }
    this.done += 1;
    if (this.done % 50 === 0) this.keep();
  }

  // The last good state, and back to it.
  keep() {
    if (this.members.some((nets) => maps(nets).some((net) => net.weights.some((w) => !Number.isFinite(w))))) return;
    this.good = this.members.map((nets) => maps(nets).map((net) => net.weights.slice()));
  }

  put() {
    this.members.forEach((nets, k) => maps(nets).forEach((net, i) => {
      net.weights.set(this.good[k][i]);
      net.gradient.fill(0);
    }));
  }
}

const maps = (nets) => Object.values(nets).filter((part) => part instanceof Mlp);
