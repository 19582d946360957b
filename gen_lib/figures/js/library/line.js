// What figures of maps on the line share.

// A number as it is read: with a true minus sign, and none before a zero.
const readable = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212").replace(/^\u2212(0\.?0*)$/, "$1");

// The even numbers between two numbers, as ticks of an axis.
const evenTicks = ([low, high]) =>
  Array.from({ length: high - low + 1 }, (_, k) => low + k).filter((tick) => tick % 2 === 0);

// A legend where names find no room at the curves: entries [text, color, look], "solid", "dashed", "thick" or "ring".
function swatches(figure, entries) {
  const legend = make("p");
  Object.assign(legend.style, { display: "flex", flexWrap: "wrap", gap: "0.1rem 1.1rem", margin: "0.2rem 0", fontSize: "12px" });
  const samples = entries.map(([text, color, look = "solid"]) => {
    const sample = make("span");
    const paint = () => {
      const ink = color === "currentColor" ? color : seen(color, figure.dark);
      Object.assign(sample.style, { display: "inline-block", boxSizing: "border-box" }, look === "ring"
        ? { width: "0.7rem", height: "0.7rem", border: `2px solid ${ink}`, borderRadius: "50%" }
        : { width: "1.5rem", borderTop: look === "thick" ? `4px solid ${ink}` : `2px ${look} ${ink}` });
    };
    const entry = make("span", {}, sample, text);
    Object.assign(entry.style, { display: "inline-flex", alignItems: "center", gap: "0.35rem" });
    legend.append(entry);
    return paint;
  });
  const paint = () => samples.forEach((one) => one());
  inked(figure, paint);
  paint();
  (figure.stage ?? figure).append(legend);
}

// A circle around a place, through which what lies there is seen.
function ringAt(plot, [x, y], color, size = 8) {
  const { pen } = plot;
  Object.assign(pen, { strokeStyle: plot.colour(color), lineWidth: 2, globalAlpha: 1 });
  pen.beginPath();
  pen.arc(plot.px(x), plot.py(y), size, 0, 2 * Math.PI);
  pen.stroke();
}

// Between two entries of a list, which lie at whole places: the one before, the one after, and the part of the way.
function between(at) {
  const low = Math.floor(at);
  return [low, Math.ceil(at), at - low];
}

// From one array of numbers to another of the same length, along the part of the way.
const mix = (one, other, part) => (part ? one.map((value, k) => (1 - part) * value + part * other[k]) : one);
