// A place where any toy method is trained in the page, in a worker, alone or next to another one.

const SPEEDS = { "5 a second": 5, "50 a second": 50, "full": null };
const PHONE = 480; // pixels
const SIDES = [ROLES.output, ROLES.inference]; // of the first method and of the second one

class Playground extends Figure {
  start(spec) {
    Object.assign(this, { spec, shots: [], run: 0, going: false });
    this.titles = Object.keys(spec.targets);
    this.places = panels(this, 3, "9rem");
    const [left, middle, right] = this.places;
    this.labels = [left, middle].map((place) => place.appendChild(make("strong")));
    this.plots = [left, middle].map((place, k) => new Plot(place, {
      x: [-4, 4], y: [-4, 4], xTicks: [-4, 0, 4], yTicks: [-4, 0, 4], square: true, label: `Samples of method ${k + 1} and the data`,
    }));
    this.curve = new Plot(right, {
      x: [0, 1], y: [0, 1], xTicks: [0], yTicks: [0], yLabel: " ", xLabel: "training step", ratio: 0.8, label: "What is measured along training",
    });
    this.drawing = new Drawing(this.plots[0], () => this.stale());
    this.say = voice(this);
    this.spoken = this.lastChild;
    this.spoken.style.whiteSpace = "pre-line";
    this.stage.after(this.spoken); // next to what it is about, and above what is folded
    this.primary = this.button("Train", () => (this.going ? this.pause() : this.train()), true);
    this.button("Step", () => this.step());
    this.button("Reset", () => this.stale());
    this.wipe = this.button("Clear", () => { this.drawing.points = []; this.stale(); });
    this.wipe.setAttribute("aria-label", "Clear the drawing");
    const knob = (name, values, at) => this.menu(name, values, Math.max(0, at), () => this.stale());
    const { begin } = spec;
    knob("data", this.titles, this.titles.indexOf(begin.data));
    const names = ["nothing", ...Object.keys(spec.methods)];
    const choice = (name, values) => knob(name, values, values.indexOf(begin[name]));
    this.menus = [choice("method", names.slice(1))];
    this.fold("More settings", () => {
      this.menus.push(choice("compared with", names));
      for (const [name, values] of Object.entries(spec.numbers)) knob(name, values.map(String), values.indexOf(begin[name]));
      this.menu("speed", Object.keys(SPEEDS), 2, () => this.send({ go: this.going ? this.pace() : undefined }));
      this.menu("member shown", Array.from({ length: Math.max(...spec.numbers.members) }, (_, k) => String(k + 1)), 0, (k) => this.send({ member: k }));
      this.menu("curve", Object.keys(CURVES), 0, () => this.show());
    });
    this.fold("Take it away", () => {
      for (const [text, press] of [["Copy a link", () => this.link()], ["Notebook", () => this.notebook()], ["Weights", () => this.weights()],
        ["Picture", () => this.picture()], ["Film", () => this.film()]]) this.button(text, press);
    });
    this.presets(spec.presets);
    for (const button of [...this.actions.children].slice(-spec.presets.length)) button.addEventListener("click", () => { if (!this.going) this.train(); });
    this.stage.before(this.actions); // what begins a training is seen together with the samples
    this.follow(location.hash);
    addEventListener("hashchange", () => this.follow(location.hash));
    keepDrawn(this, [...this.plots, this.curve], () => this.show());
    this.stale();
  }

  // What most readers need not see at once: closed on a phone.
  fold(title, fill) {
    const outside = [this.controls, this.actions];
    [this.controls, this.actions] = [make("div", { className: "gen-lib-controls" }), null];
    fill();
    const box = make("details", { className: "gen-lib-fold", open: this.clientWidth >= PHONE }, make("summary", { textContent: title }), this.controls);
    [this.controls, this.actions] = outside;
    this.controls.append(box);
  }

  // Samples next to samples; the curve next to them, or below where there is no room.
  arrange() {
    const [narrow, two] = [this.clientWidth < PHONE, this.chosen.length > 1];
    const [left, middle, right] = this.places;
    const columns = narrow ? 2 : two ? 3 : 2;
    Object.assign(left.parentElement.style, { display: "grid", gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` });
    left.style.gridColumn = narrow && !two ? "1 / -1" : "";
    right.style.gridColumn = narrow ? "1 / -1" : "";
    middle.hidden = !two;
    const all = [...this.plots, this.curve];
    if (this.arranged !== `${narrow} ${two}`) for (const plot of all) plot.width = 0; // measured anew
    this.arranged = `${narrow} ${two}`;
    for (const plot of all) plot.most = narrow ? 216 : two ? 205 : 230;
    this.spoken.style.minHeight = `${1.4 * (narrow ? 3 : 2) * (two ? 2 : 1)}em`; // nothing below jumps when there are more words
    Object.assign(this.curve, { narrow: 0.32, ratio: two ? 1 : 0.72 });
  }

  value(name) { const knob = this.knobs.get(name); return knob.values[knob.at()]; }

  number(name) { return this.spec.numbers[name][this.knobs.get(name).at()]; }

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
    const shown = this.knobs.get("member shown");
    Array.from(shown.input.options).forEach((option, k) => { option.disabled = k >= this.number("members"); });
    if (shown.at() >= this.number("members")) shown.stand(0);
    for (const plot of this.plots) {
      const ticks = box[0] < 0 && box[1] > 0 ? [box[0], 0, box[1]] : box;
      Object.assign(plot, dim === 1 ? { x: [-0.15, 1.3], y: box, xTicks: [0, 0.5, 1], yTicks: ticks } : { x: box, y: box, xTicks: ticks, yTicks: ticks });
    }
    this.primary.textContent = "Train";
    this.sample = drawn ? this.drawing.points : this.preview(this.target);
    const rates = this.chosen.map((name) => rateWords(name, this.number("learning rate"), this.spec.methods[name].rate)).join("; ");
    this.say(drawn ? this.lacking() ?? `${this.drawing.points.length} points drawn. Train when you like.` : `Ready to train. Learning rate of ${rates}.`);
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

  setting(name) {
    const { dim, box, drawn, ...law } = this.target;
    const { method, options, rate, betas, jumps } = this.spec.methods[name];
    const base = this.number("learning rate");
    const lr = typeof rate === "number" ? base * rate : Object.fromEntries(Object.entries(rate).map(([part, factor]) => [part, base * factor]));
    return {
      method, options, dim, box, betas, judged: this.spec.judged, hidden: [32, 64, 32], members: this.number("members"), batch: this.number("batch"), steps: this.number("steps"),
      seed: this.number("seed"), lr, member: this.knobs.get("member shown").at(), jumps, target: drawn ? this.drawing.split() : law,
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
        if (data.weights) download(`weights-${name.replaceAll(/\W+/g, "-")}.json`, JSON.stringify({ method: name, members: data.weights }), "application/json");
        else if (data.run === run) this.hear(k, data);
      };
      worker.onerror = (event) => this.say(`The training has stopped: ${event.message}. Reset and train again.`);
      worker.postMessage({ begin: { ...this.setting(name), run } });
      return worker;
    });
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

  halt() {
    for (const worker of this.workers ?? []) worker.terminate();
    Object.assign(this, { workers: null, going: false, playing: 0 });
  }

  ended() { return this.chosen.every((_, k) => this.told?.[k]?.ended || this.told?.[k]?.broken); }

  hear(k, words) {
    if (!this.isConnected) return this.halt();
    this.told[k] = words;
    if (this.ended()) {
      Object.assign(this, { going: false, playing: 0 });
      this.primary.textContent = "Again";
    }
    this.say(this.chosen.map((name, i) => sentence(name, this.told[i], this.target)).join("\n"));
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = null; this.show(); });
    if (k === 0 && words.done >= this.nextShot) {
      this.nextShot = words.done + this.number("steps") / 40;
      this.shoot = true;
    }
  }

  show() {
    this.arrange();
    this.plots.forEach((plot, k) => {
      if (k >= this.chosen.length) return;
      plot.resize();
      plot.clear();
      plot.inside(() => ((this.target.dim === 1 ? onTheLine : inThePlane)(this, plot, k)));
      this.labels[k].textContent = this.chosen[k];
      this.labels[k].style.color = seen(SIDES[k], this.dark, 4.5);
    });
    curves(this);
    if (this.shoot) this.shots.push(this.snapshot());
    this.shoot = false;
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
    this.moved();
    this.stale();
    this.scrollIntoView({ block: "center" });
  }

  notebook() {
    const missing = this.lacking();
    if (missing) return this.say(missing);
    const [name] = this.chosen;
    const { target, ...setting } = this.setting(name);
    const { code } = this.spec.methods[name];
    const title = `${name} on ${this.target.drawn ? "a drawing" : this.value("data")}`;
    download(`${title.replaceAll(/\W+/g, "-")}.ipynb`, toNotebook({ ...setting, ...(this.target.drawn ? target : {}), title, target: this.target.name, code }), "application/x-ipynb+json");
    this.say("The notebook has been saved. It needs gen_lib: open it in the environment of the book.");
  }

  weights() {
    if (!this.workers) return this.say("There are no trained weights yet: train first.");
    this.send({ weights: true });
  }

  // All drawings side by side, on the ground of the page.
  snapshot() {
    const all = [...this.plots.slice(0, this.chosen.length), this.curve].map(({ canvas }) => canvas);
    const [width, height] = [all.reduce((sum, canvas) => sum + canvas.width, 0), Math.max(...all.map((canvas) => canvas.height))];
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.fillStyle = GROUNDS[Number(this.dark)];
    pen.fillRect(0, 0, width, height);
    let left = 0;
    for (const canvas of all) {
      pen.drawImage(canvas, left, 0);
      left += canvas.width;
    }
    return pen;
  }

  async picture() {
    download("playground.png", await this.snapshot().canvas.convertToBlob());
    this.say("The picture has been saved.");
  }

  film() {
    const { width, height } = this.snapshot().canvas; // a window that was made narrower has begun another film
    const frames = this.shots.filter(({ canvas }) => canvas.width === width && canvas.height === height);
    if (frames.length < 2) return this.say("A film needs a training: train first.");
    download("playground.gif", gif(frames.map((pen) => pen.getImageData(0, 0, width, height))));
    this.say(`A film of ${frames.length} pictures has been saved.`);
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
