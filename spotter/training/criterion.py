"""Everything that is minimised, as one module: the spotter, its auxiliary heads and the losses.

The auxiliary heads and guided attention serve training alone and are not shipped; the model card names them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.data.targets import IGNORE, Batch, Targets, words_on_host
from spotter.model.spotter import STRIDE, TEXT, SwinTextSpotter, ways_on
from spotter.ops.device import constant, prefers_large_kernels, to_device, to_host
from spotter.ops.matching import box_area, intersection_area
from spotter.ops.roi_align import FINEST_STRIDE, assign_levels_by_size, flatten_pyramid
from spotter.ops.rois import is_vertical, rotate_quarter_turns, image_to_roi
from spotter.training.losses import DetectionLosses, Match, recognition_loss
from spotter.training.train_config import LossConfig
from spotter.types import Detection, Regions

ATTENTION_SPREAD = 0.8  # cells; of the target of guided attention around a character's centre


class TrainingSpotter(nn.Module):
    """Model and criterion in one, so that DistributedDataParallel sees every parameter."""

    def __init__(self, model: SwinTextSpotter, weights: LossConfig | None = None) -> None:
        super().__init__()
        if not model.mask_code.fitted:
            raise ValueError("the mask code is not fitted: its components are all zero")
        self.model = model
        self.weights = weights or LossConfig()
        # Measures parts of a step, see `report.RunReport.part`.
        self.part: Callable[[str], AbstractContextManager] = lambda _: nullcontext()
        channels = model.config.channels
        self.text_head = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, 1, 1)
        )
        self.character_head = nn.Linear(channels, model.config.classes)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Losses by name, each weighted; their sum is minimised."""
        on_host = self.proposals_on_host(batch.images)  # first: it would wait for what is computed before it
        levels, boxes, features, sizes = self.model.look(batch.images)
        boxes, features = self.part_of_photograph(boxes, features, *on_host)
        losses = self.dense_losses(levels, batch)
        if batch.task == "features":
            return losses
        reading_only = batch.task == "reading"
        with torch.no_grad() if reading_only else nullcontext():
            detection = Detection(levels, self.model.refine(levels, boxes, features), sizes)
            with self.part("matching"):
                detector = DetectionLosses(
                    detection.stages[-1:] if reading_only else detection.stages,
                    batch.targets,
                    self.model.mask_code,
                    self.weights.detection,
                )
        if reading_only:
            return losses | self.reading_losses(detection, batch.targets, detector.matches)
        if prefers_large_kernels(boxes.device):  # a GPU reads while the host matches the other stages
            reading = self.reading_losses(detection, batch.targets, detector.matches)
            per_stage = detector.losses()
        else:
            per_stage = detector.losses()
            reading = self.reading_losses(detection, batch.targets, detector.matches)
        return losses | {name: values.sum() for name, values in per_stage.items()} | reading

    @torch.no_grad()
    def proposals_on_host(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Width and height of the images (B, 3, H, W) in pixels, (1, 2), and the proposals' boxes over them,
        (1, N, 4), both on the CPU.
        """
        height, width = images.shape[2:]
        size = torch.tensor([[width, height]], dtype=torch.float32)
        padded = tuple(-(-side // STRIDE) for side in (height, width))
        return size, self.model.proposals.boxes_over(size, padded)

    def part_of_photograph(
        self, boxes: Tensor, features: Tensor, sizes: Tensor, on_host: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Proposals as if the images, all of one size, were a random part of a photograph that is read at the
        preset's short side: as far apart as there, and only those whose centre lies in the part.

        boxes (B, N, 4) xyxy in pixels, features (B, N, C) -> (B, M, 4), (B, M, C) with M <= N. sizes: (B, 2)
        width and height in pixels, on the CPU; on_host: the boxes of one image, (1, N, 4), on the CPU.
        """
        config, size = self.model.config, sizes[:1, None]  # (1, 1, 2)
        most = config.short_side / float(size.min())
        if config.proposal_grid is None or most <= 1:
            return boxes, features
        times = 1 + (most - 1) * torch.rand(1)
        corner = (torch.rand(2) * (times - 1) * size).repeat(1, 1, 2)  # of the part, pixels
        on_host = (boxes[:1].detach().cpu() if on_host is None else on_host) * times - corner
        centre = (on_host[..., :2] + on_host[..., 2:]) / 2
        inside = ((centre >= 0) & (centre <= size)).all(2)[0]
        index, times, corner = (to_device(t, boxes.device) for t in (inside.nonzero()[:, 0], times, corner))
        return (boxes * times - corner)[:, index], features[:, index]

    def dense_losses(self, levels: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """Text or not at every cell of P2; which character at each character's centre, seen on the level that
        its word is read from.
        """
        p2 = levels[0]
        maps = batch.text_maps.to(p2.device)
        logits = self.text_head(p2).float().squeeze(1)[:, : maps.shape[1], : maps.shape[2]]
        care = (maps != IGNORE).float()
        truth = (maps == 1).float()
        entropy = F.binary_cross_entropy_with_logits(logits, truth, care, reduction="sum") / care.sum().clamp(
            min=1
        )
        inside = logits.sigmoid() * care
        dice = 1 - (2 * (inside * truth).sum() + 1) / (inside.sum() + truth.sum() + 1)
        return {
            "text_map": self.weights.text_map * (entropy + dice),
            "characters": self.weights.characters * self.character_loss(levels, batch.targets),
        }

    def character_loss(self, levels: list[Tensor], targets: list[Targets]) -> Tensor:
        """Which character at each character's known centre, seen on the level that its word is read from."""
        device = levels[0].device
        words = words_on_host(targets)
        known = torch.cat([each.known & (each.text > 0) for each in words])
        image = torch.cat([torch.full((len(each.text),), i) for i, each in enumerate(words)])
        word, place = known.nonzero(as_tuple=True)
        image, word, place = to_device(torch.stack([image[word], word, place]), device).unbind()
        boxes, masks, centres, text = self.joined(targets, ("boxes", "masks", "centres", "text"), device)
        centres, ids = centres[word, place], text[word, place]
        rois = self.model.rois(boxes, masks)
        level = assign_levels_by_size(*rois[:, 2:4].T, len(levels), self.model.config.recognition_canonical)[word]
        centres = centres / (FINEST_STRIDE * 2.0**level)[:, None]
        if prefers_large_kernels(device):
            groups = [(sample_levels_at(levels, level, image, centres), ids)]
        else:  # without a copy of the levels that no word is read from
            groups = [
                (sample_cells(levels[i], image[level == i], centres[level == i]), ids[level == i])
                for i in range(len(levels))
            ]
        loss = levels[0].new_zeros((), dtype=torch.float32)
        for seen, characters in groups:
            if len(characters):
                loss += F.cross_entropy(self.character_head(seen).float(), characters, reduction="sum")
        return loss / max(len(ids), 1)

    @staticmethod
    def joined(targets: list[Targets], names: tuple[str, ...], device: torch.device) -> list[Tensor]:
        """Fields of the words of all images, one after the other."""
        return [torch.cat([getattr(target, name) for target in targets]).to(device) for name in names]

    def reading_losses(
        self, detection: Detection, targets: list[Targets], matches: list[Match]
    ) -> dict[str, Tensor]:
        """Matched regions are read, some with their true box and mask, some with the predicted ones."""
        device = detection.image_sizes.device
        words = words_on_host(targets)
        first = [0, *torch.tensor([len(each.text) for each in words]).cumsum(0).tolist()]
        image = torch.cat([torch.full_like(p, i) for i, (p, _) in enumerate(matches)])
        proposal = torch.cat([p for p, _ in matches])
        word = torch.cat([word + first[i] for i, (_, word) in enumerate(matches)])
        legible = torch.cat([each.text[:, 0] for each in words])[word] > 0
        image, proposal, word = torch.stack([image, proposal, word])[:, legible].unbind()
        lengths = (torch.cat([each.text for each in words])[word] >= 0).sum(1)  # with the end sign
        with_centre = torch.cat([each.known for each in words])[word]  # (R, T)
        image, proposal, word = to_device(torch.stack([image, proposal, word]), device).unbind()
        fields = self.joined(targets, ("text", "centres", "masks", "boxes"), device)
        text, centres, masks, true_boxes = (each[word] for each in fields)
        related = self.model.conversion.relate(detection.stages[-1].proposal_features)[image, proposal]
        scores = detection.stages[-1].class_logits[image, proposal, TEXT]
        predicted = self.model.regions(detection, image, proposal, scores, related)
        size = (true_boxes[:, 2:] - true_boxes[:, :2]).repeat(1, 2)
        jitter = (torch.rand_like(true_boxes) * 2 - 1) * self.weights.jitter * size
        true = replace(predicted, boxes=true_boxes + jitter, mask_k=masks.float())
        overlap = intersection_area(predicted.boxes, true_boxes)
        iou = overlap / (box_area(predicted.boxes) + box_area(true_boxes) - overlap)
        found = (iou > self.weights.minimum_iou) & (torch.rand_like(iou) < self.weights.predicted)
        read = Regions(
            *(
                torch.where(found.view(-1, *[1] * (one.ndim - 1)), other, one)
                for name in Regions.__dataclass_fields__
                for one, other in [(getattr(true, name), getattr(predicted, name))]
            )
        )
        if not len(text):  # keep every parameter in the graph
            return {"recognition": 0.0 * related.sum()}
        rois, text, centres = self.ways(read, text, centres)
        read = replace(read, rois=rois)
        nothing = to_host(text[:, 0] == 0)  # to be read, in a wrong way
        steps = int(lengths.masked_fill(nothing, 1).max())
        ids = text[:, :steps]
        _, reading = self.model.read(detection.levels, read, given=ids)
        log_probabilities = reading.probabilities.clamp(min=1e-8).log()
        index = (with_centre[:, :steps] & ~nothing[:, None]).nonzero().T
        row, column = to_device(index, device).unbind()
        _, place = self.places(centres[:, :steps], rois, (row, column))
        height, width = self.model.config.reader_size
        channels = self.model.config.channels
        maps = reading.encoded[..., :channels].mT.unflatten(2, (height, width))
        if prefers_large_kernels(device):
            seen = sample_levels_at([maps], torch.zeros_like(row), row, place)
        else:
            seen = sample_cells(maps, row, place)
        seen = self.character_head(seen).float()
        true_characters = F.cross_entropy(seen, ids[row, column], reduction="sum") / max(len(place), 1)
        guided = self.attention_loss(reading.attention[row, column], place)
        return {
            "recognition": recognition_loss(log_probabilities, ids, self.weights.recognition),
            "guided_attention": self.weights.guided_attention * guided,
            "seen_characters": self.weights.characters * true_characters,
        }

    def ways(self, regions: Regions, text: Tensor, centres: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The RoIs (R, 5) in which words are read, and what is to be read then: tall ones so that they run
        from left to right, but some in another way, where there is nothing to read and the word ends at once.
        So the right one of the three ways is the surest.
        """
        rois = self.model.rois(regions.boxes, regions.mask_k).detach()
        tall = is_vertical(rois, self.model.config.recognition_tall)
        right = tall * ways_of(image_to_roi(centres, rois) * rois[:, None, 2:4])
        wrong = tall & (torch.rand(len(tall), device=tall.device) < self.weights.wrong_way)
        wrong &= ~centres[:, 0, 0].isnan()  # of a photographed word it is not known how it runs
        way = torch.where(wrong, (right + torch.randint_like(right, 1, 3)) % 3, right)
        nothing = torch.full_like(text, -1)
        nothing[:, 0] = 0
        return (
            rotate_quarter_turns(rois, ways_on(way.device)[way]),
            torch.where(wrong[:, None], nothing, text),
            centres.masked_fill(wrong[:, None, None], torch.nan),
        )

    def places(
        self, centres: Tensor, rois: Tensor, index: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Which of the characters' centres (R, S, 2) are known, (R, S) bool, and where those lie over the
        RoIs (R, 5), in cells of the reader's map, (K, 2) x, y.

        index: rows and columns of the known ones, both (K,); without them they are searched for, which is a
        synchronisation on a GPU.
        """
        height, width = self.model.config.reader_size
        place = image_to_roi(centres, rois)
        known = ~place[..., 0].isnan()
        return known, place[known if index is None else index] * constant((width, height), place.device)

    def attention_loss(self, attention: Tensor, place: Tensor) -> Tensor:
        """Cross entropy of attention (K, h*w) with a bump at each place (K, 2) in cells."""
        if not len(place):
            return attention.sum() * 0.0
        height, width = self.model.config.reader_size
        x = torch.arange(width, device=place.device) + 0.5
        y = torch.arange(height, device=place.device) + 0.5
        to_x, to_y = x - place[:, 0, None], y - place[:, 1, None]  # (K, w), (K, h)
        distance = to_x[:, None] ** 2 + to_y[:, :, None] ** 2
        bump = torch.softmax(-distance.flatten(1) / (2 * ATTENTION_SPREAD**2), 1)
        return -(bump * attention.clamp(min=1e-8).log()).sum(1).mean()


def sample_cells(level: Tensor, image: Tensor, places: Tensor) -> Tensor:
    """Bilinear samples of a level (B, C, h, w) at places (K, 2) x, y in cells (0.5 is the first cell's
    centre).
    """
    b, c, h, w = level.shape
    x = (places[:, 0] - 0.5).clamp(0, w - 1.001)
    y = (places[:, 1] - 0.5).clamp(0, h - 1.001)
    x0, y0 = x.floor().long(), y.floor().long()
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    table = level.permute(0, 2, 3, 1).reshape(b * h * w, c)
    at = (image * h + y0) * w + x0
    upper = table[at] * (1 - fx) + table[at + 1] * fx
    lower = table[at + w] * (1 - fx) + table[at + w + 1] * fx
    return upper * (1 - fy) + lower * fy


def sample_levels_at(levels: list[Tensor], level: Tensor, image: Tensor, places: Tensor) -> Tensor:
    """`sample_cells` on a level (K,) for each place (K, 2), which is in cells of that level: (K, C). With few
    kernels, and one gradient of all levels.
    """
    table, sizes, first = flatten_pyramid(levels)
    height, width = sizes[level].unbind(1)
    x = torch.minimum((places[:, 0] - 0.5).clamp(min=0), width - 1.001)
    y = torch.minimum((places[:, 1] - 0.5).clamp(min=0), height - 1.001)
    left, top = x.long(), y.long()
    x, y = x - left, y - top
    upper = first[level] + (image * height + top) * width + left
    index = torch.stack([upper, upper + 1, upper + width, upper + width + 1], 1)
    weight = torch.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], 1)
    return F.embedding_bag(index, table, per_sample_weights=weight.to(table.dtype), mode="sum")


def ways_of(centres: Tensor) -> Tensor:
    """(R, S, 2) centres of characters, NaN where unknown -> (R,) in which of `WAYS` a word runs from left to
    right: 1 where it runs down, 2 where it runs up, 0 also where that is not known.
    """
    count = (~centres[..., 0].isnan()).sum(1)
    last = centres[torch.arange(len(centres), device=centres.device), (count - 1).clamp(min=0)]
    x, y = (last - centres[:, 0]).nan_to_num(0).unbind(1)
    return torch.where(y.abs() > x.abs(), torch.where(y > 0, 1, 2), 0)
