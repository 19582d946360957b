// Pictures of all combinations of a few choices; a control for each choice.

class Explore extends Figure {
  get keepsPicture() { return true; }

  start({ alt, at, choices, frames, order }) {
    const holder = make("div");
    this.querySelector("img, svg").replaceWith(holder);
    const say = voice(this, true);
    const show = () => {
      const place = choices.reduce((sum, choice, k) => sum * choice.values.length + at[k], 0);
      holder.innerHTML = frames[order[place]];
      const values = choices.map((choice, k) => `${choice.name} ${choice.values[at[k]]}`).join(", ");
      holder.firstChild.setAttribute("role", "img");
      holder.firstChild.setAttribute("aria-label", `${alt} Now: ${values}.`);
      return values;
    };
    show();
    choices.forEach(({ name, ordered, values }, k) => {
      if (values.length < 2) return;
      const change = (to) => { at[k] = to; say(show()); };
      if (!ordered) { this.menu(name, values, at[k], change); return; }
      const slider = this.slider(name, values, at[k], change);
      if (values.length > 4) this.player(name, slider, values.length);
    });
  }
}

define("explore", Explore);
