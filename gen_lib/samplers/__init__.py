"""From noise to data: how a trained map or field is followed, one state at a time.

Every sampler returns the list of its states, ``[z, ..., x]``. They stand at equally spaced times,
:func:`~gen_lib.samplers.ode.times`, from ``start`` to ``end``: noise at 0, data at 1; ``start=1, end=0`` goes
backwards, from data to noise.

What moves the points is a function of points and time. A sampler knows no network, records gradients as any other
computation does, and leaves it to the caller to switch them off (``with torch.no_grad():``). What a sample costs is the
number of times the function was evaluated: :class:`~gen_lib.counting.Counted` counts.
"""

from ..counting import Counted
from .ode import AverageVelocity as AverageVelocity
from .ode import Time as Time
from .ode import Velocity as Velocity
from .ode import adaptive, clock, euler, heun, jump, once, times
from .sde import Noise as Noise
from .sde import ddim, euler_maruyama, keeping, stochastic_heun

__all__ = [
    "Counted",
    "adaptive",
    "clock",
    "ddim",
    "euler",
    "euler_maruyama",
    "heun",
    "jump",
    "keeping",
    "once",
    "stochastic_heun",
    "times",
]
