"""What a run learns and with which method, by name: ready ones, folders, the hub, and your own by import path."""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from .. import check, data, methods, nets
from ..data import Digits, Distribution
from ..images import ImageSet, folder, hub
from ..images.base import chosen
from ..method import Method
from ..slips import METHOD_NAMES, TARGET_NAMES, UnknownName, brief, known
from .settings import is_path

FACTORIES: dict[str, Callable[..., Method]] = {
    "ae": methods.autoencoder,
    "vae_beta": partial(methods.vae, beta=10.0),
    **{name: getattr(methods, name) for name in METHOD_NAMES if name not in ("ae", "vae_beta")},
}
VALIDATION, TEST = 2000, 2000  # points drawn of a distribution, to validate and to test on
LEAST = 5  # points to learn and validate on: a tenth of fewer is none


class Source(NamedTuple):
    """Where a run has its data from, in three parts.

    Attributes:
        train: what it learns: points ``(n, d)``, or a distribution, of which every step draws afresh
        validation: points that say which weights are best
        test: points that nothing has seen
        labels: part to the classes of its points, where they have any
        shape: of an image, ``(channels, size, size)``; None for points of another kind
        names: of the classes
        target: the distribution behind the points, where it is known
    """

    train: Distribution | Tensor
    validation: Tensor
    test: Tensor
    labels: dict[str, Tensor]
    shape: tuple[int, int, int] | None = None
    names: tuple[str, ...] = ()
    target: Distribution | None = None

    @property
    def dim(self) -> int:
        """Dimension of a point."""
        return self.validation.shape[-1]

    def part(self, split: str, generator: Generator | None = None) -> Tensor:
        """The points of ``train``, ``validation`` or ``test``.

        Raises:
            UnknownName: no such part
            ValueError: no points in it, as in the test part of a few images
        """
        points = known("split", split, {"train": self.train, "validation": self.validation, "test": self.test})
        if isinstance(points, Tensor) and not len(points):
            raise ValueError(f"split must name a part that holds points, {split} holds none")
        return points if isinstance(points, Tensor) else points.sample(VALIDATION, generator)


def imported(kind: str, path: str) -> Any:
    """What an import path names.

    Raises:
        ValueError: no such module or attribute; says which
    """
    try:
        return pkgutil.resolve_name(path)
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is run
        said = str(error) if isinstance(error, ImportError | AttributeError | ValueError) else repr(error)
        raise ValueError(f"{kind} {path!r} must name something that can be imported: {said}") from error


def _called(kind: str, path: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """What a function of the user's returns.

    Raises:
        ValueError: it cannot be called so; what goes wrong within it is its own
    """
    try:
        inspect.signature(make).bind(**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{kind} {path!r} must be callable with {brief(arguments) if arguments else 'nothing'}: {error}"
        ) from error
    return make(**arguments)


def method(name: str, options: Mapping[str, Any]) -> Method:
    """A method by name or import path, with its options.

    Args:
        name: one of the ready ones, or ``package.module:attribute`` of a Method or of a function that returns one
        options: arguments of its function; a likelihood may be named by its import path

    Raises:
        UnknownName: no such name
        ValueError: no such option, or a value that the method refuses
    """
    if is_path(name):
        make = imported("method", name)
        if isinstance(make, Method):
            if options:
                raise ValueError(
                    f"options must be none for method {name!r}, which is ready, got {brief(dict(options))}"
                )
            return make
        if not callable(make):
            raise ValueError(f"method {name!r} must be a Method or a function that returns one, got {brief(make)}")
    else:
        make = known("method", name, FACTORIES)
    values = dict(options)
    allowed = inspect.signature(make).parameters
    for option in values:
        if option not in allowed:
            what = "maps and dropout are" if option == "maps" else f"options.{option} is"
            raise UnknownName(f"{what} not for method {name!r}, which takes {', '.join(allowed) or 'no options'}")
    if isinstance(likelihood := values.get("likelihood"), str) and is_path(likelihood):
        values["likelihood"] = imported("likelihood", likelihood)
    made = _called("method", name, make, values)
    if not isinstance(made, Method):
        raise ValueError(f"method {name!r} must return a Method, it returned {brief(made)}")
    return made


def maps(name: str, dropout: float, shape: tuple[int, int, int] | None) -> nets.Maps:
    """What encoders, decoders and players are made of.

    Args:
        name: plain, convolutional, or an import path
        dropout: probability that a hidden number of a plain map is left out in training
        shape: of the images, if the data are some

    Raises:
        ValueError: convolutional without images; dropout with other maps than plain
        UnknownName: no such maps
    """
    if dropout and name != "plain":
        raise ValueError(f"dropout must be 0 with maps {name}, got {dropout:g}")
    if is_path(name):
        try:
            return nets.check_maps(imported("maps", name))
        except TypeError as error:
            raise ValueError(str(error)) from error
    known("maps", name, {"plain": 0, "convolutional": 0})
    if name == "plain":
        return nets.perceptron(dropout)
    if shape is None:
        raise ValueError("maps convolutional needs images: data digits, a folder or a set of the hub")
    return nets.convolutional(shape)


def source(
    name: str,
    *,
    points: int | None = None,
    size: int | None = None,
    channels: int | None = None,
    target_labels: list[int | str] | None = None,
    images: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Source:
    """Data by name, in three parts that do not depend on the seed of a run's weights.

    Args:
        name: a target such as ``mixture_1d``; ``digits``; a folder of pictures; ``hub:MNIST`` or ``hub:owner/name``; or
            ``package.module:attribute`` of a distribution, a tensor, an image set or a function that returns one
        points: number of points to train on, drawn once; fresh ones at every step if not given (distributions only)
        size: side of the images in pixels
        channels: 1 for grey, 3 for colour
        target_labels: only these classes
        images: number of images at most
        seed: of the points drawn once
        progress: show a bar

    Raises:
        ValueError: an unknown name, an argument that this kind of data does not take
        OSError: a folder or set that cannot be read
    """
    wishes = {"points": points, "size": size, "channels": channels, "target_labels": target_labels, "images": images}
    given = {key for key, value in wishes.items() if value is not None}

    def only(what: str, *taken: str) -> None:
        if extra := sorted(given - {*taken}):
            raise ValueError(f"{extra[0]} is not for {what}, which takes {' and '.join(taken) or 'none of these'}")

    if name in TARGET_NAMES:
        only(f"data {name!r}", "points")
        return _drawn(data.TARGETS[name](), points, seed)
    if name == "digits":
        only("data 'digits'", "target_labels")
        return _labelled(name, data.digits(), (1, 8, 8), tuple(map(str, range(10))), target_labels)
    pictures = {"target_labels": target_labels, "n": images, "progress": progress}
    if name.startswith("hub:"):
        only("a set of the hub", "size", "channels", "target_labels", "images")
        try:
            return _images(name, hub(name.removeprefix("hub:"), size or 28, channels, **pictures))  # type: ignore[arg-type]
        except UnknownName as error:
            raise UnknownName(f"data {name!r}: {error}") from error
    if is_path(name):
        found: Any = imported("data", name)
        if callable(found) and not isinstance(found, Distribution):
            found = _called("data", name, found, {})
        if isinstance(found, Distribution):
            only("a distribution", "points")
            return _drawn(found, points, seed)
        only(f"data {name!r}")
        if isinstance(found, ImageSet):
            return _images(name, found)
        if isinstance(found, Tensor) and found.ndim == 2 and found.layout is torch.strided:
            train, test = _split(name, check.points(f"data {name!r}", found.detach()))
            train, validation = _split(name, train)
            return Source(train, validation, test, {})
        raise ValueError(f"data {name!r} must be a distribution, a tensor (n, d) or an ImageSet, got {brief(found)}")
    if Path(name).expanduser().exists() or "/" in name or name.startswith((".", "~")):
        only("a folder", "size", "channels", "target_labels", "images")
        if not Path(name).expanduser().is_dir():
            raise FileNotFoundError(f"data must be a folder of pictures, {name} is not one")
        if size is None:
            raise ValueError(f"size must be given for a folder of pictures, {name}: the pixels on a side, such as 64")
        return _images(name, folder(name, size, channels or 3, **pictures))  # type: ignore[arg-type]
    return known("data", name, dict.fromkeys([*TARGET_NAMES, "digits", "a folder", "hub:NAME", "package.module:NAME"]))  # type: ignore[return-value]


def _drawn(target: Distribution, points: int | None, seed: int) -> Source:
    aside = Generator().manual_seed(2**31 + seed)  # no member trains with these numbers
    train = target if points is None else target.sample(points, aside)
    fixed = Generator().manual_seed(2**32)
    validation, test = target.sample(VALIDATION, fixed), target.sample(TEST, fixed)
    return Source(train, validation, test, {}, target=target)


def _split(name: str, points: Tensor) -> tuple[Tensor, ...]:
    """Nine tenths and one tenth of the points, or of their labels."""
    if len(points) < LEAST:
        raise ValueError(
            f"data {brief(name)} must have at least {LEAST} points to learn and validate on, got {len(points)}"
        )
    return data.split(points, (0.9, 0.1))


def _images(name: str, found: ImageSet) -> Source:
    return _labelled(name, found, (found.channels, found.size, found.size), found.names, None)


def _labelled(
    name: str,
    found: Digits | ImageSet,
    shape: tuple[int, int, int],
    names: tuple[str, ...],
    target_labels: list[int | str] | None,
) -> Source:
    wanted = chosen(target_labels, names)
    kept = []
    for x, y in ((found.train, found.train_labels), (found.test, found.test_labels)):
        mask = slice(None) if wanted is None else torch.isin(y, torch.tensor(sorted(wanted)))
        kept.append((x[mask], y[mask]))
    (train, labels), (test, test_labels) = kept
    parts = _split(name, train)
    of_parts = _split(name, labels) if labels.ndim == 1 else ()
    known_labels = dict(zip(("train", "validation"), of_parts, strict=True)) | {"test": test_labels} if of_parts else {}
    return Source(parts[0], parts[1], test, known_labels, shape, names)
