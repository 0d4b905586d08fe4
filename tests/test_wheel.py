"""The wheel, installed into an environment outside of the checkout, with only what reading needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        # Packages of their own that import others (torch: sympy) may do so.
        caller = sys._getframe(1)
        while caller and "importlib" in caller.f_code.co_filename:
            caller = caller.f_back
        ours = caller and caller.f_globals.get("__name__", "").startswith(("spotter", "__main__"))
        if ours and name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def run(*command: object) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=command[0].parent
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir", folder]
    run(Path(sys.executable), "-m", "pip", "wheel", *options, ROOT)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def binaries(wheel, tmp_path_factory) -> Path:
    """The programs of an environment with the wheel; the other packages are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(Path(sys.executable), "-m", "venv", "--without-pip", folder)
    binaries = folder / "bin"
    python = binaries / "python"
    pip = [
        Path(sys.executable),
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    run(*pip, wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    (site / "packages.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {line.partition(">")[0].lower() for line in project["dependencies"]}
    hidden = {
        module
        for module, distributions in packages_distributions().items()
        if not needed & {name.lower() for name in distributions} and module not in ("spotter", "annotation")
    }
    (site / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    return binaries


def test_reads_a_photo_as_a_library(binaries):
    code = (
        "import spotter; from spotter.resources import ASSETS; "
        "words = spotter.load_spotter(device='cpu').spot(ASSETS / 'samples' / 'launch.jpg'); "
        "print(spotter.__file__, spotter.__version__, *(word.text for word in words))"
    )
    place, version, *texts = run(binaries / "python", "-c", code).stdout.split()
    assert Path(place).is_relative_to(binaries.parent)
    assert version in wheel_metadata(binaries, "Version")
    assert texts


def test_reads_a_photo_as_a_command(binaries):
    shutil.copy(ROOT / "assets" / "samples" / "launch.jpg", binaries / "photo.jpg")
    done = run(binaries / "spotter", "read", "photo.jpg", "--device", "cpu", "--format", "json", "-o", "-")
    assert json.loads(done.stdout)["images"]["photo.jpg"]["words"]


def test_holds_what_the_app_needs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in ("weights/nano.safetensors", "weights/nano.json", "samples/words.json", "traces/launch.npz"):
        assert f"spotter/assets/{path}" in names
    assert {"spotter/app.py", "spotter/py.typed", "annotation/py.typed"} <= names
    for folder in ("spotter", "annotation"):
        inside = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted = {str(p.relative_to(ROOT)) for p in inside if p.suffix not in (".pyc", ".pyi")}
        assert wanted <= names
    assert not [name for name in names if name.endswith((".pyi", ".pyc")) or name.startswith("tests/")]


def test_describes_itself_without_the_header_for_hugging_face(binaries):
    description = wheel_metadata(binaries, "").partition("\n\n")[2]
    assert description.startswith("# SwinTextSpotter, opened up\n")
    assert "](assets/screenshot.png)" not in description


def wheel_metadata(binaries: Path, line: str) -> str:
    (file,) = binaries.parent.rglob("swintextspotter_opened_up-*.dist-info/METADATA")
    text = file.read_text(encoding="utf-8")
    return next(each for each in text.splitlines() if each.startswith(line)) if line else text
