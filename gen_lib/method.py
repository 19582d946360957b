"""The one abstraction: every method learns from pairs (z, x) and ends as a map from z to x."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, update_wrapper, wraps
from pkgutil import resolve_name
from typing import Any, NamedTuple, ParamSpec

import torch
from torch import Generator, Tensor

from . import check, draws
from .couplings import independent
from .nets import Net, Sizes, stacked, still
from .slips import brief

Loss = Callable[..., Tensor]  # (net, z, x) -> one number per pair
Coupling = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
P = ParamSpec("P")


class Turn(NamedTuple):
    """One update of one part of a net.

    Attributes:
        moves: name of the submodule whose weights move; ``""`` is the whole net
        loss: ``(net, z, x) -> (*members, n)``: one number per pair, no reduction
    """

    moves: str
    loss: Loss


class Recipe(NamedTuple):
    """How a method was made, in words that another process or a file understands.

    Attributes:
        factory: the function that made it, ``"module:name"``
        arguments: what that function was given, by name; what was left out is not in it

    Example:
        >>> from gen_lib import methods
        >>> recipe = methods.vae(2.0, likelihood="bernoulli").recipe
        >>> recipe
        Recipe(factory='gen_lib.methods.vae:vae', arguments={'beta': 2.0, 'likelihood': 'bernoulli'})
        >>> recipe.make().recipe == recipe
        True
    """

    factory: str
    arguments: dict[str, Any]

    def make(self) -> "Method":
        """The same method once more."""
        return resolve_name(self.factory)(**self.arguments)


def _run(function: Callable[..., Any], *inputs: object, **choices: object) -> Any:
    with torch.no_grad():
        return function(*inputs, **choices)


def _without_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``torch.no_grad()(function)``, but it can be sent to another process if the function can."""
    return update_wrapper(partial(_run, function), function, assigned=("__doc__", "__name__"), updated=())


@dataclass(frozen=True, kw_only=True)
class Method:
    """What makes a method: a network, losses, a way to sample, and which noise is paired with which datum.

    ``push`` and ``encode`` use a trained net and keep no gradients. Losses, and the functions of the same names in the
    modules of :mod:`gen_lib.methods`, keep them.

    Attributes:
        architecture: ``(dim, latent, hidden, members)`` to a net with attributes ``dim``, ``latent`` and ``members``
        turns: what happens in one step of training: one turn, or several for a game
        push: ``(net, z) -> [z, ..., x]``, the states on the path from noise to data
        encode: ``(net, x) -> z`` where the method has one
        density: ``(net, x)`` to the logarithm of the density at x, or a lower bound of it, where the method has one
        coupling: ``(z, x) -> (z, x)``, the pairs it trains on
        constrain: called with the net after every step, to put weights back into the set where they may lie
        recipe: how a :func:`factory` made it; None for a method that was put together by hand, or changed afterwards

    Raises:
        TypeError: not a tuple of turns
    """

    architecture: Callable[[int, int, Sizes, Sizes], Net]
    turns: tuple[Turn, ...]
    push: Callable[..., list[Tensor]]
    encode: Callable[..., Tensor] | None = None
    density: Callable[..., Tensor] | None = None
    coupling: Coupling = independent
    constrain: Callable[..., None] | None = None
    recipe: Recipe | None = field(default=None, init=False, compare=False)

    def __post_init__(self):
        if not self.turns or not all(isinstance(turn, Turn) for turn in self.turns):
            raise TypeError(f'turns must be a tuple of turns, such as (Turn("", loss),), got {brief(self.turns)}')
        for name in ("push", "encode"):
            if (function := getattr(self, name)) is not None:
                object.__setattr__(self, name, _without_gradients(function))

    def __reduce_ex__(self, protocol: Any) -> str | tuple[Any, ...]:
        """Sent to another process, a method is made there anew: the losses inside a factory cannot travel."""
        if self.recipe is None:
            return super().__reduce_ex__(protocol)
        return partial(resolve_name(self.recipe.factory), **self.recipe.arguments), ()

    @property
    def loss(self) -> Loss:
        """The loss of a method with a single turn.

        Raises:
            ValueError: a game, in which each player has its own
        """
        if len(self.turns) > 1:
            names = [turn.moves for turn in self.turns]
            raise ValueError(f"a game has no single loss: choose one of its turns, {names}, as in method.turns[0].loss")
        return self.turns[0].loss

    def sample(self, net: Net, n: int, generator: Generator | None = None, **choices: object) -> Tensor:
        """New points, without gradients and in evaluation mode: noise is drawn and pushed to the data.

        Args:
            net: a trained net of this method
            n: number of points per member
            generator: of the noise, and of what ``push`` draws; torch's global one if not given
            choices: handed on to ``push``, such as ``steps=4``

        Returns:
            points, shape ``(*members, n, dim)``

        Raises:
            ValueError: n not a positive whole number

        Example:
            >>> import torch
            >>> from gen_lib import METHODS
            >>> net = METHODS["meanflow"].build(dim=2, members=(3,))
            >>> METHODS["meanflow"].sample(net, 5, torch.Generator().manual_seed(0), steps=2).shape
            torch.Size([3, 5, 2])
        """
        shape = (*net.members, check.whole("n", n, least=1), net.latent)
        with still(net) as weight, draws.drawing(generator):
            return self.push(net, draws.normal(shape, like=weight), **choices)[-1]

    def log_prob(self, net: Net, x: Tensor, **choices: object) -> Tensor:
        """The logarithm of the density of the samples at given points, without gradients and in evaluation mode.

        Exact up to the solver for a flow; a lower bound for a VAE.

        Args:
            net: a net of this method
            x: points, shape ``(*members, n, dim)``; points without members are given to all of them
            choices: handed on to ``density``, such as tolerances of the solver

        Returns:
            nats, shape ``(*members, n)``

        Raises:
            ValueError: a method without a density, such as a game

        Example:
            >>> import torch
            >>> from gen_lib import METHODS
            >>> net = METHODS["fm"].build(dim=2, members=(3,))
            >>> METHODS["fm"].log_prob(net, torch.zeros(5, 2)).shape
            torch.Size([3, 5])
        """
        if self.density is None:
            raise ValueError("method must have a density, this one has density=None")
        with still(net):
            return self.density(net, check.points("x", x, net.dim), **choices)

    def build(
        self,
        dim: int,
        *,
        latent: int | None = None,
        hidden: Sizes = (32, 64, 32),
        members: Sizes = (),
        seed: draws.Seed = 0,
    ) -> Net:
        """A new net; member i starts from the weights that a lone net gets under ``seed + i``.

        Args:
            dim: dimension of a data point
            latent: dimension of the noise; that of the data if not given
            hidden: widths of the hidden layers
            members: shape of the members, ``(8,)`` for eight nets in one
            seed: of the initial weights; or one for each member

        Returns:
            a net with ``dim``, ``latent`` and ``members``; torch's global generator is left as it was

        Raises:
            ValueError: a size that is not a positive whole number, a negative seed
        """
        dim = check.whole("dim", dim, least=1)
        latent = dim if latent is None else check.whole("latent", latent, least=1)
        hidden, members = check.sizes("hidden", hidden), check.sizes("members", members)
        return stacked(lambda shape: self.architecture(dim, latent, hidden, shape), members, seed)


def factory(make: Callable[P, Method]) -> Callable[P, Method]:
    """Let a function that makes methods note in each of them how it was made, so that it can be sent and written down.

    The function must stand in a module, where another process finds it, and its arguments must be such as can be sent:
    numbers, tensors, names, functions of a module.

    Args:
        make: gives a method

    Returns:
        the same function, whose methods have a :class:`Recipe`

    Raises:
        ValueError: a function inside another one
    """
    if "<locals>" in make.__qualname__:
        raise ValueError(f"make must stand in a module, where another process finds it, got {make.__qualname__}")
    signature, name = inspect.signature(make), f"{make.__module__}:{make.__qualname__}"

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Method:
        method = make(*args, **kwargs)
        object.__setattr__(method, "recipe", Recipe(name, dict(signature.bind(*args, **kwargs).arguments)))
        return method

    return made
