"""Where a run is computed: on which device, in how many processes, on how many machines, in which precision.

Lightning's Fabric starts the processes and knows the clusters (torchrun, SLURM and others). It does not wrap the net:
gradients are averaged here, in the open, after ``torch.autograd.grad``, so that a loss may hold a JVP. Each process has
its part of every batch and draws its part of the same random numbers: the batch and the seed define the result, the
number of processes does not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ..train.training import Alone
from .settings import Settings

REPORT = "several devices or machines, a GPU and bf16 need one more package: pip install 'gen-lib[runs]'"


class Place(Alone):
    """One process on the CPU, without any package."""

    device = torch.device("cpu")

    def agreed(self, value: Any) -> Any:
        """What the first process says."""
        return value

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Within this context the losses are computed in the precision of the run."""
        yield


class Fabrics(Place):
    """Processes that Fabric has started, this one among them.

    Args:
        fabric: launched
    """

    def __init__(self, fabric: Any):
        self.fabric, self.rank, self.count, self.device = fabric, fabric.global_rank, fabric.world_size, fabric.device

    def average(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Each tensor averaged over the processes, in one message."""
        if self.count == 1:
            return list(values)
        flat = self.fabric.all_reduce(torch.cat([value.reshape(-1) for value in values]), reduce_op="mean")
        parts = flat.split([value.numel() for value in values])
        return [part.reshape(value.shape) for part, value in zip(parts, values, strict=True)]

    def agreed(self, value: Any) -> Any:
        """What the first process says."""
        return value if self.count == 1 else self.fabric.broadcast(value, src=0)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Within this context the losses are computed in the precision of the run."""
        with self.fabric.autocast():
            yield


def place(settings: Settings) -> Place:
    """Where the settings say; with several processes they are started here, each with the command of this one.

    Raises:
        ImportError: a package is missing
        ValueError: a device that is not there
    """
    s = settings
    plain = s.devices == 1 and s.num_nodes == 1 and s.precision != "bf16-mixed" and s.accelerator in ("auto", "cpu")
    if plain and (s.accelerator == "cpu" or not _accelerator()):
        return Place()
    try:
        from lightning_fabric import Fabric
    except ImportError as reason:
        if plain:
            return Place()  # without the package a card that is there is not used
        raise ImportError(REPORT) from reason
    several = s.devices != 1 or s.num_nodes != 1
    try:
        fabric = Fabric(
            accelerator=s.accelerator or "auto",
            devices=s.devices or 1,
            num_nodes=s.num_nodes or 1,
            strategy="ddp" if several else "auto",  # of which only the collectives are used
            precision="bf16-mixed" if s.precision == "bf16-mixed" else "32-true",
        )
    except Exception as error:  # of Lightning's own kinds
        raise ValueError(f"accelerator {s.accelerator} with devices={s.devices} is not there: {error}") from error
    fabric.launch()
    return Fabrics(fabric)


def _accelerator() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()
