"""Model cards: the curve of the losses, and the data."""

import pytest

from spotter.data.sources import Sources
from spotter.training.card import MEANING, curve, describe_data, describe_terms, make_card
from spotter.training.train_config import LossConfig, TrainConfig


def test_repeated_steps_count_once(tmp_path):
    names = "step,images,minutes,characters,giou,recognition,total"
    lines = ["20,80,1,4,nan,nan,4", "40,160,2,3,nan,nan,3", "20,80,1,5,nan,nan,5", "60,240,3,2,nan,nan,2"]
    (tmp_path / "log.csv").write_text("\n".join([names, *lines]), encoding="utf-8")
    assert [(row["images"], row["characters"]) for row in curve(tmp_path)] == [(80, 5), (160, 3), (240, 2)]


def test_run_without_a_log_has_no_curve(tmp_path):
    assert curve(tmp_path) == []


def test_long_curves_are_thinned(tmp_path):
    names = "step,images,minutes,characters,giou,recognition,total"
    lines = [f"{k},{4 * k},1,1,1,1,1" for k in range(300)]
    (tmp_path / "log.csv").write_text("\n".join([names, *lines]), encoding="utf-8")
    assert len(curve(tmp_path, points=60)) == 60


def test_folders_are_described_without_their_paths():
    sources = Sources(data=("/home/me/icdar/train",), backgrounds="/home/me/bsds500")
    assert describe_data(sources) == [
        "scenes rendered by spotter.data.synth.scene (fonts: fontpkg-*, words: wordfreq and Faker)",
        "photographs behind them: bsds500",
        "annotated photographs: icdar/train",
    ]


def test_terms_of_folders():
    sources = Sources(data=("/home/me/icdar2015/train", "/home/me/mine"), backgrounds="/home/me/bsds500")
    assert describe_terms(sources)[2:] == [
        "icdar2015: CC BY 4.0 (Robust Reading Competition, rrc.cvc.uab.es)",
        "mine: not stated",
        "bsds500: research use (Arbelaez et al. 2011)",
        MEANING,
    ]


def test_card_has_the_counts_of_the_run(tiny_config, tmp_path):
    counts = {"step": 3, "images": 12, "words": 40, "seconds": 5400.0}
    card = make_card("mine", counts, TrainConfig(tiny_config).to_json(), tmp_path)
    assert (card["name"], card["preset"], card["recipe"], card["seed"]) == ("mine", "tiny", "nano", 0)
    assert card["terms"] == ["wordfreq: Apache-2.0; its data: CC BY-SA 4.0", "faker: MIT", MEANING]
    assert (card["steps"], card["trained_images"], card["trained_words"], card["hours"]) == (3, 12, 40, 1.5)


@pytest.mark.parametrize(
    ("loss", "starts"),
    [
        (LossConfig(), ["dense text map", "classification", "classification", "guided attention"]),
        (LossConfig(text_map=0, characters=0, guided_attention=0), []),
        (LossConfig(text_map=0, characters=0, background=0.5), ["guided attention", "what Recognition"]),
    ],
)
def test_card_names_the_auxiliary_losses_that_had_weight(tiny_config, tmp_path, loss, starts):
    counts = {"step": 3, "images": 12, "words": 40, "seconds": 5400.0}
    settings = TrainConfig(tiny_config, loss=loss, heads=0).to_json()
    found = make_card("mine", counts, settings, tmp_path)["auxiliary_losses"]
    assert len(found) == len(starts)
    assert all(line.startswith(start) for line, start in zip(found, starts, strict=True))
