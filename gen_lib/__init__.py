"""Generative models on one screen: from the autoencoder to one-step flows, checked against exact answers.

Example:
    >>> import torch
    >>> from gen_lib import METHODS, data, fit, metrics
    >>> mixture = data.mixture_1d()
    >>> method = METHODS["decoder"]
    >>> net = method.build(dim=1, members=(2,))
    >>> history = fit(method, net, mixture, steps=10, seed=0, progress=False)
    >>> states = method.push(net, torch.randn(2, 100, 1))
    >>> metrics.w1(states[-1], mixture).shape
    torch.Size([2])
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import couplings, data, likelihoods, methods, metrics, nets, paths, samplers, truth
    from .method import Method, Turn
    from .methods import METHODS
    from .train import PRESETS, fit

__all__ = ["METHODS", "PRESETS", "Method", "Turn", "couplings", "data", "fit"]
__all__ += ["likelihoods", "methods", "metrics", "nets", "paths", "samplers", "truth"]

MODULES = {"METHODS": "methods", "PRESETS": "train", "Method": "method", "Turn": "method", "fit": "train"}


def __getattr__(name: str) -> object:
    """Import a part when it is first used: the command line answers a slip before torch is there."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{MODULES.get(name, name)}", __name__)
    return getattr(module, name) if name in MODULES else module


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
