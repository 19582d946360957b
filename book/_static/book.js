// Sphinx fetches the pages it has found to show a few words of each; from the disk browsers forbid that.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What scrolls sideways must be reachable by keyboard: the theme sees to code and tables, this to formulas.
function reach() {
  for (const box of document.querySelectorAll(".math, .cell_output .text_html")) {
    box.classList.remove("wide");
    const wide = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("wide", wide);
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
window.addEventListener("resize", reach);
document.addEventListener("toggle", reach, true); // a solution unfolds
window.addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reach));
