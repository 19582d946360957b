// Data drawn by hand: a stroke of mouse or finger leaves points around it; by keyboard the arrows move a cross, and the
// space bar leaves points there. On the line only the height counts.

const LEAST = 20; // points that a training needs
const MOST = 1200;

class Drawing {
  constructor(plot, changed) {
    Object.assign(this, { plot, changed, points: [], open: false, dim: 2, cross: [0, 0], spare: 1 });
    const { canvas } = plot;
    let held = null;
    canvas.addEventListener("touchstart", (event) => { if (this.open) event.preventDefault(); }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.open || event.button || held !== null) return;
      held = event.pointerId;
      canvas.setPointerCapture(held);
      this.leave(plot.place(event));
    });
    canvas.addEventListener("pointermove", (event) => { if (event.pointerId === held) this.leave(plot.place(event)); });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => { if (event.pointerId === held) held = null; });
    }
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!this.open || !(moves || event.key === " ")) return;
      event.preventDefault();
      if (moves) {
        this.cross = this.cross.map((x, i) => Math.max(-3.5, Math.min(3.5, x + 0.25 * moves[i])));
        this.changed();
      } else this.leave(this.cross, 12);
    });
  }

  // Ready for a hand, in the plane or on the line.
  begin(dim) {
    if (dim !== this.dim) this.points = [];
    Object.assign(this, { dim, open: true });
    this.plot.canvas.tabIndex = 0;
    this.plot.canvas.style.cursor = "crosshair";
  }

  end() {
    this.open = false;
    this.plot.canvas.removeAttribute("tabindex");
    this.plot.canvas.style.cursor = "";
  }

  leave([x, y], count = 4) {
    const middle = this.dim === 1 ? [y] : [x, y];
    if (middle.some((at) => Math.abs(at) > 3.9)) return;
    for (let k = 0; k < count && this.points.length < MOST; k++) {
      this.points.push(middle.map((at) => Math.max(-4, Math.min(4, at + 0.12 * this.jitter()))));
    }
    this.changed();
  }

  // About normal, and the same for the same strokes: a sum of uniform numbers.
  jitter() {
    let sum = -6;
    for (let k = 0; k < 12; k++) {
      this.spare = (Math.imul(this.spare, 1664525) + 1013904223) >>> 0;
      sum += this.spare / 4294967296;
    }
    return sum;
  }

  // Three quarters to train on, and every fourth point to judge by.
  split() {
    return { points: this.points.filter((_, k) => k % 4), held: this.points.filter((_, k) => k % 4 === 0) };
  }
}
