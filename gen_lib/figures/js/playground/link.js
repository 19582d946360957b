// A setting as the end of an address, and back: words and numbers as they are, a drawing as pairs of bytes.

const FRAME = 4; // a drawing lies within [-4, 4]^2

function toLink(setting, drawing) {
  const entries = Object.entries(setting).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  if (drawing.length) {
    const whole = drawing.flatMap((point) => point.map((x) => Math.round(((x + FRAME) / (2 * FRAME)) * 255)));
    const text = btoa(String.fromCharCode(...whole));
    entries.push(`drawing=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`);
  }
  return `#playground:${entries.join("&")}`;
}

// { setting, drawing } with what the link says of known names, or null if it is no link of a playground.
function fromLink(hash, d) {
  if (!hash.startsWith("#playground:")) return null;
  const found = Object.fromEntries(hash.slice("#playground:".length).split("&").map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), safely(() => decodeURIComponent(entry.slice(at + 1)), "")];
  }));
  const { drawing: text = "", ...setting } = found;
  const letters = safely(() => atob(text.replaceAll("-", "+").replaceAll("_", "/")), "");
  const values = Array.from(letters, (letter) => (letter.charCodeAt(0) / 255) * 2 * FRAME - FRAME);
  const dim = d(setting);
  const drawing = Array.from({ length: Math.floor(values.length / dim) }, (_, p) => values.slice(p * dim, (p + 1) * dim));
  return { setting, drawing };
}

function safely(read, otherwise) {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
