"""Intervals over images."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.bootstrap import Interval, draw_images, interval


def test_one_image_has_no_spread():
    assert interval(lambda drawn: 0.5, 1) == Interval(0.5, 0.5, 0.5)


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution():
    correct = np.arange(400) < 100
    found = interval(lambda drawn: float(correct[drawn].mean()), 400)
    assert found.value == 0.25
    half = 1.96 * np.sqrt(0.25 * 0.75 / 400)
    assert (found.low, found.high) == pytest.approx((0.25 - half, 0.25 + half), abs=0.006)


def test_the_same_images_are_drawn_every_time():
    draws = draw_images(7, 5)
    assert draws.shape == (5, 7)
    assert (draws == draw_images(7, 5)).all()
    assert set(draws.ravel()) <= set(range(7))
