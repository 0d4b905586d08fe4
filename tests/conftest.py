"""A tiny spotter with random weights, the published one with golden weights, and a real browser.

Fixtures of session scope are shared: no test changes what they return.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spotter import convert
from spotter.config import SpotterConfig, nano
from spotter.model.mask_code import MaskCode
from spotter.model.mask_fitting import fit_mask_code, word_masks
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter
from spotter.tracing.trace import Trace
from spotter.weights import load_weights, save_weights

GOLDEN = Path(__file__).parent / "golden"
SEED = 7  # of the golden weights
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera
    "--use-fake-ui-for-media-stream",  # without asking for permission
]


@pytest.fixture(scope="session")
def browser():
    """A real headless Chromium, started once for all browser tests.

    Skips without Chromium, but fails where CI is set.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no Chromium: install it, or name it in CHROMIUM.")
        pytest.skip("no Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=30_000)  # a busy machine is slow
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


TRACE_THRESHOLD = 0.05  # random weights have low scores

TOGETHER = {  # in one process, where they share a browser and apps, a server, or weights of 0.6 GB
    "tests/browser/": "browser",
    "tests/label_studio/": "label_studio",
    "tests/test_convert.py": "published",
    "tests/model/test_spotter.py": "published",
}


def group(nodeid: str) -> str:
    """Of tests that `pytest -n` hands to one process: their entry in TOGETHER, otherwise their file."""
    path = nodeid.partition("::")[0]
    return next((name for start, name in TOGETHER.items() if path.startswith(start)), path)


def pytest_collection_modifyitems(items):
    """The large groups first: the processes end at about the same time if small ones remain."""
    items.sort(key=lambda item: group(item.nodeid) not in TOGETHER.values())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


@pytest.fixture(scope="session")
def schema() -> dict[str, dict]:
    """Every key of a published checkpoint with its shape and kind."""
    return json.loads((GOLDEN / "state_dict_schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def golden_code(schema) -> MaskCode:
    """maskK's code under which the golden losses were recorded."""
    generate = runpy.run_path(str(GOLDEN / "golden_weights.py"))["generate"]
    names = {"components": "components", "explained_variances": "explained_variance", "means": "mean"}
    code = MaskCode()
    for theirs, ours in names.items():
        key = f"mask_encoding.{theirs}"
        code.get_buffer(ours).copy_(torch.from_numpy(generate(key, tuple(schema[key]["shape"]), SEED)))
    return code


@pytest.fixture(scope="session")
def tiny_config() -> SpotterConfig:
    return replace(
        nano(),
        name="tiny",
        embed_dim=16,
        depths=(1, 2, 1, 1),
        heads=(1, 2, 4, 8),
        window=4,
        channels=32,
        dilated_channels=16,
        proposals=16,
        proposal_grid=(4, 4),
        stages=2,
        stage_heads=4,
        dynamic_dim=8,
        feedforward=32,
        mask_coefficients=20,
        recognition_roi=(8, 16),
        vertical_aspect_ratio=None,  # a region is read once by default
        two_level_blocks=1,
        two_level_heads=4,
        reader_size=(4, 16),
        reader_hidden=32,
        reader_attention=16,
        reader_embedding=16,
        max_steps=8,
        max_proposals=20,
        score_threshold=0.4,
        reading_threshold=0.0,  # random weights cannot read
        confident_score=1.0,
        nms_iou=1.0,
        short_side=96,
        max_upscale=None,
        coarse_scale=None,  # one pass by default
        known_word_weight=0.0,  # and the network alone
        long_side=192,
    )


@pytest.fixture(scope="session")
def tiny_model(tiny_config) -> SwinTextSpotter:
    """Random weights; the reader's are enlarged, so that words differ in text and length."""
    torch.manual_seed(0)
    model = SwinTextSpotter(tiny_config).eval()
    model.mask_code.load_state_dict(fit_mask_code(word_masks(500, seed=0), 20).state_dict())
    with torch.no_grad():
        model.reader.conv.weight.mul_(4)
        model.reader.gru.weight_ih.mul_(6)
        model.reader.gru.weight_hh.mul_(4)
        model.reader.classify.weight.mul_(12)
        favourite = (
            tiny_config.characters.index("M") + 1
        )  # swapped with the end sign: these weights predict it most often
        for values in (model.reader.classify.weight, model.reader.classify.bias):
            values[[0, favourite]] = values[[favourite, 0]]
    return model


@pytest.fixture(scope="session")
def tiny_file(tiny_model, tmp_path_factory) -> Path:
    """The tiny spotter on disk."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.safetensors"
    save_weights(tiny_model, path, {"name": "tiny"})
    return path


@pytest.fixture(scope="session")
def tiny_spotter(tiny_model) -> Spotter:
    return Spotter(tiny_model, {"name": "tiny"}, "cpu", bfloat16=False)


def photograph(width: int, height: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8: soft blobs of colour."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 12, width // 12, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="session")
def photographs() -> list[np.ndarray]:
    """Of sizes that the tiny spotter resizes to 128 x 96, 96 x 144, 128 x 96 and 192 x 48."""
    sizes = [(256, 192), (120, 180), (256, 192), (768, 192)]
    return [photograph(width, height, seed) for seed, (width, height) in enumerate(sizes)]


@pytest.fixture(scope="session")
def published_file(schema, tmp_path_factory) -> Path:
    """A checkpoint in the published form with the golden weights, 0.6 GB."""
    weights = runpy.run_path(str(GOLDEN / "golden_weights.py"))["golden_weights"](schema, SEED)
    state = {key: torch.from_numpy(value) for key, value in weights.items()}
    for key, entry in schema.items():
        if entry["kind"] == "identity":
            state[key] = torch.eye(entry["shape"][0])
        elif key not in state:
            state[key] = torch.zeros(entry["shape"], dtype=getattr(torch, entry["dtype"].split(".")[-1]))
    path = tmp_path_factory.mktemp("published") / "published.pth"
    torch.save({"model": state, "iteration": 0}, path)
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def converted_file(published_file, tmp_path_factory) -> Path:
    """The published checkpoint as `python -m spotter.convert` writes it."""
    path = tmp_path_factory.mktemp("converted") / "official.safetensors"
    assert convert.main([str(published_file), str(path)]) == 0
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def golden_model(converted_file) -> SwinTextSpotter:
    """The official spotter with the golden weights, via the converted file."""
    return load_weights(converted_file)[0]


@pytest.fixture(scope="session")
def trace(tiny_spotter, photographs) -> Trace:
    trace = tiny_spotter.trace(photographs[0], threshold=TRACE_THRESHOLD)
    assert len(trace.words) > 2
    return trace


@pytest.fixture(scope="session")
def empty_trace(tiny_spotter, photographs) -> Trace:
    trace = tiny_spotter.trace(photographs[0], threshold=1.0)
    assert trace.words == []
    return trace


@pytest.fixture(scope="session")
def longest(trace) -> int:
    """The word with most characters."""
    return max(range(len(trace.words)), key=lambda i: len(trace.words[i].text))
