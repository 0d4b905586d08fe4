"""Everything that is minimised, as one module: the spotter, its auxiliary heads and the losses.

The auxiliary heads and guided attention serve training alone and are not shipped; the model card names them.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou

from spotter.model.roi import FINEST_STRIDE, level_of_size
from spotter.model.rotated_roi import is_tall, quarter_turned, to_roi
from spotter.model.spotter import TEXT, WAYS, SwinTextSpotter
from spotter.training.dataset import IGNORE, Batch
from spotter.training.losses import LossWeights, Match, Targets, detection_losses, recognition_loss
from spotter.types import Detection, Regions

ATTENTION_SPREAD = 0.8  # cells; of the target of guided attention around a character's centre

# Half the published ones or less, so that reading is not drowned out: with a classification weight of 3, the
# classification's gradient in the backbone was 2.7 times as long as the recognition's (of weight 0.2).
NANO_LOSSES = LossWeights(classification=1.5, l1=2.5, giou=1.0, mask=0.5, dice=0.5)


@dataclass(frozen=True)
class Weights:
    """Factors of the losses."""

    detection: LossWeights = NANO_LOSSES
    recognition: float = 0.4  # of the sum over a word's steps; twice the published one
    text_map: float = 1.0
    characters: float = 1.0  # from the level their word is read from, and once more from the reader's map
    guided_attention: float = 1.0
    jitter: float = 0.04  # of true boxes that are read, in parts of their size
    predicted: float = 0.5  # share of the words that are read in their predicted box and mask, not the true
    least_iou: float = 0.5  # ... where that box fits so well
    wrong_way: float = (
        0.35  # share of the words in tall boxes that are read in a way in which they do not run
    )


class TrainingSpotter(nn.Module):
    """Model and criterion in one, so that DistributedDataParallel sees every parameter."""

    def __init__(self, model: SwinTextSpotter, weights: Weights | None = None) -> None:
        super().__init__()
        if not model.mask_code.fitted:
            raise ValueError("the mask code is not fitted: its components are all zero")
        self.model = model
        self.weights = weights or Weights()
        channels = model.config.channels
        self.text_head = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, 1, 1)
        )
        self.character_head = nn.Linear(channels, model.config.classes)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Losses by name, each weighted; their sum is minimised."""
        levels, boxes, features, sizes = self.model.look(list(batch.images))
        boxes, features = self.part_of_photograph(boxes, features, sizes)
        losses = self.dense_losses(levels, batch)
        if batch.task == "features":
            return losses
        reading_only = batch.task == "reading"
        with torch.no_grad() if reading_only else nullcontext():
            detection = Detection(levels, self.model.refine(levels, boxes, features), sizes)
            per_stage, matches = detection_losses(
                detection.stages[-1:] if reading_only else detection.stages,
                batch.targets,
                self.model.mask_code,
                self.weights.detection,
            )
        if not reading_only:
            losses |= {name: values.sum() for name, values in per_stage.items()}
        return losses | self.reading_losses(detection, batch.targets, matches)

    def part_of_photograph(self, boxes: Tensor, features: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
        """Proposals as if the images, all of one size, were a random part of a photograph that is read at the
        preset's short side: as far apart as there, and only those whose centre lies in the part.

        boxes (B, N, 4) xyxy in pixels, features (B, N, C) -> (B, M, 4), (B, M, C) with M <= N.
        """
        config, size = self.model.config, sizes[:1, None]  # (1, 1, 2)
        most = config.short_side / float(size.min())
        if config.proposal_grid is None or most <= 1:
            return boxes, features
        times = 1 + (most - 1) * torch.rand(1, device=boxes.device)
        corner = torch.rand(2, device=boxes.device) * (times - 1) * size  # of the part, pixels
        boxes = boxes * times - corner.repeat(1, 1, 2)
        centre = (boxes[:1, :, :2] + boxes[:1, :, 2:]) / 2
        inside = ((centre >= 0) & (centre <= size)).all(2)[0]
        return boxes[:, inside], features[:, inside]

    def dense_losses(self, levels: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """Text or not at every cell of P2; which character at each character's centre, seen on the level that
        its word is read from.
        """
        config, p2 = self.model.config, levels[0]
        maps = batch.text_maps.to(p2.device)
        logits = self.text_head(p2).float().squeeze(1)[:, : maps.shape[1], : maps.shape[2]]
        care = (maps != IGNORE).float()
        truth = (maps == 1).float()
        entropy = F.binary_cross_entropy_with_logits(logits, truth, care, reduction="sum") / care.sum().clamp(
            min=1
        )
        inside = logits.sigmoid() * care
        dice = 1 - (2 * (inside * truth).sum() + 1) / (inside.sum() + truth.sum() + 1)
        image, level, centres, ids = [], [], [], []
        for i, target in enumerate(batch.targets):
            known = ~target.centres[..., 0].isnan() & (target.text > 0)
            centres.append(target.centres[known])
            ids.append(target.text[known])
            image.append(torch.full((len(ids[-1]),), i))
            rois = self.model.rois(target.boxes, target.masks)
            from_level = level_of_size(*rois[:, 2:4].T, len(levels), config.recognition_canonical)
            level.append(from_level[:, None].expand_as(known)[known])
        image, level, centres, ids = (torch.cat(t).to(p2.device) for t in (image, level, centres, ids))
        characters = p2.new_zeros((), dtype=torch.float32)
        for i, cells in enumerate(levels):
            mine = torch.nonzero(level == i).squeeze(1)
            if len(mine):
                seen = sample_cells(cells, image[mine], centres[mine] / (FINEST_STRIDE * 2**i))
                characters += F.cross_entropy(self.character_head(seen).float(), ids[mine], reduction="sum")
        characters = characters / max(len(ids), 1)
        return {
            "text_map": self.weights.text_map * (entropy + dice),
            "characters": self.weights.characters * characters,
        }

    def reading_losses(
        self, detection: Detection, targets: list[Targets], matches: list[Match]
    ) -> dict[str, Tensor]:
        """Matched regions are read, some with their true box and mask, some with the predicted ones."""
        device = detection.image_sizes.device
        image = torch.cat([torch.full_like(p, i) for i, (p, _) in enumerate(matches)]).to(device)
        proposal = torch.cat([p for p, _ in matches]).to(device)
        text, centres, masks, true_boxes = (
            torch.cat([getattr(t, name)[word] for t, (_, word) in zip(targets, matches, strict=True)]).to(
                device
            )
            for name in ("text", "centres", "masks", "boxes")
        )
        legible = text[:, 0] > 0
        image, proposal, text, centres, masks, true_boxes = (
            t[legible] for t in (image, proposal, text, centres, masks, true_boxes)
        )
        related = self.model.conversion.relate(detection.stages[-1].proposal_features)[image, proposal]
        scores = detection.stages[-1].class_logits[image, proposal, TEXT]
        predicted = self.model.regions(detection, image, proposal, scores, related)
        size = (true_boxes[:, 2:] - true_boxes[:, :2]).repeat(1, 2)
        jitter = (torch.rand_like(true_boxes) * 2 - 1) * self.weights.jitter * size
        true = replace(predicted, boxes=true_boxes + jitter, mask_k=masks.float())
        iou = box_iou(predicted.boxes, true_boxes).diagonal() if len(text) else true_boxes.new_zeros(0)
        found = (iou > self.weights.least_iou) & (torch.rand_like(iou) < self.weights.predicted)
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
        steps = int((text >= 0).sum(1).max())
        ids = text[:, :steps]
        _, reading = self.model.read(detection.levels, read, given=ids)
        log_probabilities = reading.probabilities.clamp(min=1e-8).log()
        known, place = self.places(centres[:, :steps], rois)
        height, width = self.model.config.reader_size
        channels = self.model.config.channels
        maps = reading.encoded[..., :channels].mT.unflatten(2, (height, width))
        seen = self.character_head(sample_cells(maps, known.nonzero()[:, 0], place)).float()
        true_characters = F.cross_entropy(seen, ids[known], reduction="sum") / max(len(place), 1)
        guided = self.attention_loss(reading.attention[known], place)
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
        tall = is_tall(rois, self.model.config.recognition_tall)
        right = tall * ways_of(to_roi(centres, rois) * rois[:, None, 2:4])
        wrong = tall & (torch.rand(len(tall), device=tall.device) < self.weights.wrong_way)
        wrong &= ~centres[:, 0, 0].isnan()  # of a photographed word it is not known how it runs
        way = torch.where(wrong, (right + torch.randint_like(right, 1, 3)) % 3, right)
        nothing = torch.full_like(text, -1)
        nothing[:, 0] = 0
        return (
            quarter_turned(rois, WAYS.to(way.device)[way]),
            torch.where(wrong[:, None], nothing, text),
            centres.masked_fill(wrong[:, None, None], torch.nan),
        )

    def places(self, centres: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
        """Which of the characters' centres (R, S, 2) are known, (R, S) bool, and where those lie over the
        RoIs (R, 5), in cells of the reader's map, (K, 2) x, y.
        """
        height, width = self.model.config.reader_size
        place = to_roi(centres, rois)
        known = ~place[..., 0].isnan()
        return known, place[known] * place.new_tensor([width, height])

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


def ways_of(centres: Tensor) -> Tensor:
    """(R, S, 2) centres of characters, NaN where unknown -> (R,) in which of `WAYS` a word runs from left to
    right: 1 where it runs down, 2 where it runs up, 0 also where that is not known.
    """
    count = (~centres[..., 0].isnan()).sum(1)
    last = centres[torch.arange(len(centres), device=centres.device), (count - 1).clamp(min=0)]
    x, y = (last - centres[:, 0]).nan_to_num(0).unbind(1)
    return torch.where(y.abs() > x.abs(), torch.where(y > 0, 1, 2), 0)
