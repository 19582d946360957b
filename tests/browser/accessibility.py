"""What axe finds serious on a page, without measuring the contrast of thousands of texts that look alike."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
# Marks texts that have the ink, ground and size of one before them, and what has no text. Axe takes most of its time
# for the contrast of each text; of those that look alike it measures the first, but passes over a single letter and
# over signs, so none of these is the first. What is out of the flow may lie over anything, and is measured always.
ALIKE = """() => {
    const looks = new Map(), seen = new Set();
    const look = element => {
        if (!element) return { ground: "", flows: true };
        if (!looks.has(element)) {
            const style = getComputedStyle(element), around = look(element.parentElement);
            const behind = ["backgroundColor", "backgroundImage", "opacity", "filter"].map(name => style[name]);
            const ground = [around.ground, ...behind].join();
            const flows = around.flows && /^(static|relative)$/.test(style.position) && !/^-/.test(style.marginTop)
                && !(element instanceof SVGElement);
            const ink = ["color", "textShadow", "fontSize", "fontWeight"].map(name => style[name]);
            looks.set(element, { ground, flows, whole: [ground, ...ink].join() });
        }
        return looks.get(element);
    };
    for (const element of document.body.querySelectorAll("*")) {
        const parts = [...element.childNodes].filter(part => part.nodeType === Node.TEXT_NODE);
        const text = parts.map(part => part.data).join(" ").trim();
        const says = text.length > 1 || element.matches("input, select, textarea");
        const isSeen = says && element.checkVisibility({ visibilityProperty: true });
        const { whole, flows } = isSeen ? look(element) : {};
        element.toggleAttribute("data-alike", !isSeen || Boolean(flows && seen.has(whole)));
        if (flows && /[!-~]{2}/.test(text)) seen.add(whole);
    }
}"""
# To axe the parts of code that look alike are one text: half of a chapter's elements are such parts, which have nothing
# but their looks. Rules that are never serious are left out where they take long; style sheets are not asked for again.
RUN = """async only => {
    axe.configure({ rules: [{ id: "color-contrast", selector: "*:not([data-alike])" }] });
    const plain = (from, to) => {
        for (const part of from.childNodes) {
            const isText = part instanceof Text || (part.attributes.length === 2 && !part.firstElementChild
                && part.matches("span[class][data-alike]"));
            if (isText && to.lastChild instanceof Text) to.lastChild.appendData(part.textContent);
            else to.append(isText ? part.textContent : plain(part, part.cloneNode()));
        }
        return to;
    };
    const codes = [...document.querySelectorAll("pre")].map(code => [code, [...code.childNodes]]);
    for (const [code] of codes) code.replaceChildren(plain(code, new DocumentFragment()));
    const options = { resultTypes: ["violations"], preload: false, rules: { region: { enabled: false } } };
    if (only) Object.assign(options, { runOnly: { type: "rule", values: only }, rules: {} });
    try {
        return (await axe.run(options)).violations;
    } finally {
        for (const [code, parts] of codes) code.replaceChildren(...parts);
    }
}"""


# What can differ between two views of one page; all else is in its elements, which are the same.
OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "avoid-inline-spacing"]


def serious(page: Page, only: list[str] | None = None) -> list[str]:
    """One line per serious or critical finding, of all rules or of some."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE)
    page.evaluate(ALIKE)
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in page.evaluate(RUN, only)
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
