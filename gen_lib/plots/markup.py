"""An SVG of Matplotlib made small, and fit for a light and for a dark page.

Black is the ink of the page that shows it and white its ground, ``--figure-ink`` and ``--figure-ground`` in its style
sheet; a page that names neither shows black on white. The palette stays as it is on both. Text stays text, in the
page's font. What looks alike and is drawn in a row becomes one path: a cloud of points is a few of them.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from .outline import FINE, fewer, path, same_way_round, short, steps
from .pixels import lighter
from .style import COLORS

INK, GROUND, PAPER = "var(--figure-ink,#000)", "var(--figure-ground,#fff)", "var(--figure-paper,#fff)"
PIXELS = 1.6  # per point: 5 inches are 576 pixels wide, and type of 10 points is as large as that of the page
OWN = "picture@"  # begins the names in a picture, until it is known which
CLASS = "gen-lib-picture"
LAYERS = 8  # paths of what is transparent, so that it is darker where much of it overlaps
TEXT = 0.6  # of a text in a colour; the rest is ink, or it could not be read on one of the grounds
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
PNG = "data:image/png;base64,"
SIZE = re.compile(r"font-size: ?([\d.]+)")
LINK = re.compile(r"(?<=#)[\w-]+")
LINKS = ("clip-path", "href")
MEASURES = ("x", "y", "width", "height", "transform")
USUAL = {"stroke-linejoin": "round", "stroke-dashoffset": "0", "fill": INK}  # so for the whole picture


class Glyph(NamedTuple):
    """A letter of a formula, where it stands, and in which type."""

    x: float
    y: float
    style: str
    letter: str


def tidy(source: str) -> str:
    """The same picture in a tenth of the bytes, in the colours of the page that shows it.

    Args:
        source: SVG that Matplotlib has written with ``svg.fonttype: none``

    Returns:
        an element ``<svg>``, of a size in pixels
    """
    root = ElementTree.fromstring(source)
    for part in root.iter():
        part.tag = part.tag.split("}")[-1]
        part.attrib = {name.split("}")[-1]: value for name, value in part.attrib.items()}
    width, height = (float(side) for side in root.attrib["viewBox"].split()[2:])
    for part in root.iter():
        _write_plainly(part)
    sheet = root.find(".//g[@id='patch_1']/path")
    if sheet is not None and sheet.attrib.get("style") == f"fill:{GROUND}":
        sheet.attrib["style"] = f"fill:{PAPER}"
    marks = {part.attrib["id"]: part for part in root.iter("path") if "id" in part.attrib}
    _flatten(root)
    _join(root, marks)
    _link(root)
    _flatten(root)
    size = {"width": f"{width * PIXELS:.0f}", "height": f"{height * PIXELS:.0f}"}
    box = f"0 0 {short(width)} {short(height)}"
    looks = {"viewBox": box, "style": f"fill:{INK};stroke-linejoin:round;max-width:100%;height:auto"}
    root.attrib = {"xmlns": "http://www.w3.org/2000/svg", "class": CLASS, **size, **looks}
    text = ElementTree.tostring(root, "unicode")
    return text.replace(OWN, f"p{sha256(text.encode()).hexdigest()[:6]}-")


def paint(colour: str, is_text: bool = False) -> str:
    """What a page shows for a colour of the picture.

    Args:
        colour: such as ``"#d62728"``
        is_text: whether it has to be read

    Example:
        >>> paint("#000000"), paint("#d62728")
        ('var(--figure-ink,#000)', '#d62728')
        >>> paint("#d62728", is_text=True)
        'color-mix(in srgb,#d62728 60%,var(--figure-ink,#000))'
    """
    if colour in ("#000000", "#ffffff"):
        return INK if colour == "#000000" else GROUND
    if colour == "#" + 3 * colour[1:3] and colour not in COLORS.values():  # a grey, as faint on both grounds
        return f"color-mix(in srgb,{GROUND} {int(colour[1:3], 16) / 2.55:.0f}%,{INK})"
    return f"color-mix(in srgb,{colour} {100 * TEXT:.0f}%,{INK})" if is_text else colour


def _write_plainly(part: Element) -> None:
    """One element: no name of a font, short numbers, colours of the page; letters of a formula in words."""
    if part.tag == "text" and len(part):
        _words(part)
    part.tail = None
    part.text = part.text if part.tag in ("text", "tspan") and not len(part) else None
    for name in MEASURES:
        if name in part.attrib:
            part.attrib[name] = NUMBER.sub(lambda found: short(float(found[0])), part.attrib[name])
    if re.fullmatch(r"rotate\(0 .*\)", part.attrib.get("transform", "")):
        del part.attrib["transform"]
    if "style" in part.attrib:
        part.attrib["style"] = _style(
            part.attrib["style"], part.tag in ("text", "tspan") or part.find("text") is not None
        )


def _style(style: str, is_text: bool) -> str:
    rules = dict(re.findall(r"([\w-]+): ?([^;]+)", style))
    rules.pop("font-family", None)
    for name in ("fill", "stroke"):
        if name in rules:
            rules[name] = COLOUR.sub(lambda found: paint(found[0], is_text), rules[name])
    for name in ("stroke-width", "stroke-dasharray", "stroke-dashoffset"):
        if name in rules:
            rules[name] = NUMBER.sub(lambda found: short(float(found[0])), rules[name])
    return ";".join(f"{name}:{value}" for name, value in rules.items() if value != USUAL.get(name))


def _words(text: Element) -> None:
    """Letters of a formula that stand in a row as one piece, so that another font can set them; accents on theirs."""
    glyphs = [
        Glyph(float(part.attrib["x"]), float(part.attrib["y"]), part.attrib["style"], part.text or "") for part in text
    ]
    letters = sorted(glyph for glyph in glyphs if not unicodedata.combining(glyph.letter))
    above = {}
    for accent in set(glyphs) - set(letters):  # its origin is right of what it shows
        middle = accent.x - 0.3 * float(SIZE.findall(accent.style)[0])
        above[[letter for letter in letters if letter.x <= middle and letter.letter.strip()][-1]] = accent.letter
    text[:] = []
    part, before = text, None
    for glyph in letters:
        if before is None or before[1:3] != glyph[1:3] or glyph.x < before.x + 0.5:
            part = ElementTree.SubElement(text, "tspan", {"x": str(glyph.x), "y": str(glyph.y), "style": glyph.style})
            part.text = ""
        part.text = f"{part.text}{glyph.letter}{above.get(glyph, '')}"
        before = glyph


def _flatten(parent: Element) -> None:
    """Without groups that say nothing, and without what is not seen."""
    parts: list[Element] = []
    for part in parent:
        _flatten(part)
        if part.tag == "g":
            part.attrib.pop("id", None)
        if part.tag in ("metadata", "style") or part.attrib.get("style") == "fill:none":
            continue
        if part.tag == "g" and not part.attrib:
            parts += part
        elif parts and part.tag == "g" and part.attrib.keys() == {"clip-path"} and parts[-1].attrib == part.attrib:
            parts[-1].extend(part)
        elif len(part) or part.tag not in ("g", "defs"):
            parts.append(part)
    parent[:] = parts


def _join(parent: Element, marks: dict[str, Element]) -> None:
    """What looks alike and follows each other becomes one path, or a few layers if it is transparent."""
    parts: list[Element] = []
    for (tag, *_), row in groupby(parent, _kind):
        alike = list(row)
        if tag == "path":
            paths = [part.attrib["d"] for part in alike]
            joined = "fill:none" in alike[0].attrib["style"] or same_way_round(map(steps, paths))
            parts += _layers(alike[0], paths) if joined else alike
        elif tag == "use" and len(alike) > 1:
            colours: dict[str, list[Element]] = {}  # which of them is drawn first does not matter in a cloud
            for part in alike:
                colours.setdefault(part.attrib.get("style", ""), []).append(part)
            for uses in colours.values():
                parts += _dots(uses, marks) or uses
        else:
            parts += alike
    parent[:] = parts
    for part in parent:
        _join(part, marks)


def _kind(part: Element) -> tuple[str, ...]:
    """Elements of one kind can be joined."""
    if part.tag == "path" and "style" in part.attrib and "id" not in part.attrib:
        return part.tag, part.attrib["style"], part.attrib.get("clip-path", ""), part.attrib.get("transform", "")
    return (part.tag, part.attrib["href"]) if part.tag == "use" else ("", str(id(part)))


def _layers(like: Element, paths: list[str]) -> Iterator[Element]:
    count = LAYERS if "opacity" in like.attrib["style"] else 1
    for k in range(min(count, len(paths))):
        yield Element(like.tag, like.attrib | {"d": "".join(paths[k::count])})


def _dots(uses: list[Element], marks: dict[str, Element]) -> list[Element]:
    """Discs of one colour are the round ends of lines without a length."""
    mark = marks[uses[0].attrib["href"][1:]]
    rules, outline = _rules(mark) | _rules(uses[0]), steps(mark.attrib["d"])
    edge = rules.get("stroke", "none")
    if edge not in ("none", rules.get("fill")) or "fill" not in rules or [step for step, _ in outline].count("C") != 8:
        return []
    width = 2 * abs(outline[0][1][0][1]) / FINE + (float(rules.get("stroke-width", 1)) if edge != "none" else 0)
    opacity = rules.get("fill-opacity", rules.get("opacity"))
    style = f"fill:none;stroke:{rules['fill']};stroke-linecap:round;stroke-width:{short(width)}"
    style += f";stroke-opacity:{opacity}" if opacity else ""
    places = [tuple(round(float(use.attrib[side]), 1) for side in "xy") for use in uses]
    layers = [*_layers(Element("path", {"style": style}), [f"M {x} {y} L {x} {y}" for x, y in places])]
    for layer in layers:  # which is drawn first does not matter, and neighbours take fewer digits
        layer.attrib["d"] = "M".join(
            ["", *sorted({*layer.attrib["d"].split("M")[1:]}, key=lambda spot: [*map(float, spot.split()[:2])])]
        )
    return layers


def _rules(part: Element) -> dict[str, str]:
    return dict(rule.split(":", 1) for rule in part.attrib.get("style", "").split(";") if rule)


def _link(root: Element) -> None:
    """Names that no other picture has for what is linked; what is not has none, and a definition goes."""
    found = [LINK.search(part.attrib.get(name, "")) for part in root.iter() for name in LINKS]
    names = {name: f"{OWN}{k}" for k, name in enumerate(dict.fromkeys(link[0] for link in found if link))}
    for definitions in root.iter("defs"):
        definitions[:] = [mark for mark in definitions if mark.attrib.get("id") in names]
    for part in root.iter():
        for link in LINKS:
            if link in part.attrib:
                part.attrib[link] = LINK.sub(lambda target: names[target[0]], part.attrib[link])
        if name := names.get(part.attrib.pop("id", "")):
            part.attrib["id"] = name
        if part.tag == "image":
            pixels = lighter(base64.b64decode(part.attrib["href"].removeprefix(PNG)))
            part.attrib["href"] = PNG + base64.b64encode(pixels).decode()
        if "d" in part.attrib:
            part.attrib["d"] = path(fewer(steps(part.attrib["d"])))
