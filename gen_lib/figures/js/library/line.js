// What figures of maps on the line share.

// A number as it is read: with a true minus sign, and none before a zero.
const readable = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212").replace(/^\u2212(0\.?0*)$/, "$1");

// The even numbers between two numbers, as ticks of an axis.
const evenTicks = ([low, high]) =>
  Array.from({ length: high - low + 1 }, (_, k) => low + k).filter((tick) => tick % 2 === 0);

// A legend that finds room on a phone: entries [text, color, look], "solid", "dashed", "thick" or "ring".
function swatches(figure, entries) {
  const legend = make("p");
  const style = { display: "flex", flexWrap: "wrap", gap: "0.1rem 1.1rem", margin: "0.3rem 0", fontSize: "0.9rem" };
  Object.assign(legend.style, style);
  for (const [text, color, look = "solid"] of entries) {
    const sample = make("span");
    const size = look === "ring"
      ? { width: "0.7rem", height: "0.7rem", border: `2px solid ${color}`, borderRadius: "50%" }
      : { width: "1.5rem", borderTop: look === "thick" ? `4px solid ${color}` : `2px ${look} ${color}` };
    Object.assign(sample.style, { display: "inline-block", boxSizing: "border-box", ...size });
    const entry = make("span", {}, sample, text);
    Object.assign(entry.style, { display: "inline-flex", alignItems: "center", gap: "0.35rem" });
    legend.append(entry);
  }
  figure.append(legend);
}

// A circle around a place, through which what lies there is seen.
function ringAt(plot, [x, y], color, size = 8) {
  const { pen } = plot;
  Object.assign(pen, { strokeStyle: color, lineWidth: 2, globalAlpha: 1 });
  pen.beginPath();
  pen.arc(plot.px(x), plot.py(y), size, 0, 2 * Math.PI);
  pen.stroke();
}
