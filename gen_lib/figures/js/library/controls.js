// Controls of a figure: sliders, choices, buttons that set several of them at once, and one that plays a slider.

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// Elements of SVG.
function shape(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
let groups = 0; // of radio buttons, each with a name of its own

class Controls extends HTMLElement {
  // A slider over the entries of a list; what it stands on is shown and read out as text. It calls change with its
  // place in the list, which is between two entries only while it is played smoothly.
  slider(name, values, at, change) {
    const shown = make("output");
    shown.setAttribute("aria-live", "off"); // the slider says it already
    const input = make("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
    const control = { input, values, at: () => Math.round(at) };
    control.stand = (to) => { // there, without a word to the figure
      at = to;
      const text = values[Math.round(to)];
      input.step = Number.isInteger(to) ? 1 : "any";
      input.value = to;
      input.style.setProperty("--at", `${(100 * to) / Math.max(1, values.length - 1)}%`);
      input.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    };
    control.move = (to) => {
      control.stand(to);
      change(to);
      this.moved();
    };
    control.stand(at);
    input.addEventListener("input", () => {
      control.halt?.(); // a hand is stronger than what plays
      control.move(Math.round(input.value));
    });
    this.row("label", name, input, shown);
    this.room(name, values);
    this.knobs.set(name, control);
    return control;
  }

  // One of a few names: buttons side by side if they are few and short, else a list that opens. Lines that stand for
  // the names, as dashes, are drawn before them.
  menu(name, values, at, change, lines = null) {
    const few = values.length <= 4 && (lines || values.join("").length <= (this.clientWidth < 480 ? 24 : 60));
    const control = few ? this.segments(name, values, lines) : this.list(name, values);
    control.values = values;
    this.room(name);
    const wide = few ? values.reduce((sum, value) => sum + 4 + value.length, 0) : 4 + Math.max(...values.map(({ length }) => length));
    if (name.length + wide <= 20 && !lines) control.row.classList.add("gen-lib-half"); // two in a row of a phone
    control.move = (to) => {
      control.stand(to);
      change(to);
      this.moved();
    };
    control.stand(at);
    this.knobs.set(name, control);
    return control;
  }

  list(name, values) {
    const input = make("select", {}, ...values.map((value) => make("option", { textContent: value })));
    const control = { input, at: () => input.selectedIndex, stand: (to) => { input.selectedIndex = to; } };
    input.addEventListener("change", () => control.move(input.selectedIndex));
    control.row = this.row("label", name, input);
    return control;
  }

  segments(name, values, lines) {
    const group = `gen-lib-${++groups}`;
    const radios = values.map(() => make("input", { type: "radio", name: group }));
    const box = make("span", { className: "gen-lib-segments" }, ...values.map((value, k) => {
      const dash = lines ? [shape("svg", { viewBox: "0 0 26 4", "aria-hidden": "true" },
        shape("path", { d: "M0 2H26", "stroke-dasharray": lines[k].join(" ") }))] : [];
      return make("label", {}, radios[k], ...dash, value);
    }));
    const control = {
      input: radios[0],
      at: () => radios.findIndex((radio) => radio.checked),
      stand: (to) => { radios[to].checked = true; },
    };
    radios.forEach((radio, k) => radio.addEventListener("change", () => control.move(k)));
    control.row = this.row("div", name, box);
    control.row.setAttribute("role", "radiogroup");
    control.row.setAttribute("aria-label", name);
    if (values.join("").length > 24) control.row.classList.add("gen-lib-wide");
    if (lines) control.row.classList.add("gen-lib-lines");
    return control;
  }

  row(tag, name, ...parts) {
    const row = make(tag, { className: "gen-lib-control" }, make("span", { textContent: name }), ...parts);
    this.controls.append(row);
    return row;
  }

  // The columns of names and of values are as wide as the longest.
  room(name, values = []) {
    const widest = (key, texts, least, most) => {
      this[key] = Math.max(this[key] ?? least, ...texts.map((text) => Math.min(most, text.length)));
      this.style.setProperty(key, `${this[key]}ch`);
    };
    widest("--name", [name], 6, 15);
    widest("--value", values, 5, 12);
  }

  // Where the buttons stand, above the other controls.
  button(text, press, first = false) {
    if (!this.actions) this.controls.append(this.actions = make("div", { className: "gen-lib-actions" }));
    const button = make("button", { type: "button", textContent: text, className: first ? "gen-lib-first" : "" });
    button.addEventListener("click", press);
    this.actions[first ? "prepend" : "append"](button);
    return button;
  }

  // Buttons that set several controls at once: [name, { control: its text or its place in the list, ... }]; pressed
  // while the controls stand so.
  presets(all) {
    this.settings = all.map(([name, wanted]) => {
      const places = Object.entries(wanted).map(([knob, to]) => {
        const control = this.knobs.get(knob);
        return [control, typeof to === "number" ? to : control.values.indexOf(to)];
      });
      const button = this.button(name, () => {
        for (const [knob] of places) knob.halt?.();
        for (const [knob, to] of places) if (knob.at() !== to) knob.move(to);
        this.moved();
      });
      return () => button.setAttribute("aria-pressed", String(places.every(([knob, to]) => knob.at() === to)));
    });
    this.moved();
  }

  moved() { for (const press of this.settings ?? []) press(); }

  // Plays a slider from where it stands, or from the start, while the figure is in view: a step in a given number of milliseconds,
  // with all that lies between two steps if it is smooth; step by step, and slower, for those who asked for less motion.
  player(name, slider, count, pause = 300, smooth = false) {
    const button = this.button("Play", () => (slider.halt ? slider.halt() : play()), true);
    const label = (text) => {
      button.textContent = text;
      button.setAttribute("aria-label", `${text} ${name}`);
    };
    label("Play");
    const play = () => {
      const still = calm();
      const stride = still ? Math.ceil(count / 10) : 1;
      let at = slider.at();
      if (at === count - 1) slider.move(at = 0);
      this.playing = (this.playing ?? 0) + 1; // not every step is read out, the last one only
      label("Stop");
      let [waiting, last] = [null, null];
      slider.halt = () => {
        this.playing -= 1;
        slider.halt = null;
        (still ? clearTimeout : cancelAnimationFrame)(waiting);
        if (this.isConnected) slider.move(slider.at());
        label("Play");
      };
      const reach = (to) => {
        if (to >= count - 1) {
          slider.stand(count - 1);
          slider.halt();
        } else if (smooth && !still) slider.move(to);
        else if (Math.floor(to) !== slider.at()) slider.move(Math.floor(to));
      };
      const frame = (now) => {
        if (!this.isConnected) return slider.halt();
        if (last !== null && this.inView !== false) reach(at += still ? stride : Math.min(now - last, 100) / pause);
        last = now;
        if (slider.halt) wait();
      };
      const wait = () => { waiting = still ? setTimeout(() => frame(0), 1500) : requestAnimationFrame(frame); };
      last = still ? 0 : null;
      wait();
    };
  }
}
