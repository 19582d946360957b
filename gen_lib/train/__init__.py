"""The training loop, one for all methods, and when it stops.

Example:
    >>> from gen_lib import METHODS, data
    >>> train, validation = data.split(data.moons().sample(200), (0.8, 0.2))
    >>> net = METHODS["fm"].build(dim=2, members=(3,))
    >>> stopping = Stopping(held_out_loss(METHODS["fm"], validation), every=10)
    >>> history = fit(METHODS["fm"], net, train, steps=20, stopping=stopping, progress=False)
    >>> history.checks, history.scores.shape, history.best_step.shape
    ([10, 20], torch.Size([2, 3]), torch.Size([3]))
"""

from .loop import PRESETS, fit, run
from .record import History, NotFinite
from .schedules import constant, cosine, late
from .stopping import Stopping, held_out_loss, sample_distance
from .training import Training

__all__ = ["PRESETS", "History", "NotFinite", "Stopping", "Training", "constant", "cosine", "fit", "late"]
__all__ += ["held_out_loss", "run", "sample_distance"]
