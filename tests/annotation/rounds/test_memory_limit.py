"""In a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory differently")
@pytest.mark.parametrize(("gigabytes", "fits"), [(0.5, False), (2.0, True)])
def test_limit(gigabytes, fits):
    code = f"from annotation.rounds.memory_limit import limit_memory as l; l({gigabytes}); bytearray(2**30)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ("MemoryError" in done.stderr) != fits
    assert (done.returncode == 0) == fits
