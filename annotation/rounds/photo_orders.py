"""Orders in which photos can be corrected: which order teaches the spotter most per photo?

"uncertainty" and "random" are those of the queue; "mixed" takes a photo of each in turn. The others sort by
one internal signal alone, the least certain photo first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from annotation.rounds.records import RoundError
from annotation.signals import RegionSignals, image_uncertainty, region_uncertainty
from annotation.store.queue import queue
from annotation.store.store import Store

Signals = tuple[float, RegionSignals]  # score and signals of a predicted word

ONE_SIGNAL: dict[str, Callable[[float, RegionSignals], float | None]] = {
    "character": lambda _, s: region_uncertainty(None, RegionSignals(weakest_character=s.weakest_character)),
    "box": lambda _, s: region_uncertainty(None, RegionSignals(box_movement=s.box_movement)),
    "mask": lambda _, s: region_uncertainty(None, RegionSignals(mask_disagreement=s.mask_disagreement)),
    "threshold": lambda score, s: region_uncertainty(score, RegionSignals(threshold=s.threshold)),
}
PHOTO_ORDERS = ("random", "uncertainty", "mixed", *ONE_SIGNAL)


def ordered_photos(
    store: Store, project_id: int, order: str, seed: int, signals: Mapping[int, Sequence[Signals]]
) -> list[int]:
    """Ids of the photos that are new, in one of PHOTO_ORDERS. `signals`: by the id of the photo.

    Raises RoundError if there is no such order.
    """
    if order not in PHOTO_ORDERS:
        raise RoundError(f"There is no order {order!r}; expected one of {', '.join(PHOTO_ORDERS)}.")
    ids = queue(store, project_id, "random", ("new",), seed)
    if order == "random":
        return ids
    if order in ONE_SIGNAL:
        of_word = ONE_SIGNAL[order]
        doubts = {i: image_uncertainty(of_word(*one) for one in signals.get(i, ())) for i in ids}
        return sorted(ids, key=lambda i: -doubts[i])
    unsure = queue(store, project_id, "uncertainty", ("new",))
    if order == "uncertainty":
        return unsure
    return list(dict.fromkeys(i for pair in zip(unsure, ids, strict=True) for i in pair))
