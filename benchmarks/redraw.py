"""How long the figures of the built pages take to draw themselves again, one slider after the other.

python -m benchmarks.redraw [FOLDER of the pages]
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "book" / "_ext"))  # where the book's tools are
from browsing import launched

# How long a redraw takes, in units of 500 bent lines on a canvas of 600 x 300 pixels; of each the fastest of 31.
REDRAW = """input => {
    const figure = input.closest(".gen-lib-figure"), pen = document.createElement("canvas").getContext("2d");
    Object.assign(pen.canvas, { width: 600, height: 300 });
    const taken = (work) => { const start = performance.now(); work(); return performance.now() - start; };
    const lines = () => {
        pen.clearRect(0, 0, 600, 300);
        for (let k = 0; k < 500; k++) {
            pen.beginPath();
            for (const [x, y] of [[0, k % 300], [300, (7 * k) % 300], [600, (3 * k) % 300]]) pen.lineTo(x, y);
            pen.stroke();
        }
        pen.getImageData(0, 0, 1, 1);  // asked for a pixel, it has to be drawn
    };
    const redraw = () => {
        input.dispatchEvent(new Event("input", { bubbles: true }));
        for (const canvas of figure.querySelectorAll("canvas")) canvas.getContext("2d").getImageData(0, 0, 1, 1);
    };
    let unit = Infinity, least = Infinity;
    for (let k = 0; k < 31; k++) {
        unit = Math.min(unit, taken(lines));
        input.value = k % 2 ? input.max : input.min;
        least = Math.min(least, taken(redraw));
    }
    return least / unit; }"""


def main(site: Path) -> None:
    """A line per page: the slowest of its sliders, in units of 500 lines; a frame is four where one takes 4 ms."""
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for path in sorted(site.glob("notebooks/*.html")):
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(path.as_uri())
            page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
            page.keyboard.press("Tab")  # all figures begin
            page.wait_for_timeout(1000)
            sliders = page.locator("css=[class~=gen-lib-figure] input[type=range]").all()
            taken = [slider.evaluate(REDRAW) for slider in sliders]
            print(f"{path.stem:24} {len(sliders):3} sliders, slowest {max(taken, default=0.0):5.2f}", flush=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(*sys.argv[1:]) if sys.argv[1:] else Path("_build/html").resolve())
