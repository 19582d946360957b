"""What a likelihood can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Generator, Tensor, nn

from ..shapes import Outputs, PerSample, Points

Activation = Callable[[Tensor], Tensor]  # of each number alone


class Likelihood(nn.Module, ABC):
    """What a likelihood can do. Abstract: use one of its forms below, or write the three methods of another.

    Attributes:
        outputs: how many numbers it needs from the decoder for each dimension of x, one block of d after the other
        activation: from the output to the mean, if each dimension has its mean from one number; else None
        of_batch: the log-probability of a datum depends on the others of its batch
    """

    outputs: int = 1
    activation: Activation | None = None
    of_batch: bool = False

    @abstractmethod
    def log_prob(self, output: Outputs, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, shape ``(*members, n)``."""

    @abstractmethod
    def mean(self, output: Outputs) -> Points:
        """E[x|z], shape ``(*members, n, d)``."""

    @abstractmethod
    def sample(self, output: Outputs, generator: Generator | None = None) -> Points:
        """A draw of x given z, shape ``(*members, n, d)``."""

    def log_mass(self, output: Outputs, low: Tensor, high: Tensor) -> Points:
        """log P(low < x < high | z), dimension by dimension, for a likelihood that is a density.

        Raises:
            TypeError: not a likelihood
        """
        raise TypeError(f"{type(self).__name__} has no log_mass: it is no density of its own over the values between")
