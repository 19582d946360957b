// Colours that can be seen on the ground they stand on, by day and by night.

const GROUNDS = ["#ffffff", "#15181c"]; // of light pages and of dark ones

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

// Relative luminance (WCAG 2.2).
function luminance(colour) {
  const [r, g, b] = channels(colour).map((c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const known = new Map();

// A colour as it has to be on a dark or a light ground: mixed with white or black until the contrast is that of marks,
// 3, or of text, 4.5.
function seen(colour, dark, least = 3) {
  const key = colour + dark + least;
  for (let k = 0; !known.has(key) && k <= 20; k++) {
    const mixed = channels(colour).map((c) => Math.round(c + (k / 20) * ((dark ? 255 : 0) - c)));
    const found = `#${mixed.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
    if (contrast(found, GROUNDS[Number(dark)]) >= least) known.set(key, found);
  }
  return known.get(key);
}

// Whether text of this colour, as the style of an element has it, is for a dark ground.
function forDark(ink) {
  const [r, g, b] = ink.match(/[\d.]+/g).map(Number);
  return r + g + b >= 384;
}
