// What all figures share: their parts, and manners towards the page around them.

// A base for elements: once in view it reads the specification, replaces the static picture by the figure's own, and
// keeps the keys for the controls. From above: the stage for pictures, the controls, what the figure says.
class Figure extends Controls {
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
    this.knobs = new Map(); // name to control
    this.stage = make("div", { className: "gen-lib-stage" });
    this.controls = make("div", { className: "gen-lib-controls" });
    this.controls.setAttribute("role", "group");
    this.controls.setAttribute("aria-label", "Controls of the figure");
    this.prepend(this.stage, this.controls);
    if (this.keepsPicture) this.stage.append(picture);
    inked(this, () => this.ground());
    this.ground();
    try {
      this.start(spec);
    } catch (error) { // better the picture than half a figure
      this.replaceChildren(...[picture, hint].filter(Boolean));
      throw error;
    }
    this.ready = true;
    if (!this.keepsPicture) picture?.remove();
    if (globalThis.IntersectionObserver) {
      new IntersectionObserver((seen) => { this.inView = seen.at(-1).isIntersecting; }).observe(this);
    }
  }

  // Colours for the ground that this ink is for.
  ground() {
    this.dark = forDark(getComputedStyle(this).color);
    this.style.colorScheme = this.dark ? "dark" : "light";
    const set = (name, colour) => this.style.setProperty(name, colour);
    set("--accent", seen(ROLES.prior, this.dark, 4.5));
    set("--on-accent", GROUNDS[Number(this.dark)]);
    for (const [role, colour] of Object.entries(ROLES)) set(`--${role}`, seen(colour, this.dark));
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
