"""The views of Look inside, one per file: components, what they draw, and their texts.

A new view is a subclass of `spotter.tabs.look_inside.view.View` in a file of its own, added to VIEWS; its
numbers and pictures belong in `spotter/explain/topics/`.
"""

from __future__ import annotations

from spotter.tabs.look_inside.view import View
from spotter.tabs.look_inside.views.conversion import ConversionView
from spotter.tabs.look_inside.views.hmean import HmeanView
from spotter.tabs.look_inside.views.levels import LevelsView
from spotter.tabs.look_inside.views.masks import MasksView
from spotter.tabs.look_inside.views.matching import MatchingView
from spotter.tabs.look_inside.views.one_stage import OneStageView
from spotter.tabs.look_inside.views.proposals import ProposalsView
from spotter.tabs.look_inside.views.quiz import QuizView
from spotter.tabs.look_inside.views.reading import ReadingView
from spotter.tabs.look_inside.views.receptive_field import ReceptiveFieldView
from spotter.tabs.look_inside.views.roi_align import RoiAlignView
from spotter.tabs.look_inside.views.stages import StagesView
from spotter.tabs.look_inside.views.two_level import TwoLevelView
from spotter.tabs.look_inside.views.two_stage_comparison import TwoStageView
from spotter.tabs.look_inside.views.windows import WindowsView

VIEWS: tuple[
    type[View], ...
] = (  # in the order of the story: why, the data as it flows, what it brought, ten questions
    TwoStageView,
    WindowsView,
    LevelsView,
    ReceptiveFieldView,
    ProposalsView,
    RoiAlignView,
    OneStageView,
    StagesView,
    MatchingView,
    MasksView,
    ConversionView,
    TwoLevelView,
    ReadingView,
    HmeanView,
    QuizView,
)
