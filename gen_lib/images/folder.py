"""A folder of pictures as a data set."""

from collections.abc import Sequence
from pathlib import Path

import torch

from ..data.sets import held_out
from .base import ImageSet, Item, chosen, gather, shaped


def folder(
    path: str | Path,
    size: int,
    channels: int = 3,
    *,
    target_labels: Sequence[int | str] | None = None,
    n: int | None = None,
    progress: bool = True,
) -> ImageSet:
    """All images below a folder, square, in [0, 1]; the subfolders are the classes.

    Of each image the square in the middle is taken and resized. Which files are images is decided by what is in them;
    the others, and those that are broken or have a side shorter than 8 pixels, are skipped, counted and named in a
    warning and in ``skipped``. Names that begin with a dot are passed over. Every fifth file, in the order of their
    names, is held out; choosing labels or fewer images moves none from one part to the other.

    Args:
        path: a folder; with ``cat/1.png`` and ``dog/black/2.png`` in it the classes are ``cat`` and ``dog``, and files
            that lie in it directly are of a class with its own name
        size: side of the images in pixels
        channels: 3 for colour, 1 for grey
        target_labels: only these classes, by name or number; they keep their numbers
        n: number of files at most, picked evenly from all; always the same ones
        progress: show a bar

    Returns:
        the images, with labels that number the ``names``

    Raises:
        FileNotFoundError: no such folder
        NotADirectoryError: a file
        ValueError: no image in it that can be read, a label it does not have, another argument out of range

    Example:
        >>> folder("holidays", size=32)
        Traceback (most recent call last):
        FileNotFoundError: path must be a folder of images, holidays does not exist
    """
    size, channels, n = shaped(size, channels, n)
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"path must be a folder of images, {path} does not exist")
    if not root.is_dir():
        raise NotADirectoryError(f"path must be a folder of images, {path} is a file")
    found = sorted(file.relative_to(root) for file in root.rglob("*") if file.is_file())
    found = [file for file in found if not any(part.startswith(".") for part in file.parts)]
    if not found:
        raise ValueError(f"path must be a folder of images, {path} holds no files")
    classes = [file.parts[0] if len(file.parts) > 1 else root.resolve().name for file in found]
    names = sorted(set(classes))
    wanted = chosen(target_labels, names)
    items = [
        Item(str(file), root / file, names.index(mine), held_out(i))
        for i, (file, mine) in enumerate(zip(found, classes, strict=True))
    ]
    if wanted is not None:
        items = [item for item in items if item.label in wanted]
    if n is not None:
        order = torch.randperm(len(items), generator=torch.Generator().manual_seed(0))
        items = [items[i] for i in order[:n].sort().values.tolist()]
    return gather(items, f"folder {path}", size, channels, names, len(items), progress)
