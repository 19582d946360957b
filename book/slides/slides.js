// Starts reveal.js, enlarges figures to the room that a slide has, and leaves the keys to the controls of figures.

const [WIDTH, HEIGHT, LEAST] = [1280, 720, 0.5];

// Fits what browsers measure differently from the estimate: formulas that are too wide, and what is too high.
function fit(slide) {
  for (const box of slide.querySelectorAll("div.math")) {
    const math = box.querySelector("math");
    math.style.fontSize = "";
    const room = box.clientWidth - (box.querySelector(".eqno")?.offsetWidth ?? 0) - 16;
    const wide = math.getBoundingClientRect().width / scale();
    if (wide > room) math.style.fontSize = `${(38 * room) / wide}px`;
  }
  const body = slide.querySelector(".body");
  for (const box of slide.querySelectorAll(".enlarged")) enlarge(box);
  if (!body || slide.querySelector(".enlarged")) return;
  body.style.zoom = "";
  const tight = () => body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1;
  for (let size = 0.96; size >= LEAST && tight(); size -= 0.04) body.style.zoom = size;
}

function scale() {
  return document.querySelector(".reveal .slides").getBoundingClientRect().width / WIDTH || 1;
}

// The whole figure, controls and all, as large as the slide has room. One that would have to shrink next to its controls
// is put above them, where its panels find room next to each other.
function enlarge(box) {
  const room = box.parentElement;
  if (!room.clientWidth) return; // not on the slide that is shown
  const factor = Math.min(room.clientWidth / box.offsetWidth, room.clientHeight / box.offsetHeight);
  const figure = box.firstElementChild;
  if (factor < 1 && figure?.ready && !box.classList.contains("above")) return box.classList.add("above"); // and comes back
  box.style.transform = `scale(${factor}) translateX(-50%)`;
}

// Drawings have the pixels of the screen, however much they are enlarged.
const pixels = window.devicePixelRatio || 1;
Object.defineProperty(window, "devicePixelRatio", { get: () => Math.min(4, pixels * scale() * 1.5) });

const watch = new ResizeObserver((changed) => changed.forEach(({ target }) => enlarge(target)));
document.querySelectorAll(".enlarged").forEach((box) => watch.observe(box));

// Page Down and Page Up turn the slide, as presenters' remote controls do, and Escape leaves a control; the other keys
// are those of the control.
document.addEventListener("keydown", (event) => {
  const turn = { PageDown: () => Reveal.next(), PageUp: () => Reveal.prev(), Escape: () => event.target.blur() }[event.key];
  if (!turn || !event.target.closest?.(".enlarged")) return;
  event.preventDefault();
  event.stopPropagation();
  turn();
}, true);

Reveal.initialize({
  width: WIDTH,
  height: HEIGHT,
  margin: 0.02,
  center: false,
  controls: false,
  hash: true,
  navigationMode: "linear", // all keys go on; the overview has a column for each section
  slideNumber: "c/t",
  transition: "none",
  viewDistance: 1, // only the slide that is shown is there, and so a figure begins when its slide does
  pdfSeparateFragments: false,
  plugins: [RevealNotes],
});
Reveal.on("ready", () => document.fonts.ready.then(() => fit(Reveal.getCurrentSlide())));
Reveal.on("slidechanged", ({ currentSlide }) => fit(currentSlide));
Reveal.on("pdf-ready", () => document.querySelectorAll(".slides section:not(.stack)").forEach(fit));
