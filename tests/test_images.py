import io
import sys
from pathlib import Path

import datasets
import huggingface_hub
import numpy as np
import pyarrow
import pytest
import torch
from PIL import Image
from pyarrow import parquet
from scipy import stats

from gen_lib import images
from gen_lib.images import FACTORS, Unavailable, draw, faces, factors, folder, hub
from gen_lib.images.base import pixels

GREY, RED, BLUE = (90, 90, 90), (200, 40, 30), (20, 50, 210)


# ---- faces


def test_factors_are_splitmix64():
    """Its published first outputs from seed 0; the upper 24 bits of each are a factor."""
    first = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
    assert factors(torch.arange(1))[0, :3].tolist() == [(z >> 40) / 2**24 for z in first]


def test_factors_are_uniform_and_independent():
    table = factors(torch.arange(20_000))
    assert table.min() >= 0
    assert table.max() < 1
    for column in table.T:
        assert stats.kstest(column.numpy(), "uniform").pvalue > 1e-4
    neighbours = torch.cat([table[:-1], table[1:]], 1)  # a face knows nothing of the next one
    assert (neighbours.T.corrcoef() - torch.eye(2 * len(FACTORS))).abs().max() < 0.04


def test_a_face_is_the_same_in_any_company():
    many, numbers = draw(factors(torch.arange(300)), 32), torch.tensor([250, 7])
    assert torch.equal(factors(numbers), factors(torch.arange(300))[numbers])
    assert torch.allclose(draw(factors(numbers), 32), many[numbers], atol=1e-5)
    assert torch.equal(faces(10, 16).train[:4], draw(factors(torch.arange(4)), 16))


def halved(pictures: torch.Tensor, size: int) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(pictures.view(-1, 3, size, size), 2).flatten(1)


@pytest.mark.parametrize("size", [16, 32, 64, 128])
def test_a_small_face_is_a_large_one_from_afar(size):
    table = factors(torch.arange(20))
    small, large = draw(table, size), halved(draw(table, 2 * size), 2 * size)
    apart = (small - large).square().mean(1).sqrt()
    others = (small - large.roll(1, 0)).square().mean(1).sqrt()
    assert apart.max() < 0.5 / size**0.75
    assert others.min() > 2 * apart.max()


def test_turned_and_tilted_the_other_way_a_face_is_its_mirror_image():
    """But for the light, which comes from one side, and the waves of its hair."""
    table = factors(torch.arange(10))
    table[:, FACTORS.index("curls")] = 0
    other = table.clone()
    for name in ("turn", "tilt", "parting"):
        other[:, FACTORS.index(name)] = 1 - table[:, FACTORS.index(name)]
    mirrored, same = draw(table).view(-1, 32, 32).flip(-1), draw(table).view(-1, 32, 32)
    apart = (mirrored - draw(other).view(-1, 32, 32)).square().mean().sqrt()
    assert apart < 0.03
    assert (mirrored - same).square().mean().sqrt() > 4 * apart


@pytest.mark.parametrize("name", FACTORS)
def test_every_factor_can_be_seen_at_32_pixels(name):
    table = factors(torch.arange(10)).repeat(2, 1)
    table[:10, FACTORS.index(name)], table[10:, FACTORS.index(name)] = 0.1, 0.9
    drawn = draw(table, 32)
    assert (drawn[:10] - drawn[10:]).square().mean(1).sqrt().min() > 0.005


def test_pixels_contain_the_factors():
    """A linear probe finds most of them on faces it has not seen, and nothing in shuffled ones."""
    few = faces(1500, size=16)
    x, unseen = (torch.cat([p, torch.ones(len(p), 1)], 1).double() for p in (few.train, few.test))
    gram = x @ x.T + 3 * torch.eye(len(x))

    def explained(labels):
        guess = unseen @ (x.T @ torch.linalg.solve(gram, labels.double()))
        return 1 - (guess - few.test_labels).square().mean(0) / few.test_labels.var(0)

    found = dict(zip(few.names, explained(few.train_labels).tolist(), strict=True))
    assert min(found[name] for name in ("skin", "hair colour", "hair length", "face width", "tilt", "background")) > 0.8
    assert sum(share > 0.5 for share in found.values()) >= 12
    assert explained(few.train_labels.roll(1, 0)).max() < 0.05


def test_faces_are_held_out_by_their_number():
    some, more = faces(20, 8), faces(23, 8)
    assert torch.equal(some.test_labels, factors(torch.tensor([4, 9, 14, 19])))
    assert torch.equal(more.test, some.test)
    assert torch.equal(more.train[:16], some.train)
    assert (some.channels, some.size, some.names) == (3, 8, FACTORS)
    assert faces(1, 8).test.shape == (0, 192)


@pytest.mark.parametrize("size", [8, 45, 256])
def test_faces_of_any_size(size):
    drawn = draw(factors(torch.arange(3)), size)
    assert drawn.shape == (3, 3 * size * size)
    assert drawn.dtype == torch.float32
    assert drawn.min() >= 0
    assert drawn.max() <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: factors(torch.tensor([-1])), r"indices must be whole numbers from 0, shape \(n,\), got"),
        (lambda: factors(torch.tensor([0.5])), "indices must be whole numbers"),
        (lambda: draw(torch.full((2, len(FACTORS)), 1.5)), r"lie from 0 to 1, got \(2, 20\) from 1.5 to 1.5"),
        (lambda: draw(torch.zeros(2, 3)), "factors must have points of dimension 20"),
        (lambda: draw(factors(torch.arange(2)), 4), "size must be a whole number of at least 8, got 4"),
        (lambda: draw(factors(torch.arange(2)), 300), "size must be at most 256, got 300"),
        (lambda: faces(0), "n must be a whole number of at least 1, got 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_faces_that_cannot_be_drawn(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- folders


def save(path: Path, colour=GREY, size=(40, 30), mode="RGB", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)
    return path


def colours(rows: torch.Tensor, channels: int = 3) -> list[tuple[int, ...]]:
    """The mean colour of each image."""
    return [tuple(row) for row in (255 * rows.view(len(rows), channels, -1).mean(-1)).round().int().tolist()]


@pytest.fixture
def messy(tmp_path):
    """Two good images among everything that can be wrong with a folder."""
    save(tmp_path / "red" / "good.png", RED)
    save(tmp_path / "grey" / "cmyk.jpg", GREY, mode="CMYK", quality=95)
    save(tmp_path / "grey" / "dot.png", size=(1, 1))
    torn = save(tmp_path / "red" / "torn.jpg", RED, size=(400, 300))
    torn.write_bytes(torn.read_bytes()[:900])
    (tmp_path / "notes.txt").write_text("these are my holidays")
    save(tmp_path / ".trash" / "old.png", BLUE)
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_what_cannot_be_read_is_skipped_counted_and_named(messy):
    with pytest.warns(UserWarning, match=r"3 of 5 images skipped, all named in \.skipped: .*dot\.png: 1 x 1 pixels"):
        found = folder(messy, size=16)
    assert sorted(line.split(":")[0] for line in found.skipped) == ["grey/dot.png", "notes.txt", "red/torn.jpg"]
    assert "notes.txt: not an image" in found.skipped
    assert any("truncated" in line for line in found.skipped)
    names = [found.names[k] for k in found.train_labels]
    assert dict(zip(names, colours(found.train), strict=True)) == {"grey": pytest.approx(GREY, abs=3), "red": RED}


def test_folders_with_nothing_to_read(tmp_path, messy):
    with pytest.raises(FileNotFoundError, match=r"path must be a folder of images, .*nowhere does not exist"):
        folder(tmp_path / "nowhere", 16)
    with pytest.raises(NotADirectoryError, match=r"notes\.txt is a file"):
        folder(messy / "notes.txt", 16)
    with pytest.raises(ValueError, match="empty holds no files"):
        folder(messy / "empty", 16)
    (messy / "empty" / "a.txt").write_text("a")
    with pytest.raises(ValueError, match=r"no image that can be read, 1 of 1 skipped: a\.txt: not an image"):
        folder(messy / "empty", 16)


def test_the_upright_square_in_the_middle_is_taken(tmp_path):
    picture = Image.new("RGB", (60, 20), BLUE)
    picture.paste(RED, (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    picture.save(tmp_path / "wide.png", exif=exif)
    assert colours(folder(tmp_path, 20).train) == [RED]
    half = Image.new("L", (20, 20), 0)
    half.paste(255, (0, 0, 10, 20))  # the left half is white; turned, the upper one
    half.save(tmp_path / "wide.png", exif=exif)
    square = folder(tmp_path, 20, channels=1).train.view(20, 20)
    assert (square[:9].min(), square[11:].max()) == (1, 0)


def test_colours_survive_every_format(tmp_path):
    save(tmp_path / "a.gif", RED)
    save(tmp_path / "b.webp", RED, lossless=True)
    save(tmp_path / "c.bmp", RED)
    save(tmp_path / "d.tif", RED)
    assert colours(folder(tmp_path, 8).train) == [RED] * 4


def test_deep_and_transparent_pixels(tmp_path):
    Image.fromarray(np.full((10, 10), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")
    Image.new("RGBA", (10, 10), (*RED, 0)).save(tmp_path / "glass.png")
    Image.fromarray(np.full((10, 10), 0.5, dtype=np.float32)).save(tmp_path / "real.tif")
    with pytest.warns(UserWarning, match="pixels of type F have no known range"):
        found = folder(tmp_path, 10)
    assert colours(found.train) == [(40_000 // 257,) * 3, (255,) * 3]


def test_making_smaller_does_not_alias(tmp_path):
    """A fine chessboard from afar is grey; without smoothing it is black, white, or a coarse one."""
    board = (np.indices((120, 120)).sum(0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "board.png")
    assert (folder(tmp_path, 15, channels=1).train - 0.5).abs().max() < 0.02


def test_an_image_of_the_right_size_is_left_alone():
    whole = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(whole).save(file, "PNG")
    assert np.array_equal(pixels(file, 9, 3), whole.transpose(2, 0, 1).flatten())


@pytest.fixture
def animals(tmp_path):
    """30 images of three classes, each of its own shade."""
    for i in range(30):
        save(tmp_path / ("cat", "dog", "owl")[i // 10] / "deeper" / f"{i:02}.png", (8 * i,) * 3)
    return tmp_path


def shades(rows: torch.Tensor) -> set[int]:
    return {round(255 * shade / 8) for shade in rows[:, 0].tolist()}


def test_subfolders_are_classes_and_every_fifth_is_held_out(animals):
    found = folder(animals, 8)
    assert found.names == ("cat", "dog", "owl")
    assert shades(found.test) == {4, 9, 14, 19, 24, 29}
    assert found.train_labels.bincount().tolist() == [8, 8, 8]
    assert found.test_labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.train.shape == (24, 192)


@pytest.mark.parametrize("target_labels", [("owl", "dog"), (1, 2)])
def test_only_chosen_labels(animals, target_labels):
    every, some = folder(animals, 8), folder(animals, 8, target_labels=target_labels)
    assert set(some.train_labels.tolist()) == set(some.test_labels.tolist()) == {1, 2}
    assert shades(some.train) == shades(every.train[every.train_labels > 0])
    assert shades(some.test) == shades(every.test[every.test_labels > 0])


def test_fewer_images_are_the_same_ones_on_the_same_side(animals):
    every, some = folder(animals, 8), folder(animals, 8, n=15)
    assert len(some.train) + len(some.test) == 15
    assert shades(some.train) < shades(every.train)
    assert shades(some.test) <= shades(every.test)
    assert len(some.train_labels.unique()) == 3
    assert torch.equal(folder(animals, 8, n=15).train, some.train)


def test_images_without_subfolders_are_of_one_class(animals):
    found = folder(animals / "cat" / "deeper", 8)
    assert found.names == ("deeper",)
    assert found.train_labels.tolist() == [0] * 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target_labels": ("cow",)}, "unknown label in target_labels 'cow'.* Known: cat, dog, owl"),
        ({"target_labels": (3,)}, "target_labels must lie from 0 to 2, got 3"),
        ({"target_labels": "cat"}, r"target_labels must be a tuple of names or numbers, such as \(3, 7\), got 'cat'"),
        ({"target_labels": ()}, "target_labels must be a tuple"),
        ({"target_labels": (0.5,)}, "each of target_labels must be a whole number"),
        ({"channels": 2}, r"channels must be 1 \(grey\) or 3 \(colour\), got 2"),
        ({"size": 0}, "size must be a whole number of at least 1, got 0"),
        ({"n": 0}, "n must be a whole number of at least 1, got 0"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_arguments_out_of_range(animals, arguments, message):
    with pytest.raises(ValueError, match=message):
        folder(animals, **{"size": 8, **arguments})


# ---- the hub


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def encoded(shade: int) -> dict[str, object]:
    file = io.BytesIO()
    Image.fromarray(np.full((28, 28), shade, dtype=np.uint8)).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


def write(path: Path, shades: range, labels: list[int], described: bool = True, **others) -> None:
    """A parquet file as the hub has it: with the names of the classes, or with bare columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [encoded(shade) if shade != 13 else {"bytes": b"broken", "path": None} for shade in shades]
    if described:
        digits = datasets.ClassLabel(names=[str(k) for k in range(10)])
        features = datasets.Features({"image": datasets.Image(), "label": digits})
        table = datasets.Dataset.from_dict({"image": rows, "label": labels}, features).data.table
        table = table.replace_schema_metadata(features.arrow_schema.metadata)
    else:
        kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
        table = pyarrow.table({"image": pyarrow.array(rows, type=kind), "label": labels})
    parquet.write_table(table, path)


@pytest.fixture(params=[True, False], ids=["described", "bare"])
def mnist(request, tmp_path):
    """The layout of ylecun/mnist, in two sorted files: digits 0 to 4, then 5 to 9; the shade tells the images apart."""
    write(
        tmp_path / "mnist" / "train-00000-of-00002.parquet",
        range(100, 150),
        [i // 10 for i in range(50)],
        request.param,
    )
    write(
        tmp_path / "mnist" / "train-00001-of-00002.parquet",
        range(150, 200),
        [5 + i // 10 for i in range(50)],
        request.param,
    )
    write(
        tmp_path / "mnist" / "test-00000-of-00001.parquet", range(200, 220), [i % 10 for i in range(20)], request.param
    )
    return tmp_path


def grey(rows: torch.Tensor) -> list[int]:
    return (255 * rows[:, 0]).round().int().tolist()


def test_parquet_files_in_the_layout_of_mnist(mnist, offline):
    digits = hub(mnist, 28, channels=1)
    assert digits.train.shape == (100, 784)
    assert sorted(grey(digits.train)) == list(range(100, 200))
    assert [shade - 100 for shade in grey(digits.train)[:4]] == [0, 50, 1, 51]  # the files in turn
    assert all((shade - 100) // 10 == k for shade, k in zip(grey(digits.train), digits.train_labels, strict=True))
    assert grey(digits.test) == list(range(200, 220))
    assert digits.names in ((), tuple("0123456789"))
    assert digits.skipped == ()


def test_a_part_of_a_set(mnist, offline):
    some = hub(str(mnist), 14, channels=3, target_labels=(3, 7), n=20)
    assert (some.train.shape, some.test.shape) == ((16, 588), (4, 588))
    assert set(some.train_labels.tolist()) == set(some.test_labels.tolist()) == {3, 7}
    assert set(grey(some.train)) <= {*range(130, 140), *range(170, 180)}


def test_a_set_without_a_part_for_testing(mnist, offline):
    """Every fifth of each file, whichever labels are wanted."""
    file = mnist / "mnist" / "train-00000-of-00002.parquet"
    digits, some = hub(file, 28, 1), hub(str(file), 28, 1, target_labels=(2,))
    assert grey(digits.test) == list(range(104, 150, 5))
    assert grey(some.test) == [124, 129]
    assert len(digits.train) == 40


def test_short_names_lead_to_the_hub(mnist, monkeypatch):
    """Up to the transfer itself: what would be asked of the hub is answered by local files."""
    asked, load = [], datasets.load_dataset

    def answer(path, streaming):
        asked.append((path, streaming))
        files = {"train": [str(p) for p in sorted((mnist / "mnist").glob("train*"))]}
        return load("parquet", data_files=files | {"validation": files["train"][:1]}, streaming=True)

    monkeypatch.setattr(datasets, "load_dataset", answer)
    assert hub("MNIST", 28, n=20).train.shape == (16, 784)
    faces = hub("CelebA-HQ", 64, n=20)
    assert faces.test.shape == (4, 3 * 64 * 64)
    hub("someone/else", 8, n=5)
    assert asked == [(name, True) for name in ("ylecun/mnist", "korexyz/celeba-hq-256x256", "someone/else")]


def test_no_network(offline):
    with pytest.raises(
        Unavailable, match=r"MNIST \(https://huggingface\.co/datasets/ylecun/mnist\) cannot be loaded"
    ) as e:
        hub("MNIST", 28)
    assert "OfflineModeIsEnabled" in str(e.value)
    assert "hf download ylecun/mnist --repo-type dataset --local-dir" in str(e.value)
    assert "folder()" in str(e.value)


def test_the_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'gen-lib\[images\]'"):
        hub("MNIST", 28)


def test_broken_images_and_broken_files(tmp_path, offline):
    write(tmp_path / "train-0.parquet", range(10, 20), [0] * 10)
    with pytest.warns(UserWarning, match="1 of 10 images skipped.*train, file 0, row 3: not an image"):
        assert len(hub(tmp_path, 28, 1).train) == 7
    (tmp_path / "train-1.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(Unavailable, match=f"parquet files at {tmp_path} cannot be loaded. .*What helps: download"):
        hub(tmp_path, 28, 1)


@pytest.mark.usefixtures("unchecked")
def test_sets_that_do_not_exist(tmp_path, mnist, offline):
    with pytest.raises(ValueError, match="unknown image set 'MMIST', did you mean 'MNIST'"):
        hub("MMIST", 28)
    for nowhere in (tmp_path / "nowhere", f"{tmp_path}/nowhere", "nowhere.parquet", "./nowhere"):
        with pytest.raises(Unavailable, match=r"nowhere.* cannot be loaded: there are none"):
            hub(nowhere, 28)
    with pytest.raises(ValueError, match=r"target_labels.*12"):
        hub(mnist, 28, target_labels=(12,))
    parquet.write_table(pyarrow.table({"text": ["a"]}), tmp_path / "text.parquet")
    with pytest.raises(ValueError, match="no column holds images, there are text"):
        hub(tmp_path / "text.parquet", 28)


def test_everything_public_is_listed():
    assert all(hasattr(images, name) for name in images.__all__)
