// How a drawing answers: to hands, and to the page that changes around it.

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
    plot.canvas.style.cursor = held >= 0 ? "grabbing" : nearest(event) >= 0 ? "grab" : "";
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
