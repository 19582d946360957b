// Several drawings in one figure: places for them, a legend in each, and a voice for those who do not see them.

// Beside each other where there is room, one below the other on a phone.
function panels(figure, count) {
  const row = make("div");
  Object.assign(row.style, { display: "flex", flexWrap: "wrap", gap: "0.5rem 1rem" });
  const places = Array.from({ length: count }, () => {
    const place = make("div");
    Object.assign(place.style, { flex: "1 1 17rem", minWidth: "0" });
    return place;
  });
  row.append(...places);
  figure.append(row);
  return places;
}

// A paragraph that changes at once, and is read out when it has stood still and nothing plays.
function voice(figure, unseen = false) {
  const said = make("p", { className: `gen-lib-said ${unseen ? "gen-lib-unseen" : ""}` });
  figure.append(said);
  let timer = null;
  return (text) => {
    if (said.textContent === text) return;
    said.setAttribute("aria-live", "off");
    said.textContent = text;
    clearTimeout(timer);
    if (!figure.ready) return; // a page that opens is silent
    timer = setTimeout(() => {
      if (figure.playing) return;
      said.setAttribute("aria-live", "polite");
      said.replaceChildren(text);
    }, 400);
  };
}

// Entries [text, color, dash] below each other, from a place in pixels; a text without a color stands alone.
function legend(plot, entries, left, top) {
  const { pen } = plot;
  Object.assign(pen, { globalAlpha: 1, textAlign: "left", textBaseline: "middle" });
  const ink = getComputedStyle(plot.canvas).color;
  entries.forEach(([text, color, dash = []], k) => {
    const y = top + 16 * k;
    if (color) {
      Object.assign(pen, { strokeStyle: color, lineWidth: 2 });
      pen.setLineDash(dash);
      pen.beginPath();
      pen.moveTo(left, y);
      pen.lineTo(left + 18, y);
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.fillStyle = ink;
    pen.fillText(text, left + (color ? 24 : 0), y);
  });
}
