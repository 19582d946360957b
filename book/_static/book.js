// Sphinx fetches the pages it has found to show a few words of each; from the disk browsers forbid that.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What scrolls sideways must be reachable by keyboard: the theme sees to code and tables, this to formulas.
function reach() {
  const boxes = [...document.querySelectorAll(".math, .cell_output .text_html")];
  for (const box of boxes) box.classList.remove("wide");
  const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1); // all at once: each asks for the layout
  boxes.forEach((box, k) => {
    box.classList.toggle("wide", wide[k]);
    if (wide[k]) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}
window.addEventListener("resize", reach);
document.addEventListener("toggle", reach, true); // a solution unfolds
window.addEventListener("load", () => document.fonts.ready.then(reach));

// A formula is copied as TeX, and as MathML where that can be pasted.
document.addEventListener("copy", (event) => {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0);
  if (!range || !event.clipboardData) return;
  const formula = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("math");
  const [first, last] = [formula(range.startContainer), formula(range.endContainer)];
  if (first) range.setStartBefore(first); // never half a formula
  if (last) range.setEndAfter(last);
  const copied = document.createElement("div");
  copied.append(range.cloneContents());
  if (!copied.querySelector("math")) return;
  event.clipboardData.setData("text/html", copied.innerHTML);
  for (const math of copied.querySelectorAll("math")) {
    const [mark, space] = math.getAttribute("display") === "block" ? ["$$", "\n"] : ["$", ""];
    math.replaceWith(mark + space + math.querySelector("annotation").textContent + space + mark);
  }
  event.clipboardData.setData("text/plain", copied.textContent);
  event.preventDefault();
});
