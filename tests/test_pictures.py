"""Drawn pictures stand in the page itself, described, and with names of their own."""

import base64
import re

from pictures import drawn

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" class="gen-lib-picture" width="576" height="384" viewBox="0 0 360 240">'
    '<defs><clipPath id="pabc-0"><rect width="9" /></clipPath></defs><path clip-path="url(#pabc-0)" /></svg>'
)


def test_a_picture_moves_into_its_page_once(tmp_path):
    (tmp_path / "_images").mkdir()
    (tmp_path / "_images" / "one.svg").write_text(DRAWING, "utf-8")
    (tmp_path / "_images" / "logo.svg").write_text("<svg></svg>", "utf-8")
    page = tmp_path / "notebooks" / "page.html"
    page.parent.mkdir()
    text = '<p><img alt="A &lt; B." src="../_images/one.svg" /><img src="../_images/logo.svg"><img src="a.png"></p>'
    once = drawn(tmp_path, page, text)
    assert once.startswith('<p><svg role="img" aria-label="A &lt; B." xmlns')
    assert 'width="36.00rem" viewBox="0 0 360 240"' in once
    assert once.endswith('</svg><img src="../_images/logo.svg"><img src="a.png"></p>')
    assert drawn(tmp_path, page, once) == once


def test_the_still_picture_of_a_figure_moves_too(tmp_path):
    inside = base64.b64encode(DRAWING.encode()).decode()
    text = f'<gen-lib-ruler><img alt="A ruler." src="data:image/svg+xml;base64,{inside}"></gen-lib-ruler>'
    assert drawn(tmp_path, tmp_path / "page.html", text).startswith(
        '<gen-lib-ruler><svg role="img" aria-label="A ruler."'
    )


def test_two_equal_pictures_have_different_names(tmp_path):
    inside = base64.b64encode(DRAWING.encode()).decode()
    text = drawn(tmp_path, tmp_path / "page.html", f'<img alt="A." src="data:image/svg+xml;base64,{inside}">' * 3)
    ids, links = re.findall(r'id="([\w-]+)"', text), re.findall(r"url\(#([\w-]+)\)", text)
    assert len({*ids}) == 3
    assert ids == links
    assert drawn(tmp_path, tmp_path / "page.html", text) == text


def test_pixels_are_files_of_their_own(tmp_path):
    """A page that is long to read would be long to show."""
    page = tmp_path / "notebooks" / "page.html"
    for size, alone in ((3003, True), (30, False)):
        pixels = base64.b64encode(bytes(size)).decode()
        picture = DRAWING.replace("<path", f'<image href="data:image/png;base64,{pixels}" /><path')
        inside = base64.b64encode(picture.encode()).decode()
        text = drawn(tmp_path, page, f'<img alt="A." src="data:image/svg+xml;base64,{inside}">')
        if alone:
            (file,) = re.findall(r'<image href="([^"]+)"', text)
            assert (page.parent.parent / file.removeprefix("../")).read_bytes() == bytes(size)
        else:
            assert f"base64,{pixels}" in text
