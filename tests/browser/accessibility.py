"""What axe finds serious on a page, without measuring the contrast of thousands of texts that look alike."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
# Marks texts of code and formulas that have the ink, ground and size of one before them. Axe takes most of its time for
# the contrast of each text; of those that look alike it measures the first.
ALIKE = """() => {
    const looks = new Map(), seen = new Set();
    const look = element => {
        if (!element) return { ground: "" };
        if (!looks.has(element)) {
            const style = getComputedStyle(element);
            const behind = ["backgroundColor", "backgroundImage", "opacity", "filter"].map(name => style[name]);
            const ground = [look(element.parentElement).ground, ...behind].join();
            looks.set(element, { ground, whole: [ground, style.color, style.fontSize, style.fontWeight].join() });
        }
        return looks.get(element);
    };
    for (const text of document.querySelectorAll("pre span, math *")) {
        const { whole } = look(text);
        text.toggleAttribute("data-alike", text.childElementCount === 0 && seen.has(whole));
        if (text.childElementCount === 0) seen.add(whole);
    }
}"""


RUN = """() => {
    axe.configure({ rules: [{ id: "color-contrast", selector: "*:not([data-alike])" }] });
    const options = { resultTypes: ["violations"], preload: false }; // else it requests style sheets at wrong addresses
    return axe.run(options).then(({ violations }) => violations);
}"""


def serious(page: Page) -> list[str]:
    """One line per serious or critical finding."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE)
    page.evaluate(ALIKE)
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in page.evaluate(RUN)
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
