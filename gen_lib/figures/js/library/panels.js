// Several drawings in one figure: places for them, and a voice for those who do not see them.

// Next to each other where there is room for the least width of each, else one below the other; widths as these parts.
function panels(figure, parts, least = "17rem") {
  const row = make("div", { className: "gen-lib-panels" });
  const places = (Array.isArray(parts) ? parts : new Array(parts).fill(1)).map((part) => {
    const place = make("div");
    Object.assign(place.style, { flex: `${part} 1 0`, minWidth: `min(100%, ${least})` });
    return place;
  });
  row.append(...places);
  (figure.stage ?? figure).append(row);
  return places;
}

// A paragraph that changes at once, and is read out when it has stood still and nothing plays.
function voice(figure, unseen = false) {
  const said = make("p", { className: `gen-lib-said ${unseen ? "gen-lib-unseen" : ""}` });
  figure.append(said);
  let timer = null;
  const speak = () => {
    if (figure.playing) return (timer = setTimeout(speak, 400));
    said.setAttribute("aria-live", "polite");
    said.replaceChildren(said.textContent);
  };
  return (text) => {
    if (said.textContent === text) return;
    said.setAttribute("aria-live", "off");
    said.textContent = text;
    clearTimeout(timer);
    if (figure.ready) timer = setTimeout(speak, 400); // a page that opens is silent
  };
}

// What the colours of a picture mean as numbers: a strip from the first colour to the last, a word at each end.
function colourBar(figure, colours, words) {
  const strip = make("span");
  Object.assign(strip.style, { flex: "0 1 9rem", height: "0.6rem", borderRadius: "0.3rem" });
  strip.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  const bar = make("p", {}, words[0], strip, words[1]);
  Object.assign(bar.style, { display: "flex", alignItems: "center", gap: "0.5rem", fontSize: "12px", margin: "0" });
  (figure.stage ?? figure).append(bar);
}
