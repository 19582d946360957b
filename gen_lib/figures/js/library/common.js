// What all figures share: their looks, their controls, and manners towards the page around them.

const LOOKS = `
.gen-lib-figure { display: block; margin: 0.5rem 0; max-width: 100%; color: inherit; transition: color 1ms; }
.gen-lib-figure :is(img, svg) { display: block; max-width: 100%; height: auto; margin: 0; }
.gen-lib-controls { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; align-items: center; margin: 0 0 0.5rem; }
.gen-lib-figure legend { font: inherit; color: inherit; border: 0; margin: 0; padding: 0; }
.gen-lib-control { font-weight: inherit; margin: 0; display: flex; align-items: center; gap: 0.5rem; min-height: 2rem; font-size: 0.95rem; }
.gen-lib-control input[type=range] { width: 10rem; max-width: 45vw; min-height: 1.5rem; accent-color: ${ROLES.prior}; }
.gen-lib-control select, .gen-lib-control button {
  font: inherit; color: inherit; background: transparent; min-height: 1.8rem; padding: 0.1rem 0.5rem;
  border: 1px solid currentColor; border-radius: 0.25rem; }
.gen-lib-control select option { color: black; background: white; }
.gen-lib-control output { min-width: 3.2em; font-variant-numeric: tabular-nums; }
.gen-lib-control button:disabled { opacity: 0.5; }
.gen-lib-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.gen-lib-controls :focus-visible { outline: 2px solid ${ROLES.prior}; outline-offset: 2px; }
`;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// A base for elements: once in view it reads the specification, replaces the static picture, and keeps the keys for
// the controls.
class Figure extends HTMLElement {
  connectedCallback() {
    near(this, () => {
      if (document.readyState !== "loading") this.begin();
      else document.addEventListener("DOMContentLoaded", () => this.begin(), { once: true }); // not all is parsed yet
    });
  }

  begin() {
    const holder = this.querySelector('script[type="application/json"]');
    if (this.begun || !holder) return;
    this.begun = true;
    if (!document.getElementById("gen-lib-looks")) {
      document.head.append(make("style", { id: "gen-lib-looks", textContent: LOOKS }));
    }
    const spec = JSON.parse(holder.textContent);
    const picture = this.querySelector("img, svg");
    const hint = this.querySelector(".gen-lib-hint");
    this.replaceChildren(holder, ...(picture ? [picture] : [])); // and nothing that an earlier life has left
    this.classList.add("gen-lib-figure");
    this.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab takes the arrow keys otherwise
    this.addEventListener("keydown", (event) => event.stopPropagation()); // and so does the classic notebook
    this.controls = make("div", { className: "gen-lib-controls" });
    this.controls.setAttribute("role", "group");
    this.controls.setAttribute("aria-label", "Controls of the figure");
    this.prepend(this.controls);
    try {
      this.start(spec);
    } catch (error) { // better the picture than half a figure
      this.replaceChildren(...[picture, hint].filter(Boolean));
      throw error;
    }
    this.ready = true;
    if (!this.keepsPicture) picture?.remove();
    const ground = () => { // the one that this ink is for
      const [r, g, b] = getComputedStyle(this).color.match(/[\d.]+/g).map(Number);
      this.style.colorScheme = r + g + b < 384 ? "light" : "dark";
    };
    inked(this, ground);
    ground();
  }

  // A slider over the entries of a list; what it stands on is shown and read out as text.
  slider(name, values, at, change) {
    const shown = make("output", { textContent: values[at] });
    shown.setAttribute("aria-live", "off"); // the slider says it already
    const input = make("input", { type: "range", min: 0, max: values.length - 1, step: 1, value: at });
    const update = () => {
      shown.textContent = values[input.value];
      input.setAttribute("aria-valuetext", values[input.value]);
      change(Number(input.value));
    };
    input.setAttribute("aria-valuetext", values[at]);
    input.addEventListener("input", update);
    this.controls.append(make("label", { className: "gen-lib-control" }, name, input, shown));
    return { input, move: (to) => { input.value = to; update(); } };
  }

  menu(name, values, at, change) {
    const input = make("select", {}, ...values.map((value) => make("option", { textContent: value })));
    input.selectedIndex = at;
    input.addEventListener("change", () => change(input.selectedIndex));
    this.controls.append(make("label", { className: "gen-lib-control" }, name, input));
    return { input };
  }

  // Plays a slider from where it stands, or from the start; slower for those who asked for less motion.
  player(name, slider, count, pause = 300) {
    const button = make("button", { type: "button", textContent: "Play" });
    button.setAttribute("aria-label", `Play ${name}`);
    let timer = null;
    const stop = () => {
      this.playing -= 1;
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
      button.setAttribute("aria-label", `Play ${name}`);
    };
    button.addEventListener("click", () => {
      if (timer !== null) return stop();
      if (Number(slider.input.value) === count - 1) slider.move(0);
      this.playing = (this.playing ?? 0) + 1; // not every step is read out, the last one only
      button.textContent = "Stop";
      button.setAttribute("aria-label", `Stop ${name}`);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const stride = calm ? Math.ceil(count / 10) : 1;
      timer = setInterval(() => {
        if (!this.isConnected) return stop();
        const to = Math.min(Number(slider.input.value) + stride, count - 1);
        if (to === count - 1) stop();
        slider.move(to);
      }, calm ? 1500 : pause);
    });
    this.controls.append(make("span", { className: "gen-lib-control" }, button));
  }
}

// Calls back when an element is about to come into view, or when a reader goes through the page by keyboard.
function near(element, call) {
  if (!globalThis.IntersectionObserver) return requestAnimationFrame(call);
  const begin = () => {
    view.disconnect();
    document.removeEventListener("keydown", tab, true);
    call();
  };
  const tab = ({ key }) => { if (key === "Tab") begin(); }; // else it would pass by controls that are not there yet
  const margin = "600px";
  const view = new IntersectionObserver(
    (seen) => { if (seen.some((entry) => entry.isIntersecting)) begin(); }, { rootMargin: margin, scrollMargin: margin });
  view.observe(element);
  document.addEventListener("keydown", tab, true);
}

// Calls back when the ink has changed, which it does with the theme.
function inked(figure, changed) {
  figure.addEventListener("transitionend", (event) => {
    if (event.target === figure && event.propertyName === "color") changed();
  });
}

// The element of a figure, <gen-lib-NAME>; a notebook may bring it many times.
function define(name, kind) {
  if (!customElements.get(`gen-lib-${name}`)) customElements.define(`gen-lib-${name}`, kind);
}
