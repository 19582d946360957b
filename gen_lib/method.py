"""The one abstraction: every method learns from pairs (z, x) and ends as a map from z to x."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from . import check
from .couplings import independent
from .nets import Net, Sizes, stacked

Loss = Callable[..., Tensor]  # (net, z, x) -> one number per pair
Coupling = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Method:
    """What makes a method: a network, losses, a way to sample, and which noise is paired with which datum.

    Attributes:
        architecture: ``(dim, latent, hidden, members)`` to a net with attributes ``dim``, ``latent`` and ``members``
        turns: pairs (name of the submodule that moves, loss); one turn, or several for a game. ``""`` is the whole net.
            A loss is ``(net, z, x) -> (*members, n)``: one number per pair, no reduction
        push: ``(net, z) -> [z, ..., x]``, the states on the way from noise to data
        encode: ``(net, x) -> z`` where the method has one
        coupling: ``(z, x) -> (z, x)``, the pairs it trains on
        constrain: called with the net after every step, to put weights back into the set where they may lie
    """

    architecture: Callable[[int, int, Sizes, Sizes], Net]
    turns: tuple[tuple[str, Loss], ...]
    push: Callable[..., list[Tensor]]
    encode: Callable[..., Tensor] | None = None
    coupling: Coupling = independent
    constrain: Callable[..., None] | None = None

    def build(
        self,
        dim: int,
        *,
        latent: int | None = None,
        hidden: Sizes = (32, 64, 32),
        members: Sizes = (),
        seed: int = 0,
    ) -> Net:
        """A new net; member i starts from the weights that a lone net gets under ``seed + i``.

        Args:
            dim: dimension of a data point
            latent: dimension of the noise; that of the data if not given
            hidden: widths of the hidden layers
            members: shape of the members, ``(8,)`` for eight nets in one
            seed: of the initial weights

        Returns:
            a net with ``dim``, ``latent`` and ``members``; torch's global generator is left as it was

        Raises:
            ValueError: a size that is not a positive whole number, a negative seed
        """
        dim = check.whole("dim", dim, least=1)
        latent = dim if latent is None else check.whole("latent", latent, least=1)
        hidden, members = check.sizes("hidden", hidden), check.sizes("members", members)
        seed = check.whole("seed", seed, least=0)
        return stacked(lambda shape: self.architecture(dim, latent, hidden, shape), members, seed)
