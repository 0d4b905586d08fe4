"""Synthetic scenes with words, for training.

`python -m spotter.data.synth.scene --count 24 --style mixed --out sheet.png` draws a contact sheet,
`python -m spotter.data.synth.scene --count 200 --speed` measures.
"""

from __future__ import annotations

import argparse
import functools
import math
import random
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotter.data.synth.backgrounds import Backgrounds
from spotter.data.synth.camera import photograph
from spotter.data.synth.contact_sheet import contact_sheet
from spotter.data.synth.fonts import Face, Fonts, installed_fonts
from spotter.data.synth.layout import set_text
from spotter.data.synth.legibility import ignored, ink_height, is_legible, region_of
from spotter.data.synth.placement import CELL, place_block, random_angle
from spotter.data.synth.rendering import CURVE_POINTS, draw_block, occlude
from spotter.data.synth.style import CURVED, DENSE, EASY, MIXED, STYLES, SceneStyle
from spotter.data.synth.vocabulary import Vocabulary, installed_vocabulary
from spotter.data.synth.warp import Warp, random_bend, random_matrix, sheet_outline
from spotter.types import GroundTruth
