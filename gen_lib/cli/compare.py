"""``gen-lib compare``: methods side by side."""

from collections.abc import Sequence
from pathlib import Path

from ..slips import METHOD_NAMES, TARGET_NAMES, known, whole


def compare(
    methods: Sequence[str] = METHOD_NAMES,
    targets: Sequence[str] = ("mixture_1d", "mixture_2d"),
    epochs: int = 20,
    steps_per_epoch: int = 100,
    batch: int = 256,
    members: int = 8,
    points: int | None = None,
    seed: int = 0,
    gif: Path = Path("comparison.gif"),
    overwrite: bool = False,
) -> None:
    """Train methods on the same data with nets of the same size: a table of quality and cost, and a GIF.

    Args:
        methods: names of ready methods, such as [fm,meanflow]
        targets: names of what is learned, each a table and a row of the GIF
        epochs: one frame of the GIF each, ten a second
        steps_per_epoch: training steps of an epoch
        batch: pairs per member and step
        members: independent nets of each method, for the error bars
        points: number of points to train on, drawn once; if not given, fresh ones at every step
        seed: of weights, noise and data
        gif: where the animation goes
        overwrite: replace the file if it is there
    """
    for kind, names, table in (("method", methods, METHOD_NAMES), ("target", targets, TARGET_NAMES)):
        if not names:
            raise ValueError(f"{kind}s must name at least one, got none")
        for name in names:
            known(kind, name, dict.fromkeys(table))
    counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch, "batch": batch, "members": members}
    for name, value in (counts if points is None else {**counts, "points": points}).items():
        whole(name, value, least=1)
    whole("seed", seed, least=0)
    from .. import compare as side_by_side  # here, since it imports torch, which a slip must not wait for
    from ..data import TARGETS

    chosen = {name: TARGETS[name]() for name in targets}
    side_by_side.writable_gif(gif, overwrite)
    rows = []
    for name, target in chosen.items():
        try:
            row = side_by_side.compare(
                methods,
                target,
                epochs=epochs,
                steps_per_epoch=steps_per_epoch,
                batch=batch,
                members=(members,),
                points=points,
                seed=seed,
            )
        except side_by_side.Interrupted as stopped:
            print(f"{name}, stopped\n{side_by_side.text(stopped.comparison)}\n")  # what had finished is not lost
            raise
        print(f"{name}\n{side_by_side.text(row)}\n", flush=True)
        rows.append(row)
    print(f"{epochs} frames in {side_by_side.animate(rows, gif, overwrite=overwrite)}")
