"""The other libraries: packages of npm, fetched once, checked, and kept apart from the project in _build/peers."""

import base64
import hashlib
import io
import sys
import tarfile
import urllib.request
from pathlib import Path

KEPT = Path(__file__).parents[2] / "_build" / "peers"

#: Name and version of each package, and what the registry gives as its integrity.
PEERS = {
    ("@tensorflow/tfjs", "4.22.0"): (
        "sha512-0TrIrXs6/b7FLhLVNmfh8Sah6JgjBPH4mZ8JGb7NU6WW+cx00qK5BcAZxw7NCzxj6N8MRAIfHq+oNbPUNG5VAg=="
    ),
    ("@tensorflow/tfjs-backend-wasm", "4.22.0"): (
        "sha512-/IYhReRIp4jg/wYW0OwbbJZG8ON87mbz0PgkiP3CdcACRSvUN0h8rvC0O3YcDtkTQtFWF/tcXq/KlVDyV49wmA=="
    ),
    ("@jax-js/jax", "0.1.25"): (
        "sha512-g6PxWa6ZLjeQdDAM0ImBSqpdYnC6InCUTCCbMLxhMHMsMNu+JbHRjIQZ/anjBcP69of6hiqfGmTl+3gBn1qu/A=="
    ),
}


def fetched() -> Path:
    """The folder with the built files of all peers: scripts and WebAssembly, @NAME/dist/FILE."""
    for (name, version), integrity in PEERS.items():
        done = KEPT / name / version
        if not done.exists():
            unpack(download(name, version, integrity), KEPT / name)
            done.touch()
    return KEPT


def download(name: str, version: str, integrity: str) -> bytes:
    """A package as the registry packs it; what is not what it was when the version was chosen is refused."""
    address = f"https://registry.npmjs.org/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    print(f"fetching {address}", flush=True)
    with urllib.request.urlopen(address, timeout=60) as answer:
        content: bytes = answer.read()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != integrity:
        sys.exit(f"{name} {version} should have the integrity {integrity}, got {found}")
    return content


def unpack(content: bytes, folder: Path) -> None:
    """Scripts and WebAssembly of the folder dist of a package."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            path = Path(member.name)
            if path.parent == Path("package/dist") and path.suffix in (".js", ".wasm"):
                (folder / "dist").mkdir(parents=True, exist_ok=True)
                file = archive.extractfile(member)
                assert file is not None
                (folder / "dist" / path.name).write_bytes(file.read())
