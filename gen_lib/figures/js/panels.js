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

// A paragraph that is read out when its text changes.
function voice(figure) {
  const said = make("p", { className: "gen-lib-said" });
  said.setAttribute("aria-live", "polite");
  figure.append(said);
  return (text) => { if (said.textContent !== text) said.textContent = text; };
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
