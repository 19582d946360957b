// What runs next to the page: a training that goes on in slices, tells now and then how it stands, and obeys between
// two slices. Messages: { begin: setting }, { go: steps a second, or null for as fast as it can }, { pause }, { step }.

const TOLD = 100; // milliseconds between two reports at least
const SHOWN = 200; // samples in a picture

class Bench {
  constructor(setting, tell) {
    Object.assign(this, { setting, tell, pace: null, going: false, owed: 0, spent: 0, looked: 0, counted: 0, since: 0 });
    this.data = sampler(setting.target, setting.dim);
    this.training = new Training({ ...setting, sample: this.data });
    this.noise = new Stream(setting.seed + 1000).normal(setting.dim * SHOWN);
    const { quantiles, held } = setting.target;
    const unseen = held ? sampler({ points: held }, setting.dim) : this.data;
    const truth = (stream) => (quantiles ? Float64Array.from(quantiles) : unseen(stream, setting.judged));
    // each member has noise and data of its own, so that the spread over members has that of the judging in it
    this.judging = this.training.members.map((_, k) => {
      const stream = new Stream(setting.seed + 2000 + k);
      return { noise: stream.normal(setting.dim * setting.judged), truth: truth(stream) };
    });
    const stream = new Stream(setting.seed + 3000);
    const fresh = () => distance(this.data(stream, setting.judged), truth(stream), setting.dim);
    this.floor = Array.from({ length: 8 }, fresh).reduce((sum, far) => sum + far / 8, 0);
    this.curve = []; // [step, distance of each member]
    this.course = []; // [step, { player: loss }]: means over the members and the steps since the last entry
    this.sums = {};
    this.judge();
    this.report();
  }

  // As many steps as the pace allows in the time since the last slice, at most for 25 ms.
  slice() {
    if (!this.going) return;
    const now = performance.now();
    this.owed = this.pace === null ? Infinity : Math.min(this.pace, this.owed + (this.pace * (now - this.last)) / 1000);
    this.last = now;
    while (this.owed >= 1 && performance.now() - now < 25 && this.going) {
      this.advance();
      this.owed -= 1;
    }
    if (this.going) setTimeout(() => this.slice(), this.pace === null ? 0 : 15);
  }

  advance() {
    const { training } = this;
    const start = performance.now();
    try {
      training.step();
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      Object.assign(this, { going: false, broken: error.message });
      return this.report();
    }
    this.spent += performance.now() - start;
    this.counted += 1;
    this.since += 1;
    for (const losses of training.losses) for (const [name, value] of Object.entries(losses)) this.sums[name] = (this.sums[name] ?? 0) + value;
    const last = training.done === training.steps;
    if (last) this.going = false;
    // looking takes a quarter of the time at most, but for the first steps, in which most is learned
    const early = training.done < 300 && Number.isInteger(Math.log2(training.done)) && training.done > 4;
    if (last || early) this.look();
    else if (performance.now() - this.told > TOLD && this.looked < this.spent / 4) this.looked += this.look();
  }

  look() {
    const start = performance.now();
    this.judge();
    this.report();
    return performance.now() - start;
  }

  pushed(nets, noise) {
    return this.training.method.push(nets, noise, ...(this.training.method.velocity ? [this.setting.jumps, new Stream(7)] : []));
  }

  judge() {
    const { target: { mixture }, dim } = this.setting;
    const samples = this.judging.map(({ noise }, k) => this.pushed(this.training.members[k], noise).at(-1));
    const found = samples.map((x, k) => distance(x, this.judging[k].truth, dim));
    this.met = mixture && mixture.means.length > 1 ? samples.map((x) => modesMet(x, mixture)) : null;
    this.curve.push([this.training.done, found]);
    const many = this.since * this.training.members.length;
    if (many) this.course.push([this.training.done, Object.fromEntries(Object.entries(this.sums).map(([name, sum]) => [name, sum / many]))]);
    Object.assign(this, { sums: {}, since: 0 });
  }

  report() {
    const { training, setting: { dim, box, member } } = this;
    this.told = performance.now();
    const nets = training.members[member];
    const field = training.method.velocity && dim === 2 ? this.arrows(nets, box) : null;
    this.tell({
      done: training.done, losses: training.losses, states: this.pushed(nets, this.noise), field, curve: this.curve, met: this.met, course: this.course, floor: this.floor,
      rate: this.spent ? (1000 * this.counted) / this.spent : 0, ended: training.done === training.steps, going: this.going, broken: this.broken,
    });
  }

  // The velocity at half time on a grid of 12 x 12 points.
  arrows(nets, [low, high]) {
    const at = Array.from({ length: 12 }, (_, k) => low + ((k + 0.5) / 12) * (high - low));
    const x = Numbers.from([...at.flatMap(() => at), ...at.flatMap((y) => at.map(() => y))]);
    return { x, v: this.training.method.velocity(nets, x, 0.5) };
  }

  obey({ go, pause, step, member }) {
    if (member !== undefined) {
      this.setting.member = member;
      this.report();
    }
    if (pause) this.going = false;
    const over = this.broken || this.training.done === this.training.steps;
    if (step && !this.going && !over) this.advance();
    if (step || pause) this.report();
    if (go !== undefined) {
      this.pace = go;
      if (this.going || over) return;
      Object.assign(this, { going: true, last: performance.now(), owed: 1 });
      this.slice();
    }
  }
}

// In a worker: one bench, and its words.
function serve(port) {
  let bench = null;
  port.onmessage = ({ data }) => {
    if (data.begin) {
      if (bench) bench.going = false;
      bench = new Bench(data.begin, (words) => port.postMessage({ ...words, run: data.begin.run }));
    } else if (data.weights) port.postMessage({ weights: bench.training.members.map((nets) => named(nets)) });
    else bench?.obey(data);
  };
}

const named = (nets) => Object.fromEntries(Object.entries(nets).filter(([, part]) => part instanceof Mlp)
  .map(([name, { widths, activation, weights }]) => [name, { widths, activation, weights: Array.from(weights) }]));
