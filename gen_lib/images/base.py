"""What all image sets have in common: how they are split, how a file becomes pixels, and what if it cannot."""

import warnings
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .. import check, terminal
from ..slips import brief, known

# Pillow knows more, but some of it starts other programs, as EPS does.
FORMATS = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
LEAST = 8


class ImageSet(NamedTuple):
    """Square images in [0, 1], flat, a part of them held out: the first four fields are those of the digits.

    Attributes:
        train: images, shape ``(n, channels * size * size)``; as pictures ``train.view(-1, channels, size, size)``
        train_labels: number of the class, shape ``(n,)``; of cartoon faces their factors, shape ``(n, 20)``
        test: the images held out
        test_labels: what is known about them
        channels: 1 (grey) or 3 (red, green, blue)
        size: pixels on a side
        names: of the classes, or of the factors; empty if they have none
        skipped: images that were left out, each with the reason
    """

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    channels: int
    size: int
    names: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


class Item(NamedTuple):
    """An image that has not been read yet.

    Attributes:
        name: for messages
        file: where it lies, or an open file; None if the set has a gap here
        label: number of its class
        test: it is held out
    """

    name: str
    file: Path | BytesIO | None
    label: int
    test: bool


def chosen(target_labels: Sequence[int | str] | None, names: Sequence[str]) -> set[int] | None:
    """The numbers of the classes asked for by name or number; None for all.

    Raises:
        ValueError: not a sequence, or an empty one; a class that the set does not have

    Example:
        >>> sorted(chosen(("cat", 2), ["cat", "dog", "owl"]))
        [0, 2]
        >>> chosen(("horse",), ["cat", "dog", "owl"])
        Traceback (most recent call last):
        gen_lib.slips.UnknownName: unknown label in target_labels 'horse'. Known: cat, dog, owl
    """
    if target_labels is None:
        return None
    if isinstance(target_labels, str) or not isinstance(target_labels, Sequence) or not target_labels:
        raise ValueError(
            f"target_labels must be a tuple of names or numbers, such as (3, 7), got {brief(target_labels)}"
        )
    number = {name: k for k, name in enumerate(names)}
    wanted = set()
    for label in target_labels:
        if isinstance(label, str):
            wanted.add(known("label in target_labels", label, number))
        else:
            wanted.add(check.whole("each of target_labels", label, least=0))
            if names and label >= len(names):
                raise ValueError(f"target_labels must lie from 0 to {len(names) - 1}, got {label}")
    return wanted


def shaped(size: int, channels: int, n: int | None) -> tuple[int, int, int | None]:
    """The three as whole numbers; refuses what no set can be read as.

    Raises:
        ValueError: a size below 1, channels other than 1 and 3, n below 1
    """
    size = check.whole("size", size, least=1)
    if channels not in (1, 3) or isinstance(channels, bool):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {channels!r}")
    return size, int(channels), None if n is None else check.whole("n", n, least=1)


def pixels(file: Path | BytesIO, size: int, channels: int) -> NDArray[np.uint8]:
    """One image file as ``channels * size * size`` bytes: upright, the square in its middle, resized without aliasing.

    Grey, colour, palette, CMYK and 16-bit images are converted; what is transparent becomes white; of a moving picture
    the first frame is taken.

    Raises:
        ValueError: a side shorter than 8 pixels, or pixels without a known range
        Exception: whatever Pillow makes of a broken file

    References:
        On Aliased Resizing and Surprising Subtleties in GAN Evaluation (Parmar et al., 2022), arXiv 2104.11222
    """
    with Image.open(file, formats=FORMATS) as opened:
        if min(opened.size) < LEAST:
            raise ValueError(f"{opened.width} x {opened.height} pixels, a side is shorter than {LEAST}")
        opened.draft(None, (2 * size, 2 * size))  # a large JPEG need not be decoded in full
        picture = ImageOps.exif_transpose(opened)
        if picture.mode.startswith("I;16"):
            picture = Image.fromarray((np.asarray(picture).astype(np.uint32) // 257).astype(np.uint8))
        if picture.mode in ("I", "F"):
            raise ValueError(f"pixels of type {picture.mode} have no known range")
        if "A" in picture.getbands() or "transparency" in picture.info:
            paper = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(paper, picture.convert("RGBA"))
        picture = picture.convert("RGB" if channels == 3 else "L")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        box = (left, top, left + side, top + side)
        square = np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))
    return square.reshape(size, size, channels).transpose(2, 0, 1).flatten()


def gather(
    items: Iterable[Item], where: str, size: int, channels: int, names: Sequence[str], total: int | None, progress: bool
) -> ImageSet:
    """Read the images one by one; what cannot be read is left out, counted and named in a warning.

    While they are read an image is one byte per number. Only at the end do they become floats, a row at a time, so that
    a quarter more memory is needed than for the result.

    Args:
        items: the images
        where: the set's name, for messages
        size: pixels on a side
        channels: 1 or 3
        names: of the classes
        total: how many items there will be, if that is known
        progress: show a bar

    Raises:
        ValueError: no items, none that can be read, or none to train on
    """
    rows: dict[bool, list[NDArray[np.uint8]]] = {False: [], True: []}
    labels: dict[bool, list[int]] = {False: [], True: []}
    skipped = []
    bar = terminal.bar(items, progress, total=total, unit="image", delay=1)
    for item in bar:
        try:
            if item.file is None:
                raise ValueError("no image")
            row = pixels(item.file, size, channels)
        except Exception as reason:  # Pillow's readers raise a dozen kinds; one bad file must not cost the others
            said = "not an image" if isinstance(reason, UnidentifiedImageError) else str(reason) or repr(reason)
            skipped.append(f"{item.name}: {said}".replace("\n", " "))
            continue
        rows[item.test].append(row)
        labels[item.test].append(item.label)
    read = len(rows[False]) + len(rows[True])
    count = f"{len(skipped)} of {len(skipped) + read}"
    few = "; ".join(skipped[:3]) + ("; ..." if len(skipped) > 3 else "")
    if not rows[False]:
        kind = "to train on (every fifth is held out)" if read else "that can be read"
        raise ValueError(f"{where}: no image {kind}" + (f", {count} skipped: {few}" if skipped else ""))
    if skipped:
        warnings.warn(f"{where}: {count} images skipped, all named in .skipped: {few}", stacklevel=3)
    dim = channels * size * size
    train, test = (_floats(rows[part], dim) for part in (False, True))
    known = (torch.tensor(labels[part], dtype=torch.long) for part in (False, True))
    return ImageSet(train, next(known), test, next(known), channels, size, tuple(names), tuple(skipped))


def _floats(rows: list[NDArray[np.uint8]], dim: int) -> Tensor:
    """Bytes to numbers in [0, 1]; empties the list."""
    out = torch.empty(len(rows), dim)
    for i in reversed(range(len(rows))):
        out[i] = torch.from_numpy(rows.pop())
    return out.div_(255)
