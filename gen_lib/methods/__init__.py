"""One lecture, one file: the loss as on the board, the way to sample, the references."""

import copyreg
from typing import Any

from ..method import Method
from ..slips import Table
from .autoencoder import autoencoder
from .backflow import backflow
from .conditional import conditional
from .decoder import decoder
from .diffusion import diffusion
from .facm import facm, facm_published
from .flow_map import flow_map
from .flow_matching import fm
from .gan import gan, wgan
from .meanflow import meanflow
from .vae import vae

__all__ = [
    "METHODS",
    "autoencoder",
    "backflow",
    "conditional",
    "decoder",
    "diffusion",
    "facm",
    "facm_published",
    "flow_map",
    "fm",
    "gan",
    "meanflow",
    "vae",
    "wgan",
]

METHODS: Table[Method] = Table(
    decoder=decoder(),
    ae=autoencoder(),
    vae=vae(),
    vae_beta=vae(beta=10.0),
    gan=gan(),
    wgan=wgan(),
    fm=fm(),
    meanflow=meanflow(),
    facm=facm(),
    backflow=backflow(),
    diffusion=diffusion(),
).called("method")


def ready(name: str) -> Method:
    """The method of that name in :data:`METHODS`."""
    return METHODS[name]


def _by_name(method: Method) -> str | tuple[Any, ...]:
    """A ready method is the same object in every process, which finds it by its name."""
    names = [name for name, one in METHODS.items() if one is method]
    return (ready, (names[0],)) if names else method.__reduce_ex__(2)


copyreg.pickle(Method, _by_name)
