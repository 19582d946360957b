"""Random numbers, one stream per member.

A net can hold many *members* (the same architecture, other seeds) that train together. What a member draws must not
depend on how many others there are, or a run with 8 members could not be compared with a run with one. So inside
:func:`streams` every member has its own generator: member ``i`` of a run with seed ``s`` sees exactly the numbers that
a lone run with seed ``s + i`` sees. Outside, the draws come from the generator given, or from torch's global one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any

import torch
from torch import Generator, Tensor

from .shapes import Sizes
from .slips import brief, whole

Source = Callable[..., Tensor]  # torch.rand or torch.randn
Seed = int | Sequence[int]  # of the first member, or one of each


def seeds(seed: Seed, members: Sizes) -> list[int]:
    """One seed per member: those given, or the whole numbers from the one given on.

    Args:
        seed: of the first member, or one for each
        members: shape of the members

    Raises:
        ValueError: a seed that is not a whole number of at least 0; as many seeds as there are not members

    Example:
        >>> seeds(5, (3,)), seeds((4, 2), (2,))
        ([5, 6, 7], [4, 2])
    """
    count = prod(members)
    if not isinstance(seed, Sequence) or isinstance(seed, str):
        first = whole("seed", seed, least=0)
        return [first + i for i in range(count)]
    if len(seed) != count:
        raise ValueError(f"seed must be one number, or one for each of {count} members, got {brief(seed)}")
    return [whole("each of seed", one, least=0) for one in seed]


class Streams:
    """One generator per member. Numbers are drawn in blocks: many small calls would cost more than a training step.

    Args:
        members: shape of the members
        seed: of the first member, member i has ``seed + i``; or one for each
        device: where the numbers are made
        shared: all members have the stream of the first
    """

    block = 1 << 15

    def __init__(self, members: Sizes, seed: Seed, device: torch.device | str = "cpu", shared: bool = False):
        self.members, self.device = members, device
        own = seeds(seed, members)
        self.generators = [Generator(device).manual_seed(own[0] if shared else one) for one in own]
        self.stock: dict[Source, tuple[Tensor, int]] = {}
        self.part, self.parts = 0, 1

    @contextmanager
    def split(self, part: int, parts: int) -> Iterator[None]:
        """Within this context what is drawn for n points is part of what is drawn for all ``parts * n`` of them.

        So that several processes, each at its part of a batch, draw together what one process draws.

        Args:
            part: which one, from 0
            parts: how many there are, of equal size

        Example:
            >>> streams = [Streams((2,), seed=0) for _ in range(3)]
            >>> whole = streams[0].take(torch.randn, (2, 6, 1))
            >>> halves = []
            >>> for part in (0, 1):
            ...     with streams[1 + part].split(part, 2):
            ...         halves.append(streams[1 + part].take(torch.randn, (2, 3, 1)))
            >>> torch.equal(torch.cat(halves, 1), whole)
            True
        """
        self.part, self.parts = part, parts
        try:
            yield
        finally:
            self.part, self.parts = 0, 1

    def take(self, draw: Source, shape: Sizes) -> Tensor:
        """The next numbers of every member, shape ``(*members, ...)``.

        Raises:
            ValueError: a shape that does not begin with the members
        """
        if shape[: len(self.members)] != self.members:
            raise ValueError(f"shape {shape} of a draw in training must begin with the members {self.members}")
        if self.parts > 1:
            axis = len(self.members)
            if len(shape) == axis:
                raise ValueError(f"shape {shape} of a draw in several processes must have an axis of points")
            n, parts, part = shape[axis], self.parts, self.part
            self.part, self.parts = 0, 1
            drawn = self.take(draw, (*shape[:axis], n * parts, *shape[axis + 1 :]))
            self.part, self.parts = part, parts
            return drawn.narrow(axis, part * n, n)
        count = prod(shape[len(self.members) :])
        block, used = self.stock.get(draw, (None, 0))
        if block is None or used + count > block.shape[1]:
            size = max(self.block, count)
            block, used = torch.stack([draw(size, generator=g, device=self.device) for g in self.generators]), 0
        self.stock[draw] = block, used + count
        return block[:, used : used + count].reshape(shape)

    def state(self) -> dict[str, Any]:
        """Where every stream is: tensors and whole numbers, for :meth:`load`."""
        stock = {draw.__name__: {"block": block, "used": used} for draw, (block, used) in self.stock.items()}
        return {"generators": torch.stack([g.get_state() for g in self.generators]), "stock": stock}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state that streams of as many members have left."""
        for generator, where in zip(self.generators, state["generators"], strict=True):
            generator.set_state(where.cpu().clone())  # with a view of several states torch crashes
        self.stock = {
            getattr(torch, name): (kept["block"].to(self.device), kept["used"]) for name, kept in state["stock"].items()
        }

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Within this context each member draws from its own stream."""
        token = _active.set(self)
        try:
            yield
        finally:
            _active.reset(token)


_active: ContextVar[Streams | Generator | None] = ContextVar("streams", default=None)


@contextmanager
def streams(members: Sizes, seed: int, device: torch.device | str = "cpu", shared: bool = False) -> Iterator[None]:
    """Within this context each member draws from its own stream: member ``i`` from the one seeded ``seed + i``.

    One context within another leaves the streams of the outer one where they were.

    Args:
        members: shape of the members
        seed: of the first member
        device: where the numbers are made
        shared: every member sees the numbers of the first, to compare members under the same noise

    Example:
        >>> with streams((3,), seed=0):
        ...     together = normal((3, 5, 1))
        >>> with streams((), seed=2):
        ...     alone = normal((5, 1))
        >>> torch.equal(together[2], alone)
        True
    """
    with Streams(members, seed, device, shared).drawn():
        yield


@contextmanager
def drawing(generator: Generator | None) -> Iterator[None]:
    """Within this context draws of any shape come from the generator; streams around it stay where they are.

    Args:
        generator: where the numbers come from; without one nothing changes

    Example:
        >>> with drawing(torch.Generator().manual_seed(0)):
        ...     one = normal((2,))
        >>> torch.equal(one, torch.randn(2, generator=torch.Generator().manual_seed(0)))
        True
    """
    token = _active.set(generator or _active.get())
    try:
        yield
    finally:
        _active.reset(token)


def _draw(draw: Source, shape: Sizes, generator: Generator | None, like: Tensor | None) -> Tensor:
    current = _active.get()
    if generator is None and isinstance(current, Streams):
        drawn = current.take(draw, shape)
    else:
        generator = current if generator is None and isinstance(current, Generator) else generator
        device = generator.device if generator is not None else like.device if like is not None else None
        drawn = draw(shape, generator=generator, device=device)
    return drawn if like is None else drawn.to(like)


def uniform(shape: Sizes, generator: Generator | None = None, like: Tensor | None = None) -> Tensor:
    """Independent draws from U(0, 1) of the given shape, in the precision and on the device of ``like``.

    Example:
        >>> uniform((4, 1)).shape
        torch.Size([4, 1])
    """
    return _draw(torch.rand, shape, generator, like)


def normal(shape: Sizes, generator: Generator | None = None, like: Tensor | None = None) -> Tensor:
    """Independent draws from N(0, 1) of the given shape, in the precision and on the device of ``like``.

    Example:
        >>> normal((4, 2), torch.Generator().manual_seed(0)).shape
        torch.Size([4, 2])
    """
    return _draw(torch.randn, shape, generator, like)
