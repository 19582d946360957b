// A drawing on a canvas: two axes, and what stands between them, in the colours of the roles (ROLES, from page.py).

class Plot {
  // x, y: [low, high] of the axes; label: what it shows, in words
  constructor(figure, { x, y, xLabel, yLabel, xTicks, yTicks, ratio = 0.6, label }) {
    Object.assign(this, { x, y, xLabel, yLabel, xTicks, yTicks, ratio });
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    Object.assign(this.canvas.style, { width: "100%", maxWidth: "40rem", display: "block" });
    figure.append(this.canvas);
    this.pen = this.canvas.getContext("2d");
    this.left = 44;
    this.bottom = 40;
    this.top = 10;
    this.right = 12;
    this.resize();
  }

  // To the width that there is and the pixels of the screen; true if that has changed.
  resize() {
    const width = Math.max(240, Math.min(640, this.canvas.parentElement.clientWidth || 640));
    const scale = window.devicePixelRatio || 1;
    if (width === this.width && scale === this.scale) return false;
    Object.assign(this, { width, scale, height: Math.round(width * this.ratio) });
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    return true;
  }

  // Places in the drawing to pixels, and back.
  px(x) { return this.left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * (this.width - this.left - this.right); }

  py(y) { return this.height - this.bottom - ((y - this.y[0]) / (this.y[1] - this.y[0])) * (this.height - this.top - this.bottom); }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * this.width;
    const py = ((event.clientY - box.top) / box.height) * this.height;
    return [
      this.x[0] + ((px - this.left) / (this.width - this.left - this.right)) * (this.x[1] - this.x[0]),
      this.y[0] + ((this.height - this.bottom - py) / (this.height - this.top - this.bottom)) * (this.y[1] - this.y[0]),
    ];
  }

  clear() {
    const { pen } = this;
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.globalAlpha = 1;
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.canvas).color;
    pen.lineWidth = 1;
    pen.font = "13px system-ui, sans-serif";
    pen.beginPath();
    pen.moveTo(this.left, this.top);
    pen.lineTo(this.left, this.height - this.bottom);
    pen.lineTo(this.width - this.right, this.height - this.bottom);
    pen.stroke();
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of this.xTicks) pen.fillText(String(tick).replace("-", "\u2212"), this.px(tick), this.height - this.bottom + 5);
    pen.fillText(this.xLabel, (this.left + this.width - this.right) / 2, this.height - 17);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of this.yTicks) pen.fillText(String(tick).replace("-", "\u2212"), this.left - 6, this.py(tick));
    pen.save();
    pen.translate(11, (this.top + this.height - this.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(this.yLabel, 0, 0);
    pen.restore();
  }

  // Keeps what follows inside the axes.
  inside(draw) {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(this.left, this.top - 5, this.width - this.left - this.right + 8, this.height - this.top - this.bottom + 5);
    pen.clip();
    draw();
    pen.restore();
  }

  // A line through places [x, y].
  line(places, color, { width = 1, alpha = 1, dash = [] } = {}) {
    const { pen } = this;
    Object.assign(pen, { strokeStyle: color, lineWidth: width, globalAlpha: alpha });
    pen.setLineDash(dash);
    pen.beginPath();
    places.forEach(([x, y], i) => (i ? pen.lineTo(this.px(x), this.py(y)) : pen.moveTo(this.px(x), this.py(y))));
    pen.stroke();
    pen.setLineDash([]);
  }

  dots(places, color, { size = 3, alpha = 1 } = {}) {
    const { pen } = this;
    Object.assign(pen, { fillStyle: color, globalAlpha: alpha });
    for (const [x, y] of places) {
      pen.beginPath();
      pen.arc(this.px(x), this.py(y), size, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

// Points of a drawing that a finger or a mouse can drag; elsewhere a finger scrolls the page.
function grab(plot, points, moved) {
  let [held, by] = [-1, null]; // a point, and the finger that has it
  const nearest = (event) => {
    const [x, y] = plot.place(event);
    const far = points().map(([px, py]) => Math.hypot(plot.px(px) - plot.px(x), plot.py(py) - plot.py(y)));
    const best = far.indexOf(Math.min(...far));
    return far[best] < 24 ? best : -1;
  };
  plot.canvas.addEventListener("touchstart", (event) => {
    if (held >= 0 || nearest(event.changedTouches[0]) >= 0) event.preventDefault();
  }, { passive: false });
  plot.canvas.addEventListener("pointerdown", (event) => {
    if (event.button || held >= 0) return; // another button, another finger
    [held, by] = [nearest(event), event.pointerId];
    if (held >= 0) plot.canvas.setPointerCapture(by);
  });
  plot.canvas.addEventListener("pointermove", (event) => {
    plot.canvas.style.cursor = held >= 0 || nearest(event) >= 0 ? "grab" : "";
    if (held >= 0 && event.pointerId === by) moved(held, plot.place(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    plot.canvas.addEventListener(end, (event) => { if (event.pointerId === by) held = -1; });
  }
}

// Draws again when the width, the pixels of the screen or the ink have changed.
function keepDrawn(figure, plots, show) {
  const changed = () => { if (plots.filter((plot) => plot.resize()).length) show(); };
  new ResizeObserver(() => requestAnimationFrame(changed)).observe(figure);
  inked(figure, show);
}
