// Small pictures of grey pixels: 1 is black ink on white paper, by day and by night.

// Values to the bytes of an image: what lies outside [0, 1] is cut off there.
function greys(values) {
  const out = new Uint8ClampedArray(4 * values.length).fill(255);
  for (let i = 0; i < values.length; i++) out.fill(255 * (1 - Math.min(1, Math.max(0, values[i]))), 4 * i, 4 * i + 3);
  return out;
}

// A table of pictures on a canvas of its own, with a word above each column and next to each row.
class Pictures {
  constructor(figure, { rows = [], left = 0, most = 72, label }) {
    Object.assign(this, { rows, left, most });
    this.canvas = make("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    Object.assign(this.canvas.style, { display: "block", maxWidth: "100%", width: "auto", margin: "0 auto" });
    (figure.stage ?? figure).append(this.canvas);
    this.pen = this.canvas.getContext("2d");
  }

  // pictures: rows of arrays of values
  show(pictures, columns) {
    const { pen, canvas, left, rows } = this;
    const gap = 8;
    const room = (canvas.parentElement.clientWidth || 640) - left;
    const side = Math.max(24, Math.min(this.most, Math.floor(room / columns.length - gap)));
    const scale = window.devicePixelRatio || 1;
    const width = left + columns.length * (side + gap);
    const height = 20 + pictures.length * (side + gap);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.width = `${width}px`;
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(canvas).color;
    pen.font = `12px ${FONT}`;
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    columns.forEach((word, c) => pen.fillText(word, left + c * (side + gap) + side / 2, 9));
    pen.textAlign = "left";
    rows.forEach((word, r) => pen.fillText(word, 0, 20 + r * (side + gap) + side / 2));
    pictures.forEach((row, r) => row.forEach((values, c) =>
      this.picture(values, left + c * (side + gap) + 1, 20 + r * (side + gap), side)));
  }

  // One square picture, every pixel a sharp square.
  picture(values, x, y, side) {
    const { pen } = this;
    const edge = Math.round(Math.sqrt(values.length));
    const small = make("canvas", { width: edge, height: edge });
    small.getContext("2d").putImageData(new ImageData(greys(values), edge, edge), 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, x, y, side, side);
    pen.strokeStyle = ROLES.coupling;
    pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
  }
}
