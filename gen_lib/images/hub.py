"""Image sets of the Hugging Face hub, by name or from files that were downloaded before."""

import io
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ..data.sets import held_out
from ..slips import Table
from .base import ImageSet, Item, chosen, gather, shaped

REPORT = "the image sets of the hub need one more package: pip install 'gen-lib[images]'"


class Source(NamedTuple):
    """Where a set lies on the hub, and the channels of its images."""

    repository: str
    channels: int


HUB: Table[Source] = Table(
    {"MNIST": Source("ylecun/mnist", 1), "CelebA-HQ": Source("korexyz/celeba-hq-256x256", 3)}
).called("image set")
"""Sets with a short name.

MNIST has 60,000 digits to train on and 10,000 to test on, 28 x 28 pixels; CelebA-HQ 28,000 and 2,000 faces, 256 x 256.
"""


class Unavailable(OSError):
    """An image set that cannot be reached or read. Its text says why, and what can be done."""


def hub(
    name: str | Path,
    size: int,
    channels: int | None = None,
    *,
    target_labels: Sequence[int | str] | None = None,
    n: int | None = None,
    progress: bool = True,
) -> ImageSet:
    """A set of the Hugging Face hub: streamed, resized, in [0, 1].

    The images are not stored on the disk, and for ``n`` of them not the whole set is transferred. The files of a set
    are read in turn, an image from each: many sets are sorted by class, and the first images of the first file are all
    of one. Images that cannot be read are skipped as by :func:`~gen_lib.images.folder.folder`.

    Memory: 30,000 faces take 1.5 GB at 64 x 64 pixels and 24 GB at 256 x 256; ask for fewer with ``n``.

    Args:
        name: a short name from ``HUB``, another set of the hub as ``owner/name``, or the path of a parquet file or of
            a folder of such files in the layout of the hub (``train-*.parquet``, ``test-*.parquet``)
        size: side of the images in pixels
        channels: 3 for colour, 1 for grey; as the set has them if it has a short name, otherwise 3
        target_labels: only these classes, by name or number; they keep their numbers
        n: number of images at most, a fifth of them held out; all if not given
        progress: show a bar

    Returns:
        the images; held out is what the set itself sets aside as test or validation, otherwise every fifth

    Raises:
        ImportError: the package ``datasets`` is missing
        Unavailable: no network, no such set, a file that is broken
        ValueError: no such short name or label, a set without images, another argument out of range

    References:
        MNIST (LeCun, Cortes and Burges, 1998); Progressive Growing of GANs (Karras et al., 2018), arXiv 1710.10196, for
        CelebA-HQ; https://huggingface.co/datasets/ylecun/mnist;
        https://huggingface.co/datasets/korexyz/celeba-hq-256x256

    Example:
        >>> hub("MMIST", size=28)
        Traceback (most recent call last):
        gen_lib.slips.UnknownName: unknown image set 'MMIST', did you mean 'MNIST'? Known: MNIST, CelebA-HQ
    """
    local = isinstance(name, Path) or (name not in HUB and _is_path(name))
    source = Source(str(name), 3) if local or "/" in str(name) else HUB[str(name)]
    channels = source.channels if channels is None else channels
    size, channels, n = shaped(size, channels, n)
    try:
        import datasets  # here, because it takes a second that nothing else need wait
    except ImportError as reason:
        raise ImportError(REPORT) from reason
    if local:
        what, advice = f"parquet files at {name}", "download them anew, or read single pictures with folder()"
        arguments: dict[str, Any] = {"path": "parquet", "data_files": _parquet(Path(name).expanduser())}
    else:
        what = f"image set {name} (https://huggingface.co/datasets/{source.repository})"
        advice = (
            f"with a network, once: hf download {source.repository} --repo-type dataset --local-dir FOLDER; from then "
            'on hub("FOLDER", ...) needs none. Or use your own pictures with folder(), or faces()'
        )
        arguments = {"path": source.repository}

    def failed(reason: Exception) -> Unavailable:
        return Unavailable(f"{what} cannot be loaded. {type(reason).__name__}: {reason}. What helps: {advice}")

    try:
        parts = datasets.load_dataset(**arguments, streaming=True)
        first = next(iter(parts.values()))
        features = first.features or {}
    except Exception as reason:  # of the network, of the hub, of the file format: a dozen kinds
        raise failed(reason) from reason
    image = next((k for k, v in features.items() if isinstance(v, datasets.Image) or _raw(v)), None)
    if image is None:
        raise ValueError(f"{what}: no column holds images, there are {', '.join(features)}")
    classes = {k: v for k, v in features.items() if isinstance(v, datasets.ClassLabel)}
    numbers = {k: v for k, v in features.items() if k == "label" and "int" in str(getattr(v, "dtype", ""))}
    label = next(iter(classes or numbers), None)
    names = classes[label].names if label in classes else ()
    wanted = chosen(target_labels, names)
    if wanted is not None and label is None:
        raise ValueError(f"target_labels must be None, {what} has no labels, got {target_labels!r}")

    def items(part: str, test: bool | None, most: int | None) -> Iterator[Item]:
        """The images of a part that are wanted; ``test`` is whether they are held out, None for every fifth."""
        stream = parts[part].select_columns([image, label] if label else [image])
        if isinstance(features[image], datasets.Image):
            stream = stream.cast_column(image, datasets.Image(decode=False))  # so that a broken one is only skipped
        try:
            for file, position, row in _in_turn(stream):
                if most == 0:
                    return
                mine = -1 if label is None or row[label] is None else row[label]
                if wanted is None or mine in wanted:
                    most = None if most is None else most - 1
                    out = held_out(position) if test is None else test
                    yield Item(f"{part}, file {file}, row {position}", _file(row[image]), mine, out)
        except Exception as reason:
            raise failed(reason) from reason

    training = "train" if "train" in parts else next(iter(parts))
    testing = next((part for part in ("test", "validation") if part in parts and part != training), None)
    if testing is None:
        both = items(training, None, n)
    else:
        fifth, rest = (None, None) if n is None else (n // 5, n - n // 5)
        both = chain(items(training, False, rest), items(testing, True, fifth))
    if wanted is not None:
        what += f", target_labels {target_labels!r}"
    return gather(both, what, size, channels, names, n, progress)


def _is_path(name: str) -> bool:
    """A set of the hub has one slash, and does not begin or end like a path."""
    path = str(name).startswith((".", "/", "~")) or str(name).endswith(".parquet") or str(name).count("/") > 1
    return path or Path(str(name)).exists()


def _parquet(path: Path) -> dict[str, list[str]]:
    """The files of each part, told by how their names begin."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path] if path.exists() else []
    if not files:
        raise Unavailable(f"parquet files at {path} cannot be loaded: there are none")
    found: dict[str, list[str]] = {}
    for file in files:
        part = next((p for p in ("test", "validation") if file.stem.startswith(p)), "train")
        found.setdefault(part, []).append(str(file))
    return found


def _raw(value: object) -> bool:
    """An image as it stands in a file that does not say so: its bytes and its path."""
    return isinstance(value, dict) and {"bytes", "path"} <= set(value)


def _file(value: dict[str, Any] | None) -> Path | io.BytesIO | None:
    if not value or not (value.get("bytes") or value.get("path")):
        return None
    return io.BytesIO(value["bytes"]) if value.get("bytes") else Path(value["path"])


def _in_turn(stream: Any) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """A row of each file in turn, with the numbers of the file and of the row in it.

    Not more than 16 files are open at once: large sets have hundreds, of which then several count as one.
    """
    count = min(stream.num_shards, 16)
    files = {i: enumerate(stream.shard(num_shards=count, index=i)) for i in range(count)}
    while files:
        for i, file in list(files.items()):
            try:
                yield (i, *next(file))
            except StopIteration:
                del files[i]
