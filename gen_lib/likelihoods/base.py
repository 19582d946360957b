"""What a likelihood can do."""

from torch import Generator, Tensor, nn

from ..shapes import PerSample, Points


class Likelihood(nn.Module):
    """What a likelihood can do. Abstract: use one of its forms below."""

    def log_prob(self, output: Points, x: Points) -> PerSample:
        """log p(x|z) in nats, summed over dimensions, shape ``(*members, n)``."""
        raise TypeError(f"{type(self).__name__} has no log_prob: use a concrete likelihood")

    def mean(self, output: Points) -> Points:
        """E[x|z], shape ``(*members, n, d)``."""
        raise TypeError(f"{type(self).__name__} has no mean: use a concrete likelihood")

    def sample(self, output: Points, generator: Generator | None = None) -> Points:
        """A draw of x given z, shape ``(*members, n, d)``."""
        raise TypeError(f"{type(self).__name__} has no sample: use a concrete likelihood")

    def log_mass(self, output: Points, low: Tensor, high: Tensor) -> Points:
        """log P(low < x < high | z), dimension by dimension, for a likelihood that is a density."""
        raise TypeError(f"{type(self).__name__} has no log_mass: it is no density of its own over the values between")
