// Particles on their way from noise to data in a learned field of the plane, whose modes the reader moves.

const MARGIN = 2.6; // deviations around the reach of the modes that can be seen
const SECONDS = 5; // from one birth of a particle to the next
const [LEAVES, ARRIVES] = [0.1, 0.7]; // as fractions of that: before, it is noise; afterwards, a sample
const LANDED = 3; // deviations from a mode
const TAIL = 0.2; // of the time from noise to data
const SHADES = 24;
const AT_ONCE = 20; // particles
const BUDGET = 7; // milliseconds a frame for new paths

const PLANE_LOOKS = `
gen-lib-flow-plane.gen-lib-figure { margin: 0; padding: 0; }
gen-lib-flow-plane .gen-lib-plane { position: relative; }
gen-lib-flow-plane [role=slider] { position: absolute; width: 44px; height: 44px; margin: -22px 0 0 -22px; border-radius: 50%;
  cursor: grab; touch-action: none; outline-offset: -6px; }
gen-lib-flow-plane [role=slider]::after { content: ""; position: absolute; inset: 11px; border-radius: 50%;
  border: 2px solid var(--data); background: color-mix(in srgb, var(--data) 25%, transparent); transition: inset 0.15s; }
gen-lib-flow-plane [role=slider]:is(:hover, :active, :focus-visible)::after { inset: 7px; border-width: 3px; }
gen-lib-flow-plane [role=slider]:active { cursor: grabbing; }
gen-lib-flow-plane .gen-lib-plane-hint { position: absolute; transform: translate(-50%, -46px); pointer-events: none;
  white-space: nowrap; font-size: 14px; line-height: 1.2; }
gen-lib-flow-plane .gen-lib-controls { display: flex; justify-content: space-between; align-items: center; gap: 0.75rem; }
gen-lib-flow-plane .gen-lib-control { display: block; }
gen-lib-flow-plane .gen-lib-control > :first-child { position: absolute; overflow: hidden; width: 1px; clip-path: inset(50%); }
gen-lib-flow-plane .gen-lib-segments, gen-lib-flow-plane .gen-lib-segments label { border-radius: 22px; }
gen-lib-flow-plane .gen-lib-segments label { min-height: 44px; padding: 0 1.1rem; font-size: 16px; white-space: nowrap; }
gen-lib-flow-plane .gen-lib-segments label:nth-child(2):has(:checked) { background: var(--failing); }
gen-lib-flow-plane .gen-lib-controls button { width: 44px; height: 44px; padding: 0; border-radius: 50%; }
gen-lib-flow-plane button svg { display: block; margin: auto; width: 1rem; height: 1rem; fill: currentColor; }
gen-lib-flow-plane .gen-lib-said { margin: 0.3rem 0 0; min-height: 0; font-size: 16px; }
`;

// The paths of all particles: those wanted, as the field has them now, and those shown, which follow smoothly.
class Paths {
  constructor(field, z, places, steps) {
    Object.assign(this, { field, z, places, steps, taken: steps, count: z.length / 2, next: 0 });
    this.stale = this.count; // particles that wait for a new path, from this.next on
    this.wanted = new Float64Array((steps + 1) * z.length); // state by state
    this.shown = new Float64Array(this.wanted.length);
  }

  // Where the coordinates of a particle after a step are.
  at(step, p) { return step * 2 * this.count + 2 * p; }

  // New paths, until the milliseconds are used up.
  work(budget = Infinity) {
    const { field, z, places, steps, taken, count, wanted } = this;
    const width = 2 + 2 * places.length;
    const end = performance.now() + budget;
    while (this.stale > 0 && performance.now() < end) {
      const some = Math.min(AT_ONCE, count - this.next);
      const x = new Float64Array(some * width);
      for (let p = 0; p < some; p++) {
        const from = 2 * (this.next + p);
        x.set([z[from], z[from + 1], ...places.flat()], p * width);
      }
      const states = euler(field, x, taken);
      for (let k = 0; k <= steps; k++) {
        const time = (k / steps) * taken;
        const from = Math.min(Math.floor(time), taken - 1);
        for (let p = 0; p < some; p++) for (let i = 0; i < 2; i++) {
          const [a, b] = [states[from][p * width + i], states[from + 1][p * width + i]];
          wanted[this.at(k, this.next + p) + i] = a + (time - from) * (b - a);
        }
      }
      this.next = (this.next + some) % count;
      this.stale = Math.max(0, this.stale - some);
    }
  }

  follow(part) {
    for (let i = 0; i < this.shown.length; i++) this.shown[i] += part * (this.wanted[i] - this.shown[i]);
  }

  // How many end less than so far from a mode.
  arrived(far) {
    let landed = 0;
    for (let p = 0; p < this.count; p++) {
      const at = this.at(this.steps, p);
      landed += this.places.some(([x, y]) => Math.hypot(this.wanted[at] - x, this.wanted[at + 1] - y) < far);
    }
    return landed;
  }

  // Where a particle is shown at a time, on the polygon of its steps.
  place(p, t) {
    const step = Math.min(Math.floor(t * this.steps), this.steps - 1);
    const [a, b, rest] = [this.at(step, p), this.at(step + 1, p), t * this.steps - step];
    return [0, 1].map((i) => this.shown[a + i] + rest * (this.shown[b + i] - this.shown[a + i]));
  }
}

class FlowPlane extends Figure {
  ground() {
    super.ground();
    this.style.setProperty("--failing", seen(ROLES.output, this.dark, 4.5));
  }

  start({ net, modes, deviation, reach, noise, steps }) {
    if (!document.getElementById("gen-lib-plane-looks")) {
      document.head.append(make("style", { id: "gen-lib-plane-looks", textContent: PLANE_LOOKS }));
    }
    const z = floats(noise);
    const places = modes.map((place) => [...place]);
    const paths = new Paths(new Net(net).field(2 + 2 * modes.length), z, places, steps);
    const half = reach.map((to) => to + MARGIN * deviation);
    // What is seen: the plane, in it handles to take hold of, below it the controls.
    const plane = make("div", { className: "gen-lib-plane" });
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Particles travel from noise in the middle to ${modes.length} modes of data`);
    plane.append(canvas);
    this.stage.append(plane);
    const pen = canvas.getContext("2d");
    let scale = 1;
    const px = (x) => (x + half[0]) * scale;
    const py = (y) => (half[1] - y) * scale;
    const handles = places.map((_, k) => {
      const handle = make("div", { tabIndex: 0 });
      handle.setAttribute("role", "slider");
      handle.setAttribute("aria-label", `Mode ${k + 1} of the data; the arrow keys move it`);
      handle.setAttribute("aria-valuemin", -reach[0]);
      handle.setAttribute("aria-valuemax", reach[0]);
      plane.append(handle);
      return handle;
    });
    const hint = make("span", { className: "gen-lib-plane-hint", textContent: "drag the data" });
    hint.setAttribute("aria-hidden", "true");
    plane.append(hint);
    const settle = () => places.forEach(([x, y], k) => {
      Object.assign(handles[k].style, { left: `${px(x)}px`, top: `${py(y)}px` });
      if (k === 0) Object.assign(hint.style, { left: `${px(x)}px`, top: `${py(y)}px` });
      handles[k].setAttribute("aria-valuenow", x.toFixed(1));
      handles[k].setAttribute("aria-valuetext", `${readable(x, 1)} across, ${readable(y, 1)} up`);
    });
    const move = (k, to) => {
      places[k] = to.map((value, i) => Math.min(reach[i], Math.max(-reach[i], value)));
      hint.remove();
      settle();
      change();
    };
    handles.forEach((handle, k) => {
      let grip = null; // from the finger to the mode
      handle.addEventListener("pointerdown", (event) => {
        if (event.button || grip) return;
        grip = [places[k][0] - event.clientX / scale, places[k][1] + event.clientY / scale];
        handle.setPointerCapture(event.pointerId);
      });
      handle.addEventListener("pointermove", ({ clientX, clientY }) => {
        if (grip) move(k, [grip[0] + clientX / scale, grip[1] - clientY / scale]);
      });
      for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => { grip = null; });
      handle.addEventListener("keydown", (event) => {
        const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
        if (dx === undefined) return;
        event.preventDefault();
        const far = event.shiftKey ? 0.5 : 0.1;
        move(k, [places[k][0] + far * dx, places[k][1] + far * dy]);
      });
    });

    this.menu("Follow the field in", [`${steps} steps`, "1 step"], 0, (k) => {
      paths.taken = k ? 1 : steps;
      change(true);
    });
    const pause = make("button", { type: "button" });
    this.controls.append(pause);
    const say = voice(this);

    // What happens: a frame after the other while it is in view and nobody wants it to stand still.
    const less = matchMedia("(prefers-reduced-motion: reduce)");
    let [paused, visible, clock, last, waiting] = [false, false, 0, null, false];
    const moves = () => visible && !paused && !less.matches && this.isConnected;
    const report = () => say(`${paths.arrived(LANDED * deviation)} of ${paths.count} particles end in a mode`);
    const still = (part = 1) => {
      waiting = false;
      paths.work();
      paths.follow(part);
      report();
      draw();
    };
    const change = (whole = false) => {
      paths.stale = paths.count;
      if (whole) still(moves() ? 0.3 : 1);
      else if (!moves() && !waiting) {
        waiting = true;
        requestAnimationFrame(() => still());
      }
    };
    const frame = (now) => {
      if (!moves()) {
        last = null;
        return still();
      }
      const passed = last === null ? 0 : Math.min(now - last, 100) / 1000;
      last = now;
      clock += passed / SECONDS;
      const waited = paths.stale;
      paths.work(BUDGET);
      if (waited && !paths.stale) report();
      paths.follow(1 - Math.exp(-passed / 0.09));
      draw();
      requestAnimationFrame(frame);
    };
    const run = () => { if (moves() && last === null) { last = performance.now(); requestAnimationFrame(frame); } };

    const draw = () => {
      const dots = canvas.width / canvas.clientWidth || 1;
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      const view = { pen, px, py, scale, size: Math.max(1.6, Math.min(2.6, scale / 26)) };
      const roles = ["prior", "inference", "output", "data"];
      const [noise, way, sample, data] = roles.map((role) => seen(ROLES[role], this.dark));
      for (const place of places) drawMode(view, place, deviation, data);
      drawRivers(view, paths, way);
      drawParticles(view, paths, clock, [noise, way, sample]);
    };

    const fit = () => {
      const wide = Math.max(200, this.clientWidth || 600);
      scale = wide / (2 * half[0]);
      const dots = devicePixelRatio || 1;
      const [w, h] = [Math.round(wide * dots), Math.round(2 * half[1] * scale * dots)];
      if (canvas.width === w && canvas.height === h) return;
      Object.assign(canvas, { width: w, height: h });
      canvas.style.height = `${2 * half[1] * scale}px`;
      settle();
      draw();
    };
    const named = () => {
      pause.hidden = less.matches;
      pause.setAttribute("aria-label", paused ? "Move the particles" : "Pause the particles");
      pause.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${paused ? "M4 2l10 6-10 6z" : "M3 2h4v12H3zM9 2h4v12H9z"}"/></svg>`;
    };
    pause.addEventListener("click", () => { paused = !paused; named(); run(); });
    less.addEventListener("change", () => { named(); run(); });
    new IntersectionObserver((seen) => { visible = seen.at(-1).isIntersecting; run(); }).observe(plane);
    new ResizeObserver(() => requestAnimationFrame(fit)).observe(this);
    inked(this, draw);
    named();
    fit();
    still();
  }
}

// A glow, and in it quantiles of the data, set like the seeds of a sunflower.
function drawMode({ pen, px, py, scale, size }, [x, y], deviation, color) {
  const radius = LANDED * deviation * scale;
  const glow = pen.createRadialGradient(px(x), py(y), 0, px(x), py(y), radius);
  for (const [at, alpha] of [[0, "66"], [0.5, "26"], [1, "00"]]) glow.addColorStop(at, color + alpha);
  pen.fillStyle = glow;
  pen.fillRect(px(x) - radius, py(y) - radius, 2 * radius, 2 * radius);
  pen.fillStyle = `${color}b0`;
  pen.beginPath();
  for (let k = 0; k < 40; k++) {
    const [far, angle] = [deviation * Math.sqrt(-2 * Math.log(1 - (k + 0.5) / 40)), 2.39996 * k];
    addDisc(pen, px(x + far * Math.cos(angle)), py(y + far * Math.sin(angle)), 0.7 * size);
  }
  pen.fill();
}

// All paths from end to end.
function drawRivers({ pen, px, py }, paths, color) {
  Object.assign(pen, { lineWidth: 1, strokeStyle: `${color}24` });
  pen.beginPath();
  for (let p = 0; p < paths.count; p++) {
    for (let k = 0; k <= paths.steps; k++) {
      const at = paths.at(k, p);
      if (k) pen.lineTo(px(paths.shown[at]), py(paths.shown[at + 1]));
      else pen.moveTo(px(paths.shown[at]), py(paths.shown[at + 1]));
    }
  }
  pen.stroke();
}

// Each particle with a tail, in the colour of its time; they have left at different times.
function drawParticles({ pen, px, py, size }, paths, clock, colors) {
  const shades = Array.from({ length: SHADES }, () => []);
  for (let p = 0; p < paths.count; p++) {
    const phase = (clock + p * 0.61803) % 1;
    const t = Math.min(1, Math.max(0, (phase - LEAVES) / (ARRIVES - LEAVES)));
    shades[Math.round(t * (SHADES - 1))].push([p, t, phase]);
  }
  const point = (p, t) => {
    const [x, y] = paths.place(p, t);
    return [px(x), py(y)];
  };
  Object.assign(pen, { lineCap: "round", lineWidth: size });
  shades.forEach((particles, k) => {
    pen.strokeStyle = pen.fillStyle = throughThree(colors, k / (SHADES - 1));
    for (const [part, alpha] of [[1, 0.25], [0.5, 0.45]]) {
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (const [p, t, phase] of particles) {
        const back = TAIL * part - Math.max(0, phase - ARRIVES) * 1.2; // it shrinks after the arrival
        if (t <= 0 || back <= 0) continue;
        const from = Math.max(0, t - back);
        pen.moveTo(...point(p, from));
        for (let s = 1; s <= 4; s++) pen.lineTo(...point(p, from + (s / 4) * (t - from)));
      }
      pen.stroke();
    }
    pen.globalAlpha = 0.95;
    pen.beginPath();
    for (const [p, t, phase] of particles) {
      addDisc(pen, ...point(p, t), size * Math.min(1, phase / 0.05, (1 - phase) / 0.05)); // it comes and goes softly
    }
    pen.fill();
  });
  pen.globalAlpha = 1;
}

// A colour between three, from the first at t = 0 to the last at t = 1.
function throughThree(colours, t) {
  const at = Math.min(1, Math.floor(t * 2));
  const [from, to] = [channels(colours[at]), channels(colours[at + 1])];
  return `rgb(${from.map((c, i) => Math.round(c + (2 * t - at) * (to[i] - c)))})`;
}

function addDisc(pen, x, y, radius) {
  pen.moveTo(x + radius, y);
  pen.arc(x, y, Math.max(0, radius), 0, 2 * Math.PI);
}

define("flow-plane", FlowPlane);
