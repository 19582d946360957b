"""The shapes that everything in the library agrees on.

Points are ``(*members, n, d)``: n points of dimension d for each member of a net; noise and
codes may have a dimension of their own. Times are ``(*members, n, 1)``, so
that they broadcast against points. A loss or a density is one number per point, ``(*members, n)``. A metric is one
number per member. Points without members, ``(n, d)``, are given to all of them (the ``#`` below: shapes broadcast).

The annotations cost nothing at run time; the tests enforce them.
"""

from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor

Sizes: TypeAlias = tuple[int, ...]  # such as the members of a net, or the widths of its layers
Points: TypeAlias = Float[Tensor, "*#members n d"]
Codes: TypeAlias = Float[Tensor, "*#members n latent"]
Outputs: TypeAlias = Float[Tensor, "*#members n outputs"]
Times: TypeAlias = Float[Tensor, "*#members n 1"]
PerSample: TypeAlias = Float[Tensor, "*#members n"]
PerMember: TypeAlias = Float[Tensor, "*#members"]
States: TypeAlias = list[Float[Tensor, "*#members n _"]]
