"""The files that come with the package: next to it in a checkout, inside it once a wheel is installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = PACKAGE if (PACKAGE / "assets").is_dir() else PACKAGE.parent
ASSETS = HOME / "assets"  # weights/, samples/ and traces/
APP = HOME / "app.py"
