// Sphinx fetches the pages it has found to show a few words of each; from the disk browsers forbid that.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What scrolls sideways must be reachable by keyboard. The theme would measure the whole page for this, and again
// whenever a figure changes (book/_ext/mended.py); a box is observed once it is drawn.
const reach = new ResizeObserver((changed) => {
  const wide = changed.map(({ target }) => target.scrollWidth > target.clientWidth + 1);
  changed.forEach(({ target }, k) => {
    target.classList.toggle("wide", wide[k]);
    if (wide[k]) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  });
});
const boxes = document.querySelectorAll(".math, pre, .cell_output .output, .pst-scrollable-table-container");
boxes.forEach((box) => reach.observe(box));
// A font that arrives late changes what stands in a box, and not the box.
document.fonts.addEventListener("loadingdone", () => {
  reach.disconnect();
  boxes.forEach((box) => reach.observe(box));
});

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

// What is folded opens for a link that leads into it, and on paper, which is white.
const unfold = () => {
  let part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (; part; part = part.parentElement?.closest("details")) if (part.matches("details")) part.open = true;
};
addEventListener("hashchange", unfold);
unfold();
const { dataset } = document.documentElement;
addEventListener("beforeprint", () => {
  const [folds, theme] = [document.querySelectorAll("details:not([open])"), dataset.theme];
  const print = (open, look) => { folds.forEach((fold) => { fold.open = open; }); dataset.theme = look; };
  print(true, "light");
  addEventListener("afterprint", () => print(false, theme), { once: true });
});

// The definition of a word, while the mouse is on either or the word has the keyboard. A finger follows the link.
const terms = document.querySelectorAll("a.term[aria-describedby]");
for (const term of HTMLElement.prototype.showPopover ? terms : []) {
  const box = document.getElementById(term.getAttribute("aria-describedby"));
  let leaving;
  const show = () => {
    clearTimeout(leaving);
    if (box.matches(":popover-open")) return;
    box.showPopover();
    const [line, end] = [term.getClientRects()[0], document.documentElement.clientWidth];
    const below = line.bottom + box.offsetHeight + 4 < innerHeight;
    box.style.left = `${Math.max(16, Math.min(line.left, end - box.offsetWidth - 16))}px`;
    box.style.top = `${below ? line.bottom + 4 : line.top - box.offsetHeight - 4}px`;
  };
  const hide = () => { leaving = setTimeout(() => box.hidePopover(), 200); };
  for (const part of [term, box]) {
    part.addEventListener("pointerenter", ({ pointerType }) => { if (pointerType === "mouse") show(); });
    part.addEventListener("pointerleave", hide);
  }
  term.addEventListener("focus", () => { if (term.matches(":focus-visible")) show(); });
  term.addEventListener("blur", hide);
}
const close = () => document.querySelector(".definition:popover-open")?.hidePopover();
addEventListener("scroll", close, { passive: true });
addEventListener("keydown", ({ key }) => { if (key === "Escape") close(); });
