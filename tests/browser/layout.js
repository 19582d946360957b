// What a reader would call broken, measured: each function returns one line per finding.

// Texts, formulas and pictures that can be seen, as boxes cut to what their scrolling ancestors show.
function boxes() {
  const found = [], range = document.createRange();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const isText = node.nodeType === Node.TEXT_NODE;
    const element = isText ? node.parentElement : node;
    if (isText ? !node.data.trim() || element.closest("math, script, style, svg, noscript, select") :
      !element.matches("img, math")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    range.selectNodeContents(node);
    for (const rect of isText ? range.getClientRects() : [node.getBoundingClientRect()]) {
      const box = shown(rect, element);
      if (box) found.push({ node, element, rect, ...box, label: label(node) });
    }
  }
  return found;
}

function label(node) {
  const text = node.data ?? node.alt ?? node.textContent;
  return `"${text.trim().replace(/\s+/g, " ").slice(0, 40)}" in <${(node.parentElement ?? node).tagName.toLowerCase()}>`;
}

// What holds for an element, worked out once: a page has thousands of texts, and they stand in the same boxes.
function once(work) {
  const known = new Map();
  return (element) => {
    if (!known.has(element)) known.set(element, work(element));
    return known.get(element);
  };
}

// What the ancestors of an element show of it, and it shows of its content.
const view = once((element) => {
  if (!element || element === document.body) return { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
  const style = getComputedStyle(element);
  const around = view(element.parentElement);
  if (!around || style.position === "fixed") return null; // lies above the page on purpose
  if (style.overflowX === "visible" && style.clipPath === "none" && style.clip === "auto") return around;
  return within(element.getBoundingClientRect(), around);
});

function within(a, b) {
  return {
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  };
}

// Nothing is left of boxes that are off the page or made one pixel small for screen readers.
function shown(rect, element) {
  const box = view(element) && within(rect, view(element));
  return box && box.right - box.left > 2 && box.bottom - box.top > 2 ? box : null;
}

// An element and its ancestors that scroll or cut off what overflows, from the inside out.
const frames = once((element) => {
  if (!element || element === document.body) return [];
  const { position, overflowX, overflowY } = getComputedStyle(element);
  const around = frames(element.parentElement);
  if (position === "fixed" || overflowX === "visible") return around;
  const frame = element.getBoundingClientRect();
  return [{ frame, scrolls: ["auto", "scroll"].includes(overflowX), overflowY, scrolled: element.scrollLeft }, ...around];
});

function overlaps() {
  const all = boxes().sort((a, b) => a.top - b.top);
  const findings = [];
  const slack = 3; // pixels: letters do not fill their boxes
  all.forEach((a, i) => {
    for (let j = i + 1; j < all.length && all[j].top < a.bottom - slack; j++) {
      const b = all[j];
      if (a.node === b.node || a.node.contains(b.node) || b.node.contains(a.node)) continue;
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack) findings.push(`${a.label} and ${b.label}`);
    }
  });
  return findings;
}

// Text that no scrolling brings into view: cut off by an ancestor that hides what overflows, beyond the start of one
// that scrolls, or beyond the edge of the page.
function clipped() {
  const findings = [];
  const beyond = document.documentElement.clientWidth + 1;
  const glyphs = [...document.querySelectorAll("math :is(mi, mn, mo, mtext)")].map(
    (element) => ({ element, rect: element.getBoundingClientRect(), label: label(element.closest("math")) }));
  for (const { element, rect, label: name } of [...boxes(), ...glyphs]) {
    if (!rect.width || !rect.height) continue;
    let contained = false; // by an ancestor that scrolls, or that cuts it off
    for (const { frame, scrolls, overflowY, scrolled } of frames(element)) {
      contained = scrolls || frame.width <= 2; // that small: for screen readers
      if (frame.width > 2) {
        const cut = rect.left < frame.left - scrolled - 1 || (!contained && rect.right > frame.right + 1) ||
          (overflowY === "hidden" && (rect.bottom > frame.bottom + 4 || rect.top < frame.top - 4));
        if (cut) findings.push(`${name} is cut off`);
        contained ||= cut;
      }
      if (contained) break;
    }
    if (!contained && (rect.left < -1 || rect.right > beyond)) findings.push(`${name} leaves the page`);
  }
  return [...new Set(findings)];
}

function sideways() {
  const { scrollWidth } = document.documentElement;
  return scrollWidth > innerWidth ? [`the page is ${scrollWidth} pixels wide, the screen ${innerWidth}`] : [];
}

function pictures() {
  return [...document.images].flatMap((image) => [
    ...(image.complete && image.naturalWidth ? [] : [`${image.src} did not load`]),
    ...(image.alt.trim() || image.closest("[aria-hidden=true], .navbar-brand, .dropdown-item") ? [] :
      [`${image.src} has no description`]),
  ]);
}

function formulas() {
  return [...document.querySelectorAll(".math:not([popover] *)")].flatMap((box) => {
    const set = box.querySelector(":scope > math");
    const tex = set?.querySelector("annotation[encoding='application/x-tex']")?.textContent.trim();
    return set?.getBoundingClientRect().width && tex ? [] : [`${label(box)} is not typeset`];
  });
}
