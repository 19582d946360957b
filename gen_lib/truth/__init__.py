"""The exact answers that everything learned is checked against.

When the data are a :class:`~gen_lib.data.mixtures.GaussianMixture` and the source is N(0, I), with noise at t = 0,
data at t = 1 and straight paths between independent pairs, the density, the score and the velocity of every x_t are
closed formulas; on the line, and for a single Gaussian, so are the flow map and the average velocity. A VAE with a
small latent has its likelihood by quadrature, and a linear one its optimum by an eigendecomposition. Between two
mixtures the best critic of a game is known, and the divergence that it measures.

Everything is computed in float64 and returned in the precision of the points: give float64 points for exact answers.
"""

from ..density import pushforward_log_prob
from .flow import average_velocity, flow_map
from .game import jensen_shannon, log_ratio
from .guidance import Tilted, guided_velocity
from .latent import ElboGap, Ppca, elbo_gap, ppca
from .marginal import Estimate, irreducible_loss, log_prob_at, score, velocity, velocity_variance
from .moments import mixture_at

__all__ = [
    "ElboGap",
    "Estimate",
    "Ppca",
    "Tilted",
    "average_velocity",
    "elbo_gap",
    "flow_map",
    "guided_velocity",
    "irreducible_loss",
    "jensen_shannon",
    "log_prob_at",
    "log_ratio",
    "mixture_at",
    "ppca",
    "pushforward_log_prob",
    "score",
    "velocity",
    "velocity_variance",
]
