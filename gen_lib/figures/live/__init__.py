"""Figures that are drawn in the page itself, without a kernel; in many a trained net runs there."""

from .arena import arena, critic_field
from .bench import likelihood_bench
from .decoder import decoder_map
from .gallery import gallery
from .jumps import round_trip, ruler
from .latents import beta_dial, latent_explorer
from .particles import flow_lab
from .predictions import predict_choice, predict_curve
from .score import scoreboard
from .weights import Setting, weights

__all__ = [
    "Setting",
    "arena",
    "beta_dial",
    "critic_field",
    "decoder_map",
    "flow_lab",
    "gallery",
    "latent_explorer",
    "likelihood_bench",
    "predict_choice",
    "predict_curve",
    "round_trip",
    "ruler",
    "scoreboard",
    "weights",
]
