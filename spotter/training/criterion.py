"""The training module: the spotter, its auxiliary heads and all losses.

The auxiliary heads and guided attention serve training only and are not exported; the model card names them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from spotter.data.targets import Batch, Targets, words_on_host
from spotter.model.postprocess import ORIENTATIONS
from spotter.model.spotter import STRIDE, TEXT_CLASS, SwinTextSpotter
from spotter.ops.boxes import box_iou
from spotter.ops.device import constant, prefers_large_kernels, to_device, to_host
from spotter.ops.roi_align import FINEST_STRIDE, assign_levels_by_size
from spotter.ops.rois import image_to_roi, is_vertical, rotate_quarter_turns
from spotter.training.auxiliary_heads import (
    CharacterHead,
    TextMapHead,
    guided_attention_loss,
    sample_level,
    sample_pyramid,
)
from spotter.training.losses import DetectionLosses, Match, background_loss, recognition_loss
from spotter.training.train_config import LossConfig
from spotter.types import Detection, Regions


@dataclass(frozen=True)
class MatchedWords:
    """R legible words of a batch with their matched proposals. On the CPU."""

    image: Tensor  # (R,) int64
    proposal: Tensor  # (R,) int64
    word: Tensor  # (R,) int64, index into the words of all images
    lengths: Tensor  # (R,) int64, characters with the end sign
    known: Tensor  # (R, T) bool, whether a character's centre is known


class TrainingSpotter(nn.Module):
    """Model and criterion in one module, so that DistributedDataParallel sees every parameter."""

    def __init__(self, model: SwinTextSpotter, weights: LossConfig | None = None) -> None:
        super().__init__()
        if not model.mask_code.fitted:
            raise ValueError("the mask code is not fitted: its components are all zero")
        self.model = model
        self.weights = weights or LossConfig()
        # Times parts of a step, see `report.RunReport.time_part`.
        self.time_part: Callable[[str], AbstractContextManager] = lambda _: nullcontext()
        self.text_head = TextMapHead(model.config.channels)
        self.character_head = CharacterHead(model.config.channels, model.config.classes)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Weighted losses by name; their sum is minimised."""
        # First: on a GPU it would wait for everything that is computed before it.
        sizes_on_host, boxes_on_host = self.proposals_on_host(batch.images)
        levels, boxes, features, sizes = self.model.extract_features(batch.images)
        boxes, features = self.crop_proposals(boxes, features, sizes_on_host, boxes_on_host)
        losses = self.dense_losses(levels, batch)
        if batch.task == "features":
            return losses
        reading_only = batch.task == "reading"
        with torch.no_grad() if reading_only else nullcontext():
            detection = Detection(levels, self.model.refine(levels, boxes, features), sizes)
            with self.time_part("matching"):
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
        """Width and height of images (B, 3, H, W) in pixels, (1, 2), and the boxes of their proposals,
        (1, N, 4) xyxy, both on the CPU.
        """
        height, width = images.shape[2:]
        size = torch.tensor([[width, height]], dtype=torch.float32)
        padded = -(-height // STRIDE), -(-width // STRIDE)
        return size, self.model.proposals.boxes_in_pixels(size, padded)

    def crop_proposals(
        self, boxes: Tensor, features: Tensor, sizes: Tensor, on_host: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Proposals as if the images, all of one size, were random crops of a photograph that is read at the
        preset's short side: as dense as there, and only those whose centre lies in the crop.

        boxes (B, N, 4) xyxy in pixels, features (B, N, C) -> (B, M, 4), (B, M, C) with M <= N. sizes: (B, 2)
        width and height in pixels, on the CPU; on_host: the boxes of one image, (1, N, 4), on the CPU.
        """
        config, size = self.model.config, sizes[:1, None]  # (1, 1, 2)
        max_scale = config.short_side / float(size.min())
        if config.proposal_grid is None or max_scale <= 1:
            return boxes, features
        scale = 1 + (max_scale - 1) * torch.rand(1)  # of the photograph, relative to the crop
        corner = (torch.rand(2) * (scale - 1) * size).repeat(1, 1, 2)  # of the crop, pixels
        on_host = (boxes[:1].detach().cpu() if on_host is None else on_host) * scale - corner
        centre = (on_host[..., :2] + on_host[..., 2:]) / 2
        inside = ((centre >= 0) & (centre <= size)).all(2)[0]
        index, scale, corner = (to_device(t, boxes.device) for t in (inside.nonzero()[:, 0], scale, corner))
        return (boxes * scale - corner)[:, index], features[:, index]

    def dense_losses(self, levels: list[Tensor], batch: Batch) -> dict[str, Tensor]:
        """Losses of the auxiliary heads on the pyramid: text or not in every cell of P2, and the class of
        every character whose centre is known. Those without weight are left out.
        """
        losses = {}
        if self.weights.text_map:
            losses["text_map"] = self.weights.text_map * self.text_head.loss(levels[0], batch.text_maps)
        if self.weights.characters:
            losses["characters"] = self.weights.characters * self.character_loss(levels, batch.targets)
        return losses

    def character_loss(self, levels: list[Tensor], targets: list[Targets]) -> Tensor:
        """Mean classification loss of the characters whose centres are known, on the level that their word is
        read from.
        """
        device = levels[0].device
        words = words_on_host(targets)
        known = torch.cat([each.known & (each.text > 0) for each in words])
        image = torch.cat([torch.full((len(each.text),), i) for i, each in enumerate(words)])
        word, position = known.nonzero(as_tuple=True)
        image, word, position = to_device(torch.stack([image[word], word, position]), device).unbind()
        boxes, masks, centres, text = concatenate(targets, ("boxes", "masks", "centres", "text"), device)
        centres, ids = centres[word, position], text[word, position]
        width, height = self.model.word_rois(boxes, masks)[:, 2:4].unbind(1)
        canonical = self.model.config.recognition_canonical
        level = assign_levels_by_size(width, height, len(levels), canonical)[word]
        centres = centres / (FINEST_STRIDE * 2.0**level)[:, None]
        if prefers_large_kernels(device):
            groups = [(sample_pyramid(levels, level, image, centres), ids)]
        else:  # does not copy the levels that no word is read from
            groups = [
                (sample_level(levels[i], image[level == i], centres[level == i]), ids[level == i])
                for i in range(len(levels))
            ]
        loss = levels[0].new_zeros((), dtype=torch.float32)
        for features, group_ids in groups:
            if len(group_ids):
                loss += self.character_head.loss(features, group_ids)
        return loss / max(len(ids), 1)

    def reading_losses(
        self, detection: Detection, targets: list[Targets], matches: list[Match]
    ) -> dict[str, Tensor]:
        """Losses of reading the matched words, in their true box and mask or in the predicted ones."""
        device = detection.image_sizes.device
        matched = match_words(targets, matches)
        index = to_device(torch.stack([matched.image, matched.proposal, matched.word]), device)
        image, proposal, word = index.unbind()
        fields = concatenate(targets, ("text", "centres", "masks", "boxes"), device)
        text, centres, masks, true_boxes = (each[word] for each in fields)
        attended = self.model.conversion.attend(detection.stages[-1].proposal_features)[image, proposal]
        scores = detection.stages[-1].class_logits[image, proposal, TEXT_CLASS]
        predicted = self.model.decode_regions(detection, image, proposal, scores, attended)
        regions = self.mix_regions(predicted, true_boxes, masks)
        if not len(text):  # keep every parameter in the graph
            return {"recognition": 0.0 * attended.sum()}
        rois, text, centres = self.sample_orientations(regions, text, centres)
        nothing = to_host(text[:, 0] == 0)  # nothing to read: a wrong orientation
        steps = int(matched.lengths.masked_fill(nothing, 1).max())
        ids = text[:, :steps]
        conversion, reading = self.model.read(detection.levels, replace(regions, rois=rois), given=ids)
        log_probabilities = reading.probabilities.clamp(min=1e-8).log()
        known = (matched.known[:, :steps] & ~nothing[:, None]).nonzero().T
        row, column = to_device(known, device).unbind()
        positions = self.character_positions(centres[:, :steps], rois)[row, column]
        height, width = self.model.config.reader_size
        maps = reading.encoded[..., : self.model.config.channels].mT.unflatten(2, (height, width))
        if prefers_large_kernels(device):
            features = sample_pyramid([maps], torch.zeros_like(row), row, positions)
        else:
            features = sample_level(maps, row, positions)
        characters = self.character_head.loss(features, ids[row, column]) / max(len(positions), 1)
        attention = guided_attention_loss(reading.attention[row, column], positions, (height, width))
        losses = {
            "recognition": recognition_loss(log_probabilities, ids, self.weights.recognition),
            "guided_attention": self.weights.guided_attention * attention,
            "seen_characters": self.weights.characters * characters,
        }
        if self.weights.background:
            background = background_loss(conversion, rois, true_boxes, masks)
            losses["background"] = self.weights.background * background
        return losses

    def mix_regions(self, predicted: Regions, true_boxes: Tensor, true_masks: Tensor) -> Regions:
        """The predicted regions, of which some get their true boxes (R, 4), jittered, and masks
        (R, 28, 28): all that overlap too little, and a random share of the others.
        """
        size = (true_boxes[:, 2:] - true_boxes[:, :2]).repeat(1, 2)
        jitter = (torch.rand_like(true_boxes) * 2 - 1) * self.weights.jitter * size
        true = replace(predicted, boxes=true_boxes + jitter, mask_k=true_masks.float())
        iou = box_iou(predicted.boxes, true_boxes)
        use_predicted = (iou > self.weights.minimum_iou) & (torch.rand_like(iou) < self.weights.predicted)
        return Regions(
            *(
                torch.where(use_predicted.view(-1, *[1] * (one.ndim - 1)), other, one)
                for name in Regions.__dataclass_fields__
                for one, other in [(getattr(true, name), getattr(predicted, name))]
            )
        )

    def sample_orientations(
        self, regions: Regions, text: Tensor, centres: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The RoIs (R, 5) in which words are read, with the text (R, T) and centres (R, T, 2) to learn there.

        Vertical RoIs are rotated so that their words run from left to right. Some get a wrong orientation, in
        which the text is empty, so that the correct one of the three orientations is the most confident.
        """
        rois = self.model.word_rois(regions.boxes, regions.mask_k).detach()
        vertical = is_vertical(rois, self.model.config.vertical_aspect_ratio)
        correct = vertical * reading_orientation(image_to_roi(centres, rois) * rois[:, None, 2:4])
        wrong = vertical & (torch.rand(len(vertical), device=vertical.device) < self.weights.wrong_way)
        wrong &= ~centres[:, 0, 0].isnan()  # without centres the correct orientation is unknown
        orientation = torch.where(wrong, (correct + torch.randint_like(correct, 1, 3)) % 3, correct)
        turns = constant(ORIENTATIONS, orientation.device, torch.long)[orientation]
        empty = torch.full_like(text, -1)
        empty[:, 0] = 0
        return (
            rotate_quarter_turns(rois, turns),
            torch.where(wrong[:, None], empty, text),
            centres.masked_fill(wrong[:, None, None], torch.nan),
        )

    def character_positions(self, centres: Tensor, rois: Tensor) -> Tensor:
        """Centres (R, S, 2) in pixels -> (R, S, 2) x, y in cells of the reader's map over the RoIs (R, 5)."""
        height, width = self.model.config.reader_size
        return image_to_roi(centres, rois) * constant((width, height), rois.device)


def match_words(targets: list[Targets], matches: list[Match]) -> MatchedWords:
    """The legible words among the matched ones of all images."""
    words = words_on_host(targets)
    first = [0, *torch.tensor([len(each.text) for each in words]).cumsum(0).tolist()]
    image = torch.cat([torch.full_like(p, i) for i, (p, _) in enumerate(matches)])
    proposal = torch.cat([p for p, _ in matches])
    word = torch.cat([word + first[i] for i, (_, word) in enumerate(matches)])
    legible = torch.cat([each.text[:, 0] for each in words])[word] > 0
    image, proposal, word = torch.stack([image, proposal, word])[:, legible].unbind()
    lengths = (torch.cat([each.text for each in words])[word] >= 0).sum(1)
    known = torch.cat([each.known for each in words])[word]
    return MatchedWords(image, proposal, word, lengths, known)


def concatenate(targets: list[Targets], names: tuple[str, ...], device: torch.device) -> list[Tensor]:
    """Each named field of the words of all images, concatenated."""
    return [torch.cat([getattr(target, name) for target in targets]).to(device) for name in names]


def reading_orientation(centres: Tensor) -> Tensor:
    """(R, S, 2) centres of characters, NaN where unknown -> (R,) index into `ORIENTATIONS` in which a word
    runs from left to right: 1 if it runs down, 2 if it runs up, else 0, also if unknown.
    """
    count = (~centres[..., 0].isnan()).sum(1)
    last = centres[torch.arange(len(centres), device=centres.device), (count - 1).clamp(min=0)]
    x, y = (last - centres[:, 0]).nan_to_num(0).unbind(1)
    return torch.where(y.abs() > x.abs(), torch.where(y > 0, 1, 2), 0)
