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

from . import couplings, data, likelihoods, methods, metrics, nets, paths, samplers, truth
from .method import Method
from .methods import METHODS
from .train import PRESETS, fit

__all__ = ["METHODS", "PRESETS", "Method", "couplings", "data", "fit"]
__all__ += ["likelihoods", "methods", "metrics", "nets", "paths", "samplers", "truth"]
