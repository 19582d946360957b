"""All settings of a run, what they are if not given, and the hash by which a finished run is known again.

Nothing here needs torch, so that the command line refuses a slip before it imports it.
"""

import hashlib
import json
import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..slips import METHOD_NAMES, TARGET_NAMES, brief, known, whole

#: Ready settings. ``classic`` is how such toys are usually trained: 2000 epochs over 500 points in batches of 64, at a
#: constant rate; ``fast`` takes a twentieth of that time and ends no worse (page *Running experiments*).
PRESETS: dict[str, dict[str, Any]] = {
    "classic": {"points": 500, "epochs": 2000.0, "batch": 64, "lr": 1e-3, "schedule": "constant", "seed": 42}
    | {"betas": [0.9, 0.999]},
    "fast": {"steps": 400, "batch": 256, "every": 200},
}
#: A step of a WGAN has six turns, so with fewer steps ``fast`` takes a twentieth of the time of ``classic`` there too.
FAST_STEPS = {"wgan": 320}
#: Two nets that chase each other need smaller steps, and Adam without the past of a gradient that the other changes.
RATES = {"gan": 1e-3, "wgan": 3e-3}
BETAS = {name: [0.0, 0.9] for name in RATES}
#: On the small targets; others start from 1e-2.
TOY_RATES = {"backflow": 3e-2}
#: Where a run is computed, in how many pieces, and who looks, changes none of its numbers.
ELSEWHERE = ("accelerator", "devices", "num_nodes", "snapshots")
WITH_CODES = ("ae", "vae", "vae_beta")
MOST_MEMBERS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is made of. A field that is None has not been given; :func:`resolved` says what it then is.

    Args:
        method: name of a ready method, or your own as package.module:name
        data: name of a target, digits, a folder of pictures, hub:MNIST, or your own as package.module:name (mixture_1d)
        preset: classic (2000 epochs of 500 points in batches of 64, constant rate 1e-3, seed 42) or fast (400 steps of
            256; 320 for wgan), none if not given
        steps: number of training steps (2000)
        epochs: the length instead in passes over the training points
        batch: pairs per member and step (256)
        members: independent nets trained together, with seeds seed, seed + 1, ... (1)
        hidden: widths of the hidden layers, or channels of a convolutional net, such as
            [256,128] ([32,64,32]; [256,128] for images, [32,64] if convolutional)
        latent: dimension of the code or noise (that of the data; 10 for codes of images)
        lr: learning rate (1e-2; 1e-3 for images and gan, 3e-3 for wgan, 3e-2 for backflow); in a game also
            {critic: 3e-3, generator: 1e-3}
        betas: decay rates of Adam's two averages ([0.9, 0.999]; [0, 0.9] for gan and wgan)
        weight_decay: decoupled decay of the weights (0)
        clip: largest norm of a gradient (none)
        schedule: cosine, constant or late: how the learning rate falls (cosine)
        t_max: where the cosine reaches zero, in epochs if the length is given in epochs, else in steps (at the end)
        dropout: probability that a hidden unit is dropped in training (0)
        kl_weight: weight of the KL of a VAE, often called beta (1; 10 for vae_beta)
        likelihood: of the data given the code: bernoulli (for images), gaussian (else), gaussian_learned,
            gaussian_optimal, gaussian_heteroscedastic, continuous_bernoulli, or package.module:name
        maps: plain, convolutional or package.module:name (plain)
        options: further arguments of the method, such as --options.p 0.75
        points: number of points of a distribution to train on, drawn once (fresh points at every step)
        data_seed: seed of those points (0)
        size: side of the images in pixels (28 for hub:, required for a folder)
        channels: 1 for grey, 3 for colour images (those of the set; 3 for a folder)
        target_labels: only these classes, such as [3,7] (all)
        images: number of images at most (all)
        seed: of weights, noise, data and times (0)
        every: steps between two validations (a twentieth of all; of the preset ``fast`` a half)
        patience: number of validations without improvement that stops a member (never)
        snapshots: keep a picture of samples at every validation (true for images, else false)
        precision: 32-true, 64-true or bf16-mixed (32-true)
        accelerator: auto, cpu, cuda, mps (auto)
        devices: how many of them, or auto (1)
        num_nodes: how many machines (1)
    """

    method: str | None = None
    data: str | None = None
    preset: Literal["classic", "fast"] | None = None
    steps: int | None = None
    epochs: float | None = None
    batch: int | None = None
    members: int | None = None
    hidden: list[int] | None = None
    latent: int | None = None
    lr: float | dict[str, float] | None = None
    betas: list[float] | None = None
    weight_decay: float | None = None
    clip: float | None = None
    schedule: Literal["cosine", "constant", "late"] | None = None
    t_max: float | None = None
    dropout: float | None = None
    kl_weight: float | None = None
    likelihood: str | None = None
    maps: str | None = None
    options: dict[str, Any] | None = None
    points: int | None = None
    data_seed: int | None = None
    size: int | None = None
    channels: int | None = None
    target_labels: list[int | str] | None = None
    images: int | None = None
    seed: int | None = None
    every: int | None = None
    patience: int | None = None
    snapshots: bool | None = None
    precision: Literal["32-true", "64-true", "bf16-mixed"] | None = None
    accelerator: str | None = None
    devices: int | str | None = None
    num_nodes: int | None = None

    def given(self) -> dict[str, Any]:
        """The fields that are not None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def is_image_data(data: str) -> bool:
    """Whether a name stands for images, whose size the command line need not know."""
    return data not in TARGET_NAMES and not is_path(data)


def resolved(wishes: Settings) -> Settings:
    """The same with a value for every field that has one, in the order: given, preset, usual.

    Raises:
        ValueError: no method, an unknown name, a number out of range, fields that exclude each other
    """
    if wishes.method is None:
        raise ValueError(f"method must be given: {', '.join(METHOD_NAMES)}, or package.module:name")
    if ":" not in wishes.method:
        known("method", wishes.method, dict.fromkeys(METHOD_NAMES))
    if wishes.data is not None and not {*":/"} & {*wishes.data} and wishes.data[:1] not in (".", "~"):
        known("data", wishes.data, dict.fromkeys([*TARGET_NAMES, "digits", "a folder such as ./pictures"]))
    if wishes.steps is not None and wishes.epochs is not None:
        raise ValueError(f"steps and epochs exclude each other, got steps={wishes.steps} and epochs={wishes.epochs:g}")
    chosen = dict(known("preset", wishes.preset, PRESETS)) if wishes.preset else {}
    if wishes.preset == "fast":
        chosen["steps"] = FAST_STEPS.get(wishes.method, chosen["steps"])
    data = wishes.data or "mixture_1d"
    images = is_image_data(data)
    if wishes.steps is not None or wishes.epochs is not None:
        chosen.pop("steps", None), chosen.pop("epochs", None)
    if data not in TARGET_NAMES:
        chosen.pop("points", None)
    coded = wishes.method in WITH_CODES
    rate = 1e-3 if images else TOY_RATES.get(wishes.method, 1e-2)
    usual = {
        "data": data, "batch": 256, "members": 1, "lr": RATES.get(wishes.method, rate),
        "betas": BETAS.get(wishes.method, [0.9, 0.999]), "weight_decay": 0.0, "schedule": "cosine",
        "maps": "plain", "options": {}, "seed": 0, "data_seed": 0, "dropout": 0.0, "snapshots": images,
        "precision": "32-true", "accelerator": "auto", "devices": 1, "num_nodes": 1,
        "hidden": [32, 64, 32] if not images else [32, 64] if wishes.maps == "convolutional" else [256, 128],
    }  # fmt: skip
    if images and (coded or wishes.method in ("gan", "wgan", "decoder")):
        usual["latent"] = 10
    if coded:
        usual["likelihood"] = "bernoulli" if images else "gaussian"
    if wishes.steps is None and wishes.epochs is None and not {"steps", "epochs"} & chosen.keys():
        usual["steps"] = 2000
    return checked(replace(wishes, **{**usual, **chosen, **wishes.given()}))


def checked(settings: Settings) -> Settings:
    """The settings, if each is in its range.

    Raises:
        ValueError: names the first that is not
    """
    if settings.members is not None and settings.members > MOST_MEMBERS:
        raise ValueError(f"members must be at most {MOST_MEMBERS}, each has its own streams, got {settings.members}")
    at_least_one = ("steps", "batch", "members", "latent", "points", "size", "images", "every", "patience", "num_nodes")
    for name in at_least_one:
        if (value := getattr(settings, name)) is not None:
            whole(name, value, least=1)
    for name in ("seed", "data_seed"):
        if getattr(settings, name) is not None:
            whole(name, getattr(settings, name), least=0)
    for width in settings.hidden or ():
        whole("each of hidden", width, least=1)
    rates = settings.lr if isinstance(settings.lr, Mapping) else {"lr": settings.lr}
    for name, rate in rates.items():
        _number(name if name == "lr" else f"lr of {name}", rate, above=0)
    for name, low in (("epochs", 0), ("clip", 0), ("t_max", 0)):
        _number(name, getattr(settings, name), above=low)
    for name in ("weight_decay", "kl_weight"):
        _number(name, getattr(settings, name), least=0)
    _number("dropout", settings.dropout, least=0, below=1)
    if settings.betas is not None and (len(settings.betas) != 2 or not all(0 <= b < 1 for b in settings.betas)):
        raise ValueError(f"betas must be two numbers from 0 to below 1, got {brief(settings.betas)}")
    if settings.channels not in (None, 1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {settings.channels}")
    if settings.target_labels is not None and not settings.target_labels:
        raise ValueError("target_labels must name at least one class, such as [3,7], got []")
    for name, ready in (("kl_weight", ("vae", "vae_beta")), ("likelihood", WITH_CODES)):
        if getattr(settings, name) is not None and settings.method not in ready and ":" not in str(settings.method):
            raise ValueError(f"{name} is for {' and '.join(ready)}, not for {settings.method}: leave it out")
    if settings.t_max is not None and settings.schedule != "cosine":
        raise ValueError(f"t_max is for schedule cosine, not for {settings.schedule}: leave it out")
    if not (settings.devices in (None, "auto") or (isinstance(settings.devices, int) and settings.devices >= 1)):
        raise ValueError(f"devices must be auto or a whole number of at least 1, got {brief(settings.devices)}")
    if settings.accelerator is not None:
        known("accelerator", settings.accelerator, dict.fromkeys(("auto", "cpu", "cuda", "mps")))
    return settings


def _number(
    name: str, value: object, *, above: float = -math.inf, least: float = -math.inf, below: float = math.inf
) -> None:
    if value is None:
        return
    number = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not (value > above and value >= least and value < below):  # type: ignore[operator]
        bounds = {"above": above, "of at least": least, "below": below}
        words = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if math.isfinite(bound))
        raise ValueError(f"{name} must be a finite number {words}, got {brief(value)}")


def is_path(name: object) -> bool:
    """Whether a setting is an import path such as ``package.module:attribute``.

    Example:
        >>> is_path("mine.models:flow"), is_path("hub:MNIST"), is_path("fm")
        (True, False, False)
    """
    module, colon, attribute = str(name).partition(":")
    words = [*module.split("."), *attribute.split(".")]
    return bool(colon) and module != "hub" and all(word.isidentifier() for word in words)


def own_code(settings: Settings) -> list[str]:
    """The import paths that the settings name: code that is not the library's."""
    named = (settings.method, settings.data, settings.likelihood, settings.maps, *(settings.options or {}).values())
    return [str(name) for name in named if is_path(name)]


def differences(there: Settings, wishes: Settings, without: Iterable[str] = ELSEWHERE) -> list[str]:
    """In words, which of the wishes are not what a run has."""
    return [
        f"{name} is {getattr(there, name)!r}, not {value!r}"
        for name, value in wishes.given().items()
        if name not in {*without, "preset"} and getattr(there, name) != value
    ]


def identity(settings: Settings) -> str:
    """A hash of all that makes a difference to the numbers.

    Example:
        >>> one, two = (Settings(method="fm", devices=n) for n in (1, 4))
        >>> identity(one) == identity(two) != identity(replace(one, seed=1))
        True
    """
    kept = {k: v for k, v in settings.given().items() if k not in (*ELSEWHERE, "preset")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
