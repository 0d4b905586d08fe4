"""Training needs few packages, as a rented GPU's machine has no network to install others from."""

import subprocess
import sys

PACKAGES = ("torch", "torchvision", "timm", "cv2", "PIL", "scipy", "numpy", "safetensors", "tqdm")
SCRIPT = """
import sys
from importlib.metadata import packages_distributions

installed = set(packages_distributions())
needed = set({packages!r})


class Blocker:
    def find_spec(self, name, path=None, target=None):
        # Packages of their own that import others (torch: sympy) may do so.
        caller = sys._getframe(1)
        while caller and "importlib" in caller.f_code.co_filename:
            caller = caller.f_back
        ours = caller and caller.f_globals.get("__name__", "").startswith("spotter")
        if ours and name.partition(".")[0] in installed - needed - {{"spotter"}}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Blocker())
import spotter.training.__main__, spotter.training.gpu_variants, spotter.training.snapshots
import spotter.data.rendering_worker
"""


def test_training_imports_only_the_packages_that_its_readme_names():
    script = SCRIPT.format(packages=PACKAGES)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
