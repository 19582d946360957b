"""What the settings of a run stand for in memory: its data, its method, its net, its training."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from .. import draws
from ..method import Method
from ..nets import Net
from ..slips import brief
from ..train import Stopping, Training, constant, held_out_loss, late, sample_distance
from ..train.stopping import Score
from . import sources
from .devices import Place
from .settings import Settings, identity
from .sources import Source

NEVER = 1 << 62  # patience of who does not stop early
SCHEDULES = {"constant": constant, "late": late}


@dataclass(frozen=True)
class Model:
    """The method and the shape of the net of a run; no data are needed for it.

    Attributes:
        settings: resolved
        dim: dimension of a point
        shape: of an image, None for points of another kind
        seeds: of members that are runs of a sweep by themselves, in place of ``members`` and ``seed``
        knobs: arguments of the method that these members have each of their own
    """

    settings: Settings
    dim: int
    shape: tuple[int, int, int] | None
    seeds: tuple[int, ...] = ()
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def method(self) -> Method:
        """The method, with its options.

        Raises:
            ValueError: an option that it does not have or refuses
        """
        s = self.settings
        options = dict(s.options or {})
        for name, value in {"beta": s.kl_weight, "likelihood": s.likelihood}.items():
            if value is not None:
                if name in options:
                    raise ValueError(f"options must not hold {name!r}, a setting by itself, got {brief(options[name])}")
                options[name] = value
        if s.maps != "plain" or s.dropout:
            options["maps"] = sources.maps(str(s.maps), s.dropout or 0.0, self.shape)
        return sources.method(str(s.method), {**options, **self.knobs})

    def build(self) -> Net:
        """A new net of the run, with its initial weights.

        Raises:
            ValueError: sizes that do not fit
        """
        s = self.settings
        many = len(self.seeds) or s.members or 1
        members = () if many == 1 else (many,)
        hidden = tuple(s.hidden or ())
        net = self.method.build(self.dim, latent=s.latent, hidden=hidden, members=members, seed=self.seed)
        return net.double() if s.precision == "64-true" else net

    @property
    def seed(self) -> draws.Seed:
        """Of the first member, or of each."""
        return self.seeds or self.settings.seed or 0

    @property
    def words(self) -> dict[str, str]:
        """What is kept with the weights."""
        return {"method": str(self.settings.method), "settings": identity(self.settings)}


class Prepared:
    """A run in memory, before its first step.

    Args:
        settings: resolved
        place: where it is computed
        progress: show a bar while images are read
        seeds, knobs: as those of :class:`Model`

    Attributes:
        settings: the same
        place: the same
        source: the data
        model: the method, and what its nets are like
        net: as it is before the first step
        score: by which the best weights are chosen: the held-out loss, or the distance of samples for a game
        training: at its beginning

    Raises:
        ValueError, OSError: as the parts do, before anything is written
    """

    def __init__(
        self,
        settings: Settings,
        place: Place | None = None,
        progress: bool = True,
        seeds: Sequence[int] = (),
        knobs: Mapping[str, Any] | None = None,
    ):
        s, self.place = settings, place or Place()
        self.settings = settings
        self.source = data(s, progress)
        self.model = Model(s, self.source.dim, self.source.shape, tuple(seeds), knobs or {})
        self.net = self.model.build().to(self.place.device)
        if s.precision == "bf16-mixed":
            for part in self.net.children():  # products in half precision, losses in single precision
                part.register_forward_hook(lambda module, inputs, output: output.float())
        weight = next(self.net.parameters())
        steps = self._steps()
        self.score = _score(self.model.method, self.source.validation.to(weight))
        train = self.source.train
        self.training = Training(
            self.model.method,
            self.net,
            train.to(weight) if isinstance(train, Tensor) else train,
            steps=steps,
            stopping=Stopping(self.score, s.every or max(1, steps // 20), s.patience or NEVER),
            schedule=self._schedule(steps),
            clip=s.clip,
            processes=self.place,
            **self._numbers(),
        )

    def _numbers(self) -> dict[str, Any]:
        s = self.settings
        numbers = {"batch": s.batch, "lr": s.lr, "seed": self.model.seed, "weight_decay": s.weight_decay}
        return numbers | {"betas": tuple(s.betas or ())}

    def _per_epoch(self) -> float:
        train = self.source.train
        if not isinstance(train, Tensor):
            raise ValueError(f"epochs needs a number of points for data {self.settings.data!r}: give points, or steps")
        return math.ceil(len(train) / (self.settings.batch or 1))

    def _steps(self) -> int:
        s = self.settings
        return s.steps or max(1, round((s.epochs or 0) * self._per_epoch()))

    def _schedule(self, steps: int) -> Callable[[float], float]:
        s = self.settings
        if s.schedule != "cosine":
            return SCHEDULES[str(s.schedule)]
        end = steps if s.t_max is None else s.t_max * (self._per_epoch() if s.epochs is not None else 1)
        return lambda done: (1 + math.cos(math.pi * done * steps / end)) / 2


def data(settings: Settings, progress: bool = True) -> Source:
    """The data of a run.

    Raises:
        ValueError, OSError: as :func:`gen_lib.runs.sources.source`
    """
    s = settings
    wishes = {"points": s.points, "size": s.size, "channels": s.channels, "target_labels": s.target_labels}
    return sources.source(str(s.data), **wishes, images=s.images, seed=s.data_seed or 0, progress=progress)  # type: ignore[arg-type]


def _score(method: Method, validation: Tensor) -> Score:
    """A game has no loss that says when to stop."""
    return (sample_distance if len(method.turns) > 1 else held_out_loss)(method, validation)
