// Rows of pictures, as they are at each step of a slider. The pictures come as small as they are, and are shown larger.

class Gallery extends Figure {
  // rows: [name, the strip of each step]; said: a sentence for each step
  start({ slider, steps, rows, strips, said, ratio, at, label }) {
    const state = { at };
    const pictures = rows.map(([name]) => {
      const picture = make("img", { width: ratio[0], height: ratio[1] });
      Object.assign(picture.style, { imageRendering: "pixelated", width: "100%", height: "auto" });
      this.stage.append(make("p", { textContent: name, style: "margin: 0.3rem 0 0.1rem" }), picture);
      return picture;
    });
    const control = this.slider(slider, steps, at, (k) => { state.at = k; show(); });
    if (steps.length > 4) this.player(slider, control, steps.length);
    const say = voice(this);
    const show = () => {
      rows.forEach(([name, order], k) => {
        pictures[k].src = `data:image/png;base64,${strips[order[state.at]]}`;
        pictures[k].alt = `${label} Now: ${name}, ${slider} ${steps[state.at]}.`;
      });
      say(said[state.at]);
    };
    show();
  }
}

define("gallery", Gallery);
