// A place where any toy method is trained in the page, in a worker, alone or next to another one.

const SPEEDS = { "5 a second": 5, "50 a second": 50, "full": null };
const SIDES = [ROLES.output, ROLES.inference]; // of the first method and of the second one

class Playground extends Figure {
  start(spec) {
    Object.assign(this, { spec, shots: [], run: 0, going: false });
    this.titles = Object.keys(spec.targets);
    const [left, middle, right] = panels(this, [1, 1, 1], "13rem");
    this.plots = [left, middle].map((place, k) => new Plot(place, {
      x: [-4, 4], y: [-4, 4], xTicks: [-4, 0, 4], yTicks: [-4, 0, 4], square: true, most: 300, label: `Samples of method ${k + 1} and the data`,
    }));
    this.curve = new Plot(right, {
      x: [0, 1], y: [0, 1], xTicks: [0], yTicks: [0], yLabel: "distance to the data", xLabel: "training step", ratio: 0.8, most: 300,
      label: "Distance of the samples to the data along training",
    });
    this.second = middle;
    this.drawing = new Drawing(this.plots[0], () => this.stale());
    this.say = voice(this);
    this.primary = this.button("Train", () => (this.going ? this.pause() : this.train()), true);
    this.button("Step", () => this.step());
    this.button("Reset", () => this.reset());
    this.wipe = this.button("Clear the drawing", () => { this.drawing.points = []; this.stale(); });
    const knob = (name, values, at) => this.menu(name, values, Math.max(0, at), () => this.stale());
    const { begin } = spec;
    knob("data", this.titles, this.titles.indexOf(begin.data));
    this.menus = ["method", "compared with"].map((name, k) => {
      const values = [...(k ? ["nothing"] : []), ...Object.keys(spec.methods)];
      const menu = knob(name, values, values.indexOf(begin[name]));
      return menu;
    });
    for (const [name, values] of Object.entries(spec.numbers)) knob(name, values.map(String), values.indexOf(begin[name]));
    this.menu("speed", Object.keys(SPEEDS), 2, () => this.send({ go: this.going ? this.pace() : undefined }));
    this.menu("member shown", ["1"], 0, (k) => this.send({ member: k }));
    for (const [text, press] of [["Copy a link", () => this.link()], ["Notebook", () => this.notebook()], ["Weights", () => this.weights()],
      ["Picture", () => this.picture()], ["Film", () => this.film()]]) this.button(text, press);
    this.presets(spec.presets);
    this.stage.before(this.actions); // on a phone the samples are seen when the training begins
    this.follow(location.hash);
    addEventListener("hashchange", () => this.follow(location.hash));
    keepDrawn(this, [...this.plots, this.curve], () => this.show());
    this.stale();
  }

  value(name) { const knob = this.knobs.get(name); return knob.values[knob.at()]; }

  pace() { return SPEEDS[this.value("speed")]; }

  get target() { return this.spec.targets[this.value("data")]; }

  get chosen() { return this.menus.map((menu) => menu.values[menu.at()]).filter((name) => name !== "nothing"); }

  // A setting has changed: what has been trained does not belong to it any more.
  stale() {
    this.halt();
    this.told = [];
    Object.assign(this, { shots: [], nextShot: 0 });
    const { drawn, dim, box } = this.target;
    if (drawn) this.drawing.begin(dim);
    else this.drawing.end();
    this.wipe.hidden = !drawn;
    this.second.hidden = this.chosen.length < 2;
    for (const plot of this.plots) {
      const ticks = [box[0], (box[0] + box[1]) / 2, box[1]].map((tick) => +tick.toFixed(1));
      Object.assign(plot, dim === 1 ? { x: [-0.15, 1.3], y: box, xTicks: [0, 0.5, 1], yTicks: ticks } : { x: box, y: box, xTicks: ticks, yTicks: ticks });
    }
    this.primary.textContent = "Train";
    this.sample = drawn ? this.drawing.points : this.preview(this.target);
    const rates = this.chosen.map((name) => this.rates(name)).join("; ");
    this.say(drawn ? this.lacking() ?? `${this.drawing.points.length} points drawn. Train when you like.` : `Not trained yet. Learning rates: ${rates}.`);
    this.show();
  }

  // What is missing before a training can begin, in words.
  lacking() {
    const { drawn, dim } = this.target;
    if (!drawn || this.drawing.points.length >= LEAST) return null;
    const where = dim === 1 ? "up and down in the picture: heights are the data" : "in the picture";
    return `Draw ${where}, with mouse or finger, or with the arrows and the space bar once the picture has the focus. `
      + `${this.drawing.points.length} points so far; a training needs ${LEAST}.`;
  }

  preview(target) {
    const { Stream, sampler: of } = genLibTrainer(Float32Array);
    const flat = of(target, target.dim)(new Stream(12), 400);
    return Array.from({ length: 400 }, (_, p) => Array.from({ length: target.dim }, (_, i) => flat[i * 400 + p]));
  }

  // What each player's learning rate is, in words.
  rates(name) {
    const { lr } = this.setting(name);
    const written = (rate) => String(+rate.toPrecision(3));
    return `${name}: ${typeof lr === "number" ? written(lr) : Object.entries(lr).map(([part, rate]) => `${part} ${written(rate)}`).join(", ")}`;
  }

  setting(name) {
    const { dim, box, drawn, ...law } = this.target;
    const { method, options, rate, betas } = this.spec.methods[name];
    const number = (of) => this.spec.numbers[of][this.knobs.get(of).at()];
    const base = number("learning rate");
    const lr = typeof rate === "number" ? base * rate : Object.fromEntries(Object.entries(rate).map(([part, factor]) => [part, base * factor]));
    return {
      method, options, dim, box, betas, hidden: [32, 64, 32], members: number("members"), batch: number("batch"), steps: number("steps"),
      seed: number("seed"), lr, member: 0, jumps: 1, target: drawn ? this.drawing.split() : law,
    };
  }

  launch() {
    const missing = this.lacking();
    if (missing) return this.say(missing), false;
    this.halt();
    const run = ++this.run;
    this.told = [];
    this.workers = this.chosen.map((name, k) => {
      const worker = bench();
      worker.onmessage = ({ data }) => {
        if (data.weights) download("weights.json", JSON.stringify({ method: name, members: data.weights }), "application/json");
        else if (data.run === run) this.hear(k, data);
      };
      worker.onerror = (event) => this.say(`The training has stopped: ${event.message}. Reset and train again.`);
      worker.postMessage({ begin: { ...this.setting(name), run } });
      return worker;
    });
    const members = this.spec.numbers.members[this.knobs.get("members").at()];
    const shown = this.knobs.get("member shown");
    shown.values.splice(0, shown.values.length, ...Array.from({ length: members }, (_, k) => String(k + 1)));
    shown.input.replaceChildren?.(...(shown.input.tagName === "SELECT" ? shown.values.map((text) => make("option", { textContent: text })) : []));
    return true;
  }

  send(words) { for (const worker of this.workers ?? []) worker.postMessage(words); }

  train() {
    if ((!this.workers || this.ended()) && !this.launch()) return;
    this.going = true;
    this.playing = 1;
    this.primary.textContent = "Pause";
    this.send({ go: this.pace() });
  }

  pause() {
    this.going = false;
    this.playing = 0;
    this.primary.textContent = "Train";
    this.send({ pause: true });
  }

  step() {
    if (this.going) this.pause();
    if ((!this.workers || this.ended()) && !this.launch()) return;
    this.send({ step: true });
  }

  reset() { this.stale(); }

  halt() {
    for (const worker of this.workers ?? []) worker.terminate();
    Object.assign(this, { workers: null, going: false, playing: 0 });
  }

  ended() { return this.told.length > 0 && this.told.every((words) => words?.ended); }

  hear(k, words) {
    if (!this.isConnected) return this.halt();
    this.told[k] = words;
    if (words.broken || this.ended()) {
      Object.assign(this, { going: false, playing: 0 });
      this.primary.textContent = this.ended() ? "Train again" : "Train";
    }
    this.say(this.chosen.map((name, i) => this.sentence(name, this.told[i])).join(" "));
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = null; this.show(); });
    if (k === 0 && words.done >= this.nextShot) {
      this.nextShot = words.done + this.spec.numbers.steps[this.knobs.get("steps").at()] / 40;
      this.shoot = true;
    }
  }

  sentence(name, words) {
    if (!words) return "";
    if (words.broken) return `${name}: ${words.broken}. The weights are back at their last good state; try a smaller learning rate, and reset.`;
    const found = words.curve.at(-1)[1];
    const middle = found.reduce((sum, value) => sum + value, 0) / found.length;
    const spread = found.length > 1 ? ` ± ${Math.sqrt(found.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (found.length - 1)).toFixed(3)}` : "";
    const floor = words.floor === null ? "" : `, of as many fresh data ${words.floor.toFixed(3)}`;
    const losses = Object.entries(words.losses[0]).map(([key, value]) => `${key === "loss" ? "loss" : `loss of the ${key}`} ${value.toFixed(2)}`);
    const kind = this.target.dim === 1 ? "W1" : "sliced W2";
    return `${name}, step ${words.done}${words.ended ? ", trained" : ""}: ${kind} ${middle.toFixed(3)}${spread}${floor}`
      + `${losses.length ? `; ${losses.join(", ")}` : ""}${words.rate ? `; ${Math.round(words.rate)} steps a second` : ""}.`;
  }

  show() {
    this.plots.forEach((plot, k) => {
      if (k >= this.chosen.length) return;
      plot.resize();
      plot.clear();
      plot.inside(() => ((this.target.dim === 1 ? onTheLine : inThePlane)(this, plot, k)));
      plot.put(this.chosen[k], plot.left + 6, plot.top + 8, { size: 14, bold: true, colour: SIDES[k] });
    });
    distances(this);
    if (this.shoot) {
      this.shoot = false;
      const { canvas, pen } = this.plots[0];
      this.shots.push(pen.getImageData(0, 0, canvas.width, canvas.height));
    }
  }

  // What the controls say, by name.
  said() { return Object.fromEntries([...this.knobs].filter(([name]) => name !== "member shown").map(([name]) => [name, this.value(name)])); }

  link() {
    const hash = toLink(this.said(), this.target.drawn ? this.drawing.points : []);
    history.replaceState(null, "", hash);
    const done = () => this.say("The address of this page now holds your setting; it has been copied.");
    (navigator.clipboard?.writeText(location.href) ?? Promise.reject()).then(done, () => this.say("The address of this page now holds your setting: copy it from there."));
  }

  follow(hash) {
    const found = fromLink(hash, (setting) => this.spec.targets[setting.data]?.dim ?? 2);
    if (!found) return;
    for (const [name, text] of Object.entries(found.setting)) {
      const knob = this.knobs.get(name);
      if (knob?.values.includes(text)) knob.stand(knob.values.indexOf(text));
    }
    this.drawing.dim = this.target.dim;
    this.drawing.points = this.target.drawn ? found.drawing.slice(0, MOST) : [];
    this.stale();
  }

  notebook() {
    const missing = this.lacking();
    if (missing) return this.say(missing);
    const [name] = this.chosen;
    const { target, ...setting } = this.setting(name);
    const { code, jumps } = this.spec.methods[name];
    download("playground.ipynb", toNotebook({ ...setting, ...(this.target.drawn ? target : {}), title: `${name} on ${this.value("data")}`, target: this.target.name, code, jumps: jumps ?? null }), "application/x-ipynb+json");
  }

  weights() {
    if (!this.workers) return this.say("There are no trained weights yet: train first.");
    this.send({ weights: true });
  }

  picture() { this.plots[0].canvas.toBlob((blob) => download("playground.png", blob)); }

  film() {
    if (this.shots.length < 2) return this.say("A film needs a training: train first.");
    download("playground.gif", gif(this.shots.map((shot) => grounded(shot, GROUNDS[Number(this.dark)]))));
  }
}

// A worker from the source of the trainer, so that it works from a file as well.
function bench() {
  const source = `const genLibTrainer = ${genLibTrainer};\ngenLibTrainer(Float32Array).serve(self);`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  return worker;
}

define("playground", Playground);
