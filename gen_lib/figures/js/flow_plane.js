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
gen-lib-flow-plane .gen-lib-plane { position: relative; }
gen-lib-flow-plane canvas { display: block; width: 100%; }
gen-lib-flow-plane [role=slider] {
  position: absolute; width: 44px; height: 44px; margin: -22px 0 0 -22px; border-radius: 50%;
  cursor: grab; touch-action: none; outline-offset: -6px; }
gen-lib-flow-plane [role=slider]::after {
  content: ""; position: absolute; inset: 11px; border-radius: 50%; border: 2px solid ${ROLES.data};
  background: color-mix(in srgb, ${ROLES.data} 25%, transparent); transition: inset 0.15s; }
gen-lib-flow-plane [role=slider]:is(:hover, :active, :focus-visible)::after { inset: 7px; border-width: 3px; }
gen-lib-flow-plane [role=slider]:active { cursor: grabbing; }
gen-lib-flow-plane .gen-lib-plane-hint {
  position: absolute; transform: translate(-50%, -46px); pointer-events: none; white-space: nowrap;
  font-size: 14px; line-height: 1.2; }
gen-lib-flow-plane .gen-lib-controls { display: flex; justify-content: space-between; align-items: center; gap: 0.75rem; margin: 0.5rem 0 0; }
gen-lib-flow-plane fieldset {
  display: inline-flex; min-width: 0; margin: 0; padding: 3px; border-radius: 999px;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
gen-lib-flow-plane fieldset label {
  position: relative; margin: 0; padding: 0.45rem 1rem; border-radius: 999px; font-size: 1rem; line-height: 1.4;
  cursor: pointer; white-space: nowrap; }
gen-lib-flow-plane fieldset input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
gen-lib-flow-plane fieldset label:has(:checked) { background: #1b669c; color: #fff; }
gen-lib-flow-plane fieldset label:has(:checked[value="1"]) { background: #b71c1c; }
gen-lib-flow-plane fieldset label:has(:focus-visible) { outline: 3px solid ${ROLES.data}; outline-offset: 2px; }
gen-lib-flow-plane .gen-lib-controls button {
  width: 44px; height: 44px; padding: 0; border-radius: 50%; background: transparent; color: inherit; cursor: pointer;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
gen-lib-flow-plane button svg { display: block; margin: auto; width: 1rem; height: 1rem; fill: currentColor; }
gen-lib-flow-plane .gen-lib-said { margin: 0.3rem 0 0; min-height: 0; font-size: 1rem; line-height: 1.4; }
`;

class FlowPlane extends Figure {
  start({ net, modes, deviation, reach, noise, steps }) {
    if (!document.getElementById("gen-lib-plane-looks")) {
      document.head.append(make("style", { id: "gen-lib-plane-looks", textContent: PLANE_LOOKS }));
    }
    const z = floats(noise);
    const count = z.length / 2;
    const width = 2 + 2 * modes.length;
    const field = new Net(net).field(width);
    const places = modes.map((place) => [...place]);
    const half = reach.map((to) => to + MARGIN * deviation);
    const wanted = new Float64Array((steps + 1) * z.length); // the paths, state by state
    const shown = new Float64Array(wanted.length); // what follows them smoothly
    let taken = steps;
    let [next, stale] = [0, 0]; // the particle whose path comes next, and how many wait

    // New paths, until the time is used up.
    const work = (budget = Infinity) => {
      const end = performance.now() + budget;
      while (stale > 0 && performance.now() < end) {
        const some = Math.min(AT_ONCE, count - next);
        const x = new Float64Array(some * width);
        for (let p = 0; p < some; p++) x.set([z[2 * (next + p)], z[2 * (next + p) + 1], ...places.flat()], p * width);
        const states = euler(field, x, taken);
        for (let k = 0; k <= steps; k++) {
          const at = (k / steps) * taken;
          const from = Math.min(Math.floor(at), taken - 1);
          for (let p = 0; p < some; p++) for (let i = 0; i < 2; i++) {
            const [a, b] = [states[from][p * width + i], states[from + 1][p * width + i]];
            wanted[k * 2 * count + 2 * (next + p) + i] = a + (at - from) * (b - a);
          }
        }
        next = (next + some) % count;
        stale = Math.max(0, stale - some);
      }
    };
    const arrived = () => {
      let in_a_mode = 0;
      for (let p = 0; p < count; p++) {
        const at = steps * 2 * count + 2 * p;
        in_a_mode += places.some(([x, y]) => Math.hypot(wanted[at] - x, wanted[at + 1] - y) < LANDED * deviation);
      }
      return in_a_mode;
    };

    // What is seen: the plane, in it handles to take hold of, below it the controls.
    const stage = make("div", { className: "gen-lib-plane" });
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Particles travel from noise in the middle to ${modes.length} modes of data`);
    stage.append(canvas);
    const pen = canvas.getContext("2d");
    const shades = Array.from({ length: SHADES }, (_, k) => planeShade(k / (SHADES - 1)));
    let scale = 1;
    const px = (x) => (x + half[0]) * scale;
    const py = (y) => (half[1] - y) * scale;
    const data = places.map(() => Array.from({ length: 40 }, (_, k) => { // a sunflower of quantiles
      const [r, angle] = [deviation * Math.sqrt(-2 * Math.log(1 - (k + 0.5) / 40)), 2.39996 * k];
      return [r * Math.cos(angle), r * Math.sin(angle)];
    }));

    const handles = places.map((_, k) => {
      const handle = make("div", { tabIndex: 0 });
      handle.setAttribute("role", "slider");
      handle.setAttribute("aria-label", `Mode ${k + 1} of the data; the arrow keys move it`);
      handle.setAttribute("aria-valuemin", -reach[0]);
      handle.setAttribute("aria-valuemax", reach[0]);
      stage.append(handle);
      return handle;
    });
    const hint = make("span", { className: "gen-lib-plane-hint", textContent: "drag the data" });
    hint.setAttribute("aria-hidden", "true");
    stage.append(hint);
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

    const choice = make("fieldset", {}, make("legend", { className: "gen-lib-unseen", textContent: "Follow the field in" }));
    const group = `gen-lib-plane-${(FlowPlane.count = (FlowPlane.count ?? 0) + 1)}`;
    for (const [value, text] of [[steps, `${steps} steps`], [1, "1 step"]]) {
      const input = make("input", { type: "radio", name: group, value, checked: value === steps });
      input.addEventListener("change", () => { taken = value; next = 0; change(true); });
      choice.append(make("label", {}, input, text));
    }
    const pause = make("button", { type: "button" });
    this.controls.append(choice, pause);
    this.append(stage, this.controls);
    const say = voice(this);

    // What happens: a frame after the other while it is in view and nobody wants it to stand still.
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    let [paused, visible, clock, last, waiting] = [false, false, 0, null, false];
    const moves = () => visible && !paused && !calm.matches && this.isConnected;
    const report = () => {
      const landed = arrived();
      say(`${landed} of ${count} particles end in a mode of the data`);
    };
    const follow = (part) => {
      for (let i = 0; i < shown.length; i++) shown[i] += part * (wanted[i] - shown[i]);
    };
    const change = (whole = false) => {
      stale = count;
      if (whole) work();
      if (moves()) {
        if (whole) { report(); follow(0.3); draw(); }
        return;
      }
      if (waiting) return;
      waiting = true;
      const still = () => { waiting = false; work(); follow(1); report(); draw(); };
      if (whole) still();
      else requestAnimationFrame(still);
    };
    const frame = (now) => {
      if (!moves()) { last = null; work(); follow(1); draw(); return; }
      const passed = last === null ? 0 : Math.min(now - last, 100) / 1000;
      last = now;
      clock += passed / SECONDS;
      const waited = stale;
      work(BUDGET);
      if (waited && !stale) report();
      follow(1 - Math.exp(-passed / 0.09));
      draw();
      requestAnimationFrame(frame);
    };
    const run = () => { if (moves() && last === null) { last = performance.now(); requestAnimationFrame(frame); } };

    const draw = () => {
      const [w, h] = [canvas.width / scale, canvas.height / scale];
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      const dots = canvas.width / canvas.clientWidth || 1;
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      const size = Math.max(1.6, Math.min(2.6, scale / 26));
      for (const [k, [x, y]] of places.entries()) { // the data
        const glow = pen.createRadialGradient(px(x), py(y), 0, px(x), py(y), 3 * deviation * scale);
        glow.addColorStop(0, `${ROLES.data}66`);
        glow.addColorStop(0.5, `${ROLES.data}26`);
        glow.addColorStop(1, `${ROLES.data}00`);
        pen.fillStyle = glow;
        pen.fillRect(px(x) - 3 * deviation * scale, py(y) - 3 * deviation * scale, 6 * deviation * scale, 6 * deviation * scale);
        pen.fillStyle = `${ROLES.data}b0`;
        pen.beginPath();
        for (const [dx, dy] of data[k]) addDisc(pen, px(x + dx), py(y + dy), size * 0.7);
        pen.fill();
      }
      pen.lineWidth = 1; // the rivers
      pen.strokeStyle = `${ROLES.inference}24`;
      pen.beginPath();
      for (let p = 0; p < count; p++) {
        for (let k = 0; k <= steps; k++) {
          const at = k * 2 * count + 2 * p;
          if (k) pen.lineTo(px(shown[at]), py(shown[at + 1]));
          else pen.moveTo(px(shown[at]), py(shown[at + 1]));
        }
      }
      pen.stroke();
      const bins = Array.from({ length: SHADES }, () => []); // the particles, by their time
      for (let p = 0; p < count; p++) {
        const phase = (clock + p * 0.61803) % 1;
        const t = Math.min(1, Math.max(0, (phase - LEAVES) / (ARRIVES - LEAVES)));
        bins[Math.round(t * (SHADES - 1))].push([p, t, phase]);
      }
      const place = (p, t) => {
        const at = Math.min(Math.floor(t * steps), steps - 1);
        const [a, b] = [at * 2 * count + 2 * p, (at + 1) * 2 * count + 2 * p];
        const rest = t * steps - at;
        return [px(shown[a] + rest * (shown[b] - shown[a])), py(shown[a + 1] + rest * (shown[b + 1] - shown[a + 1]))];
      };
      pen.lineCap = "round";
      bins.forEach((bin, k) => {
        pen.strokeStyle = pen.fillStyle = shades[k];
        for (const [part, alpha] of [[1, 0.25], [0.5, 0.45]]) {
          pen.globalAlpha = alpha;
          pen.lineWidth = size;
          pen.beginPath();
          for (const [p, t, phase] of bin) {
            const back = TAIL * part - Math.max(0, phase - ARRIVES) * 1.2;
            if (t <= 0 || back <= 0) continue;
            const from = Math.max(0, t - back);
            pen.moveTo(...place(p, from));
            for (let s = 1; s <= 4; s++) pen.lineTo(...place(p, from + (s / 4) * (t - from)));
          }
          pen.stroke();
        }
        pen.globalAlpha = 0.95;
        pen.beginPath();
        for (const [p, t, phase] of bin) {
          const young = Math.min(1, phase / 0.05, (1 - phase) / 0.05);
          const [x, y] = place(p, t);
          addDisc(pen, x, y, size * young);
        }
        pen.fill();
      });
      pen.globalAlpha = 1;
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
      pause.hidden = calm.matches;
      pause.setAttribute("aria-label", paused ? "Move the particles" : "Pause the particles");
      pause.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${paused ? "M4 2l10 6-10 6z" : "M3 2h4v12H3zM9 2h4v12H9z"}"/></svg>`;
    };
    pause.addEventListener("click", () => { paused = !paused; named(); run(); });
    calm.addEventListener("change", () => { named(); run(); });
    new IntersectionObserver((seen) => { visible = seen.at(-1).isIntersecting; run(); }).observe(stage);
    new ResizeObserver(() => requestAnimationFrame(fit)).observe(this);
    inked(this, draw);
    named();
    stale = count;
    work();
    follow(1);
    report();
    fit();
  }
}

// The colour of a particle: noise, on the way, a sample.
function planeShade(t) {
  const stops = [ROLES.prior, ROLES.inference, ROLES.output].map((color) =>
    [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const at = Math.min(1, Math.floor(t * 2));
  return `rgb(${stops[at].map((from, i) => Math.round(from + (2 * t - at) * (stops[at + 1][i] - from)))})`;
}

function addDisc(pen, x, y, radius) {
  pen.moveTo(x + radius, y);
  pen.arc(x, y, Math.max(0, radius), 0, 2 * Math.PI);
}

define("flow-plane", FlowPlane);
