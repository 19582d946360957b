// A drawing on a canvas: two axes, and what stands between them, in the colours of the roles (ROLES, from page.py).

const FONT = "system-ui, sans-serif"; // in three sizes: 12 for ticks and axes, 14 for names, 16 for titles

class Plot {
  // x, y: [low, high] of the axes; ratio: height to width, and that on a phone; most: height at most, in pixels;
  // right: room for names at the ends of curves; square: as high as wide between the axes; label: what it shows
  constructor(figure, { x, y, xLabel = "", yLabel = "", xTicks = [], yTicks = [], ratio = 0.5, narrow = 0.75, most = 380, right = 12, square = false, label }) {
    Object.assign(this, { x, y, xLabel, yLabel, xTicks, yTicks, ratio, narrow, most, room: right, square });
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    Object.assign(this.canvas.style, { display: "block", width: "100%" });
    this.canvas.plot = this; // so that the room between its axes can be asked for
    (figure.stage ?? figure).append(this.canvas);
    this.pen = this.canvas.getContext("2d");
    this.resize();
  }

  // To the width that there is and the pixels of the screen; true if that has changed.
  resize() {
    const width = Math.max(120, this.canvas.parentElement.clientWidth || 640);
    const whole = this.canvas.closest(".gen-lib-figure")?.clientWidth || width;
    const scale = window.devicePixelRatio || 1;
    if (width === this.width && scale === this.scale && whole === this.whole) return false;
    this.small = whole < 480; // a phone
    Object.assign(this, { width, scale, whole, left: 12, right: this.room });
    this.margins();
    const wanted = this.square ? width - this.left - this.right + this.top + this.bottom
      : width * (this.small ? this.narrow : this.ratio);
    this.height = Math.round(Math.min(this.most, wanted));
    if (this.square) { // in the middle, if it could be higher
      this.left += (wanted - this.height) / 2;
      this.right += (wanted - this.height) / 2;
    }
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    return true;
  }

  // Room for ticks and names; what was found for one state of a figure stays for the others, so that nothing jumps.
  margins() {
    this.pen.font = `12px ${FONT}`;
    const widths = this.yTicks.map((tick) => this.pen.measureText(this.text(tick)).width);
    this.left = Math.max(this.left, Math.ceil(8 + Math.max(4, ...widths)));
    this.top = this.yLabel ? 26 : 10;
    this.bottom = 6 + (this.xTicks.length ? 17 : 0) + (this.xLabel ? 17 : 0);
  }

  text(tick) { return String(tick).replace("-", "\u2212"); }

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

  // A colour as it has to be on the ground of the page; the ink of the page if none is given.
  colour(of, least) { return !of || of === "currentColor" ? this.ink : seen(of, this.dark, least); }

  clear() {
    const { pen } = this;
    this.margins();
    this.ink = getComputedStyle(this.canvas).color;
    this.dark = forDark(this.ink);
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const [left, right, floor] = [this.left, this.width - this.right, this.height - this.bottom];
    Object.assign(pen, { strokeStyle: this.ink, fillStyle: this.ink, lineWidth: 1, globalAlpha: 0.35 });
    pen.beginPath();
    if (this.yTicks.length) pen.moveTo(left, this.top);
    else pen.moveTo(left, floor);
    pen.lineTo(left, floor);
    if (this.xTicks.length || this.yTicks.length) pen.lineTo(right, floor);
    pen.stroke();
    pen.globalAlpha = 0.85;
    pen.font = `12px ${FONT}`;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    let free = -Infinity; // ticks that would touch are left out
    for (const tick of this.xTicks) {
      const half = pen.measureText(this.text(tick)).width / 2;
      const at = Math.min(this.px(tick), this.width - half);
      if (at - half < free) continue;
      pen.fillText(this.text(tick), at, floor + 5);
      free = at + half + 4;
    }
    pen.fillText(this.xLabel, (left + right) / 2, this.height - 15);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of this.yTicks) pen.fillText(this.text(tick), left - 5, this.py(tick));
    pen.textAlign = "left";
    pen.fillText(this.yLabel, 0, 8);
    pen.globalAlpha = 1;
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

  path(places) {
    this.pen.beginPath();
    places.forEach(([x, y], i) => (i ? this.pen.lineTo(this.px(x), this.py(y)) : this.pen.moveTo(this.px(x), this.py(y))));
  }

  // A line through places [x, y].
  line(places, colour, { width = 1, alpha = 1, dash = [] } = {}) {
    Object.assign(this.pen, { strokeStyle: this.colour(colour), lineWidth: width, globalAlpha: alpha, lineJoin: "round" });
    this.pen.setLineDash(dash);
    this.path(places);
    this.pen.stroke();
    this.pen.setLineDash([]);
  }

  // A ribbon: what a line of places encloses, filled, and the line itself.
  fill(places, colour, { width = 1.5, alpha = 0.25 } = {}) {
    Object.assign(this.pen, { fillStyle: this.colour(colour), globalAlpha: alpha });
    this.path(places);
    this.pen.fill();
    if (width) this.line(places, colour, { width });
  }

  dots(places, colour, { size = 3, alpha = 1 } = {}) {
    const { pen } = this;
    Object.assign(pen, { fillStyle: this.colour(colour), globalAlpha: alpha });
    for (const [x, y] of places) {
      pen.beginPath();
      pen.arc(this.px(x), this.py(y), size, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  // A point that can be taken hold of: a disc in a rim.
  handle([x, y], colour, size = 8) {
    this.dots([[x, y]], colour, { size: size + 5, alpha: 0.25 });
    this.dots([[x, y]], "currentColor", { size: size + 1.5 });
    this.dots([[x, y]], colour, { size });
  }

  // Words at a place; over lines, so with a rim in the colour of the ground.
  write(words, [x, y], { colour, align = "left", baseline = "middle", size = 12, bold = false, right = 0, down = 0 } = {}) {
    this.put(words, this.px(x) + right, this.py(y) + down, { colour, align, baseline, size, bold });
  }

  // The same at pixels.
  put(words, left, top, { colour, align = "left", baseline = "middle", size = 12, bold = false } = {}) {
    const { pen } = this;
    pen.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
    Object.assign(pen, { textAlign: align, textBaseline: baseline, lineWidth: 3, lineJoin: "round" });
    Object.assign(pen, { strokeStyle: GROUNDS[Number(this.dark)], fillStyle: this.colour(colour, 4.5), globalAlpha: 0.8 });
    pen.strokeText(words, left, top);
    pen.globalAlpha = 1;
    pen.fillText(words, left, top);
  }

  // Names right of the ends of curves, [words, place, colour], moved apart where they would touch.
  names(entries, gap = 15, away = 6) {
    const rows = entries.map(([words, [x, y], colour]) => ({ words, colour, left: this.px(x) + away, top: this.py(y) }));
    rows.sort((a, b) => a.top - b.top);
    const floor = this.height - this.bottom - 4;
    rows.forEach((row, k) => { row.top = Math.max(row.top, this.top + 4, k ? rows[k - 1].top + gap : 0); });
    for (let k = rows.length - 1, most = floor; k >= 0; k--, most -= gap) rows[k].top = Math.min(rows[k].top, most);
    for (const { words, colour, left, top } of rows) this.put(words, left, top, { colour });
  }
}
