"""How a decoder's output becomes a distribution of x: the choice that the reconstruction loss *is*.

A likelihood is a module with ``log_prob(output, x)``, ``mean(output)`` and ``sample(output, generator)``. It says how
many ``outputs`` of the decoder it needs for each dimension. Pixels are independent given the code, so
log-probabilities add up over dimensions. The mean is shown and compared; a draw is
taken only when the noise of the decoder itself is of interest.
"""

from collections.abc import Callable

import torch

from ..slips import brief, known
from .base import Likelihood
from .gaussian import Gaussian, HeteroscedasticGaussian, LearnedGaussian, OptimalGaussian, identity
from .levels import Discretised
from .pixels import Bernoulli, ContinuousBernoulli

Maker = Callable[[tuple[int, ...]], Likelihood]  # from the shape of the members

LIKELIHOODS: dict[str, Maker] = {
    "gaussian": lambda members: Gaussian(),
    "gaussian_learned": LearnedGaussian,
    "gaussian_optimal": lambda members: OptimalGaussian(),
    "gaussian_heteroscedastic": lambda members: HeteroscedasticGaussian(),
    "bernoulli": lambda members: Bernoulli(),
    "continuous_bernoulli": lambda members: ContinuousBernoulli(),
}


def maker(likelihood: str | Maker) -> Maker:
    """The maker behind a name; a function such as ``lambda members: Gaussian(sigma=0.1)`` is its own.

    It is tried once, without members, so that a slip is found where it is made and not when a net is built.

    Raises:
        ValueError: a name that is not known, a function that fails
        TypeError: a function that makes no likelihood

    Example:
        >>> maker(lambda members: 0.1)
        Traceback (most recent call last):
        TypeError: likelihood must be a name, or a function such as lambda members: Gaussian(0.1), this one gave 0.1
    """
    make = likelihood if callable(likelihood) else known("likelihood", likelihood, LIKELIHOODS)
    wanted = "likelihood must be a name, or a function such as lambda members: Gaussian(0.1)"
    if isinstance(make, Likelihood):
        raise TypeError(f"{wanted}, got the likelihood {make!r} itself")
    with torch.random.fork_rng(devices=[]):
        try:
            made = make(())
        except Exception as error:
            raise ValueError(f"{wanted}, this one fails without members: {error}") from error
    if not isinstance(made, Likelihood):
        raise TypeError(f"{wanted}, this one gave {brief(made)}")
    return make


__all__ = ["LIKELIHOODS", "Bernoulli", "ContinuousBernoulli", "Discretised", "Gaussian", "HeteroscedasticGaussian"]
__all__ += ["LearnedGaussian", "Likelihood", "Maker", "OptimalGaussian", "identity", "maker"]
