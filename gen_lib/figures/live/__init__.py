"""Figures that are drawn in the page itself, without a kernel; in many a trained net runs there."""

from .arena import arena, critic_field
from .beta_dial import beta_dial
from .decoder_map import decoder_map
from .flow_lab import flow_lab
from .flow_plane import flow_plane
from .gallery import gallery
from .guidance_dial import guidance_dial
from .latent_explorer import latent_explorer
from .likelihood_bench import likelihood_bench
from .memory_dial import memory_dial
from .noise_dial import noise_dial
from .predict_choice import predict_choice
from .predict_curve import predict_curve
from .round_trip import round_trip
from .ruler import ruler
from .scoreboard import scoreboard
from .weights import Setting, weights

__all__ = [
    "Setting",
    "arena",
    "beta_dial",
    "critic_field",
    "decoder_map",
    "flow_lab",
    "flow_plane",
    "gallery",
    "guidance_dial",
    "latent_explorer",
    "likelihood_bench",
    "memory_dial",
    "noise_dial",
    "predict_choice",
    "predict_curve",
    "round_trip",
    "ruler",
    "scoreboard",
    "weights",
]
