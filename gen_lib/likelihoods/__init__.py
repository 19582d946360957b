"""How a decoder's output becomes a distribution of x: the choice that the reconstruction loss *is*.

A likelihood is a module with ``log_prob(output, x)``, ``mean(output)`` and ``sample(output, generator)``. Pixels are
independent given the code, so log-probabilities add up over dimensions. The mean is shown and compared; a draw is
taken only when the noise of the decoder itself is of interest.
"""

from collections.abc import Callable

from ..slips import known
from .base import Likelihood
from .gaussian import Gaussian, LearnedGaussian, OptimalGaussian, identity
from .levels import Discretised
from .pixels import Bernoulli, ContinuousBernoulli

Maker = Callable[[tuple[int, ...]], Likelihood]  # from the shape of the members

LIKELIHOODS: dict[str, Maker] = {
    "gaussian": lambda members: Gaussian(),
    "gaussian_learned": LearnedGaussian,
    "gaussian_optimal": lambda members: OptimalGaussian(),
    "bernoulli": lambda members: Bernoulli(),
    "continuous_bernoulli": lambda members: ContinuousBernoulli(),
}


def maker(likelihood: str | Maker) -> Maker:
    """The maker behind a name; a function such as ``lambda members: Gaussian(sigma=0.1)`` is its own.

    Raises:
        ValueError: a name that is not known
    """
    return likelihood if callable(likelihood) else known("likelihood", likelihood, LIKELIHOODS)


__all__ = ["LIKELIHOODS", "Bernoulli", "ContinuousBernoulli", "Discretised", "Gaussian", "LearnedGaussian"]
__all__ += ["Likelihood", "Maker", "OptimalGaussian", "identity", "maker"]
