"""Chapter 6, faces."""

import torch

from gen_lib import methods, nets


def exercise_4() -> None:
    r"""Encoder 392 + 2,064 + 8,224 + 32,832, decoder 16,896 + 8,208 + 2,056 + 387: 71,059 in all.

    A layer from a to b channels has :math:`16\, a b` weights and b biases, whichever its direction. The encoder's
    affine layer maps 32 x 4 x 4 = 512 values to 64 (means and log-variances) and is the largest; that of the decoder
    maps 32 to 512. So the two layers that are not convolutions have 70 per cent of the weights.
    """

    def convolution(inputs: int, outputs: int) -> int:
        return 16 * inputs * outputs + outputs

    def affine(inputs: int, outputs: int) -> int:
        return inputs * outputs + outputs

    down = [convolution(3, 8), convolution(8, 16), convolution(16, 32)]
    up = [convolution(32, 16), convolution(16, 8), convolution(8, 3)]
    to_code, from_code = affine(512, 64), affine(32, 512)
    assert [*down, to_code, from_code, *up] == [392, 2064, 8224, 32832, 16896, 8208, 2056, 387]

    vae = methods.vae(likelihood="bernoulli", maps=nets.convolutional((3, 32, 32)))
    net = vae.build(dim=3072, latent=32, hidden=(8, 16, 32), seed=0)
    total = sum(p.numel() for p in net.parameters())
    assert total == sum([*down, to_code, from_code, *up]) == 71_059
    assert 0.69 < (to_code + from_code) / total < 0.71


def exercise_5() -> None:
    r"""The worth is :math:`n\,[H(p) - \tfrac12 H(p + \delta) - \tfrac12 H(p - \delta)]`, H the entropy of a coin.

    The mean over the two variants is p, and the cross-entropy of a coin and its mean, minus its entropy, is their
    Kullback-Leibler divergence. By (3) the worth is about :math:`n \delta^2 / (2 p (1 - p))`. A value with p = 0.5 and
    delta = 0.1 is worth 0.0201 nats, so 25 of them pay for the half nat of the border: about eight pixels of three
    channels. At p = 0.15 the coin is less noisy, its variance is about half as large, and 12 values are enough: a dark
    detail pays sooner.
    """

    def entropy(p: torch.Tensor) -> torch.Tensor:
        return -(p * p.log() + (1 - p) * (1 - p).log())

    def worth(p: float, delta: float) -> float:
        """Of one value, by (2): mean cross-entropy at the mean of the two variants, minus the mean entropy."""
        variants = torch.tensor([p - delta, p + delta], dtype=torch.float64)
        middle = variants.mean()
        cross = -(variants * middle.log() + (1 - variants) * (1 - middle).log())
        exact = (cross - entropy(variants)).mean().item()
        assert abs(exact - (entropy(middle) - entropy(variants).mean()).item()) < 1e-12
        return exact

    assert abs(worth(0.5, 0.1) - 0.1**2 / (2 * 0.25)) < 0.0002
    assert 24 * worth(0.5, 0.1) < 0.5 < 25 * worth(0.5, 0.1)
    assert 11 * worth(0.15, 0.1) < 0.5 < 12 * worth(0.15, 0.1)
