// Pictures of all combinations of a few choices; a control for each choice.

class Explore extends Figure {
  get keepsPicture() { return true; }

  start({ alt, at, choices, frames, order }) {
    const picture = this.querySelector("img");
    const first = picture.src;
    const say = voice(this, true);
    const show = () => {
      const place = choices.reduce((sum, choice, k) => sum * choice.values.length + at[k], 0);
      const frame = frames[order[place]];
      picture.src = frame ? "data:image/png;base64," + frame : first;
      const values = choices.map((choice, k) => `${choice.name} ${choice.values[at[k]]}`).join(", ");
      picture.alt = `${alt} Now: ${values}.`;
      say(values);
    };
    choices.forEach(({ name, ordered, values }, k) => {
      if (values.length < 2) return;
      const change = (to) => { at[k] = to; show(); };
      if (!ordered) { this.menu(name, values, at[k], change); return; }
      const slider = this.slider(name, values, at[k], change);
      if (values.length > 4) this.player(name, slider, values.length);
    });
  }
}

define("explore", Explore);
