"""Stands for `annotation.rounds.worker`: the same files in a moment, with the standard library only.

STUB_WORKER chooses what it does: "better" (default), "worse", "fail", "crash", "hang", "deaf" or "damaged".
"""

import hashlib
import json
import os
import signal
import sys
import time

from annotation_rounds_paths import folder_of  # written by the test


def write(path, value):
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value))
    partial.replace(path)


def progress(folder, state, share, message=""):
    values = {"state": state, "share": share, "seconds_left": 1.0, "message": message}
    write(folder / "progress.json", values | {"losses": [[0.1, 2.0]], "holdout": [[0.1, 0.4]]})


def weights(number):
    """A file of weights that safetensors can open."""
    header = {"__metadata__": {"config": "{}"}}
    header["a"] = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + number.to_bytes(4, "little")


def verdict(gain):
    def figures(value):
        interval = {"value": value, "low": value - 0.05, "high": value + 0.05}
        return {"detection": interval, "end_to_end": interval}

    difference = {"value": gain, "low": gain - 0.02, "high": gain + 0.02}
    fixed = {"before": figures(0.4), "rendered_before": figures(0.5), "rendered_after": figures(0.5)}
    measured = {"after": figures(0.4 + gain), "difference": difference}
    return {**fixed, **measured, "counts": {"fixed": 3}, "share": 0.5}


def main():
    action = os.environ.get("STUB_WORKER", "better")
    round_id = sys.argv[sys.argv.index("--round") + 1]
    folder = folder_of(round_id)

    def stop(*_):
        progress(folder, "stopped", 0.5, "Stopped by a signal.")
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if action == "deaf" else stop)
    progress(folder, "training", 0.1)
    if action in ("hang", "deaf"):
        time.sleep(60)
    if action == "fail":
        progress(folder, "failed", 0.1, "The loss is not finite.")
        return
    if action == "crash":
        raise SystemExit("MemoryError: there is no memory left")
    data = weights(int(round_id))
    (folder / "weights.safetensors").write_bytes(data)
    sha256 = "0" * 64 if action == "damaged" else hashlib.sha256(data).hexdigest()
    write(folder / "weights.json", {"name": "stub", "sha256": sha256})
    write(folder / "changes.json", [])
    write(folder / "result.json", verdict(-0.1 if action == "worse" else 0.1))
    progress(folder, "done", 1.0)


main()
