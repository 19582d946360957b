"""The batch and the seed define a run; the number of processes that compute it does not."""

import os
import socket
from pathlib import Path

import pytest
import torch

from gen_lib.runs import Settings, settings
from gen_lib.runs.devices import Place, place
from gen_lib.runs.prepared import Prepared
from gen_lib.slips import METHOD_NAMES
from gen_lib.train import run

COMMON = {"data": "two_modes_2d", "steps": 6, "batch": 8, "members": 2, "hidden": [8], "every": 3, "clip": 5.0}
COMMON |= {"precision": "64-true", "accelerator": "cpu"}
VARIANTS = {"vae, clipped": {"method": "vae", "kl_weight": 0.5}}
RUNS = {name: {"method": name} for name in METHOD_NAMES} | VARIANTS


def trained(wishes: dict, here: Place, devices: int = 1) -> dict[str, torch.Tensor]:
    prepared = Prepared(settings.resolved(Settings(**COMMON, **wishes, devices=devices)), here)
    history = run(prepared.training, progress=False)
    return prepared.net.state_dict() | {f"curve {name}": curve for name, curve in history.losses.items()}


def child(rank: int, port: int, folder: Path) -> None:
    """One of two processes, as torchrun would have started it."""
    where = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "GROUP_RANK": 0}
    where |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "test"}
    os.environ.update({name: str(value) for name, value in where.items()})
    torch.set_num_threads(1)
    here = place(settings.resolved(Settings(**COMMON, method="fm", devices=2)))
    assert (here.rank, here.count) == (rank, 2)
    for name, wishes in RUNS.items():
        torch.save(trained(wishes, here, devices=2), folder / f"{name} {rank}.pt")


@pytest.fixture(scope="module", autouse=True)
def few_to_validate_on():
    """Of 2,000 points optimal pairs take longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gen_lib.runs.sources.VALIDATION", 100)
        yield


@pytest.fixture(scope="module")
def by_two(tmp_path_factory, few_to_validate_on):
    """What two processes made together of every run."""
    import lightning_fabric  # noqa: F401  once, and not in each of them
    import ot  # noqa: F401

    folder = tmp_path_factory.mktemp("together")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in (0, 1):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(rank, port, folder)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0]
    return lambda name, rank: torch.load(folder / f"{name} {rank}.pt", weights_only=True)


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("name", RUNS)
def test_two_processes_make_what_one_makes(name, by_two):
    alone = trained(RUNS[name], Place())
    first, second = by_two(name, 0), by_two(name, 1)
    for key, value in alone.items():
        assert torch.equal(first[key], second[key])
        assert (first[key] - value).abs().max() < 1e-6 * (1 + value.abs().max())


def test_a_batch_that_cannot_be_shared_out_is_refused(tmp_path):
    class Three(Place):
        count = 3

    with pytest.raises(ValueError, match="batch must be a multiple of the 3 processes, got 8"):
        Prepared(settings.resolved(Settings(**COMMON, method="fm")), Three())
    assert not list(tmp_path.iterdir())
