"""Draw the README's picture: python book/readme_picture.py > book/_static/readme.svg

The exact transport map F^-1(Phi(z)) from the normal distribution to the book's mixture on the line.
"""

import torch
from torch import Tensor

from gen_lib.data import GaussianMixture, mixture_1d
from gen_lib.plots import COLORS

WIDTH, HEIGHT, LEFT, RIGHT, BULGE = 760, 300, 260, 500, 480  # BULGE: pixels per unit of density
NORMAL = GaussianMixture([1.0], [[0.0]], [[[1.0]]])


def row(x: Tensor) -> Tensor:
    return HEIGHT / 2 - 33 * x


def density(distribution: GaussianMixture, base: int, sign: int) -> str:
    """The outline of a density that stands on a vertical axis."""
    x = torch.linspace(-4.2, 4.2, 85, dtype=torch.float64)
    height = distribution.log_prob(x[:, None]).exp()
    height[[0, -1]] = 0  # both ends on the axis
    curve = torch.stack([base + sign * BULGE * height, row(x)], 1)
    return " ".join(f"{right:.1f},{down:.1f}" for right, down in curve.tolist())


def line(p: float) -> str:
    """From the quantile of the noise to the same quantile of the data."""
    z, x = (d.quantile(torch.tensor(p, dtype=torch.float64)) for d in (NORMAL, mixture_1d()))
    return f"M{LEFT},{row(z).item():.1f}L{RIGHT},{row(x).item():.1f}"


def label(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle">{text}</text>'


lines = "".join(line((i + 0.5) / 40) for i in range(40))
size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
print(
    f"""<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="16">
<style>text {{ fill: #333 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}</style>
<path d="{lines}" stroke="{COLORS["inference"]}" stroke-opacity=".6"/>
<g fill-opacity=".18" stroke-width="2.5" stroke-linejoin="round">
<polygon points="{density(NORMAL, LEFT, -1)}" fill="{COLORS["prior"]}" stroke="{COLORS["prior"]}"/>
<polygon points="{density(mixture_1d(), RIGHT, 1)}" fill="{COLORS["data"]}" stroke="{COLORS["data"]}"/>
</g>
{label(120, 28, "noise z")}
{label(640, 28, "data x")}
{label((LEFT + RIGHT) / 2, 28, "x = F⁻¹(Φ(z))")}
</svg>"""
)
