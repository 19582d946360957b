"""What a sample costs: how often a net, or a function, was evaluated."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


class Counted:
    """Counts how often a function, or a net, is evaluated; a batch of points, of all members, counts once.

    Called in place of a function it counts the calls. As a context it counts the evaluations of a net, whoever calls
    it: those of the parts that it consists of, the generator of a game, the decoder of an autoencoder, the one map of a
    field.

    Args:
        function: a net, a field: anything that can be called; as a context, a net

    Attributes:
        evaluations: the count so far

    Raises:
        TypeError: a context of a function that is not a net

    Example:
        >>> import torch
        >>> from gen_lib import METHODS, samplers
        >>> field, x = Counted(lambda x, t: x), torch.ones(1, 1)
        >>> _ = samplers.heun(field, x, steps=10)
        >>> net = METHODS["fm"].build(dim=1)
        >>> with Counted(net) as counted:
        ...     _ = METHODS["fm"].push(net, x, steps=10)
        >>> field.evaluations, counted.evaluations
        (20, 20)
    """

    def __init__(self, function: Callable[..., Tensor]):
        self.function, self.evaluations, self.hooks = function, 0, list[RemovableHandle]()

    def __call__(self, *inputs: Tensor) -> Tensor:
        """What the function says."""
        self.evaluations += not self.hooks  # which would count it, too
        return self.function(*inputs)

    def __enter__(self) -> "Counted":
        if not isinstance(self.function, nn.Module):
            raise TypeError(f"function must be a net whose parts can be counted, got {self.function!r}")
        self.hooks = [part.register_forward_hook(self._evaluated) for part in self.function.children()]
        return self

    def __exit__(self, *_: object) -> None:
        while self.hooks:
            self.hooks.pop().remove()

    def _evaluated(self, *_: object) -> None:
        self.evaluations += 1
