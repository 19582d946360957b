"""How good samples are: one number per member, and what the same number is for perfect samples.

No distance between finite samples is zero, not even between two draws of the same distribution. That level is the
*floor* (``floor``, and ``beside_floor`` to print it beside the number); a method cannot be better, and a number
means little without it.
"""

from .bits import bits_per_dimension
from .distances import Level, beside_floor, energy_distance, floor, mmd, sliced_w2, w1, w2
from .quality import Modes, active_units, modes_covered, nll, path_energy, reconstruction_error, straightness
from .variety import linear_probe, variety

__all__ = [
    "Level",
    "Modes",
    "active_units",
    "beside_floor",
    "bits_per_dimension",
    "energy_distance",
    "floor",
    "linear_probe",
    "mmd",
    "modes_covered",
    "nll",
    "path_energy",
    "reconstruction_error",
    "sliced_w2",
    "straightness",
    "variety",
    "w1",
    "w2",
]
