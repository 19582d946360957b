"""How good samples are: one number per member, and what the same number is for perfect samples.

No distance between finite samples is zero, not even between two draws of the same distribution. That level is the
*floor* (``floor``, and ``with_floor`` to print it next to the number); a method cannot be better, and a number
means little without it.
"""

from .bits import Elbo, bits_per_dimension, dequantised_bits, elbo
from .copies import Copies, copies
from .distances import energy_distance, mmd, sliced_w2, w1, w2
from .diversity import diversity, linear_probe
from .floors import WithFloor, floor, with_floor
from .judges import Overlap, frechet, frechet_bias, precision_recall
from .probe import class_probe, neighbour_probe
from .quality import Modes, active_units, modes_covered, nll, path_energy, reconstruction_error, straightness

__all__ = [
    "Copies",
    "Elbo",
    "Modes",
    "Overlap",
    "WithFloor",
    "active_units",
    "bits_per_dimension",
    "class_probe",
    "copies",
    "dequantised_bits",
    "diversity",
    "elbo",
    "energy_distance",
    "floor",
    "frechet",
    "frechet_bias",
    "linear_probe",
    "mmd",
    "modes_covered",
    "neighbour_probe",
    "nll",
    "path_energy",
    "precision_recall",
    "reconstruction_error",
    "sliced_w2",
    "straightness",
    "w1",
    "w2",
    "with_floor",
]
