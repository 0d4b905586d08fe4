"""The whole network: `detect`, `keep`, `read` are the three parts of the paper's figure 2."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from spotter.config import SpotterConfig
from spotter.model.backbone import Swin
from spotter.model.conversion import MaskGate, PlainFeatures, RecognitionConversion
from spotter.model.fpn import FPN, DilatedBlock
from spotter.model.mask_code import MaskCode
from spotter.model.proposals import Proposals
from spotter.model.reader import Reader
from spotter.model.stage import Stage
from spotter.model.two_level import TwoLevelBlock, TwoLevelBlocks
from spotter.ops.device import constant, to_device
from spotter.ops.rois import (
    is_vertical,
    resample_masks,
    rotate_quarter_turns,
    boxes_to_rois,
    rotated_roi_align,
    min_area_rois,
)
from spotter.types import Conversion, Detection, Reading, Regions, Spotting, StageOutput

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
STRIDE = 32  # images are padded right and below to a multiple of it
WAYS = torch.tensor([0, 1, 3])  # in quarter turns with the clock: as it lies, down, up
TEXT = 0  # the class that means text; the other one means none


def ways_on(device: torch.device) -> Tensor:
    """`WAYS` on a device."""
    return constant(tuple(WAYS.tolist()), device, torch.long)


class SwinTextSpotter(nn.Module):
    """SwinTextSpotter (Huang et al., CVPR 2022): finds and reads the words of an image in one network."""

    def __init__(self, config: SpotterConfig) -> None:
        super().__init__()
        self.config = c = config
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD).view(3, 1, 1), persistent=False)
        self.backbone = Swin(c.stem, c.embed_dim, c.depths, c.heads, c.window, c.drop_path)
        self.fpn = FPN(self.backbone.channels, c.channels)
        self.dilated = nn.ModuleList(
            DilatedBlock(c.channels, c.dilated_channels, c.dilations) for _ in range(4 if c.dilations else 0)
        )
        self.proposals = Proposals(c.proposals, c.channels, c.proposal_grid)
        self.stages = nn.ModuleList(
            Stage(
                c.channels,
                c.stage_heads,
                c.dynamic_dim,
                c.feedforward,
                c.roi_size,
                c.roi_samples,
                c.mask_coefficients,
            )
            for _ in range(c.stages)
        )
        self.mask_code = MaskCode(c.mask_size, c.mask_coefficients)
        self.conversion = (
            RecognitionConversion(
                c.channels,
                c.stage_heads,
                c.dynamic_dim,
                c.feedforward,
                c.conversion_layers,
                c.conversion_heads,
                c.recognition_roi,
            )
            if c.recognition_conversion
            else PlainFeatures(c.channels)
        )
        self.two_level = TwoLevelBlocks(
            *(
                TwoLevelBlock(c.channels, c.two_level_heads, c.two_level_window)
                for _ in range(c.two_level_blocks)
            )
        )
        self.mask_gate = MaskGate()
        self.reader = Reader(
            c.channels,
            c.reader_size,
            c.reader_hidden,
            c.reader_attention,
            c.reader_embedding,
            c.classes,
            c.max_steps,
        )

    def forward(self, images: list[Tensor], threshold: float | None = None) -> Spotting:
        """Images (3, h, w) RGB 0..255 -> everything; regions with a score below `threshold` are not read."""
        detection = self.detect(images)
        regions = self.keep(detection, self.config.score_threshold if threshold is None else threshold)
        conversion, reading = self.read(detection.levels, regions)
        return Spotting(detection, regions, conversion, reading)

    def detect(self, images: list[Tensor]) -> Detection:
        """Backbone, pyramid, proposals and the refinement stages."""
        levels, boxes, features, image_sizes = self.look(images)
        return Detection(levels, self.refine(levels, boxes, features), image_sizes)

    def look(self, images: list[Tensor] | Tensor) -> tuple[list[Tensor], Tensor, Tensor, Tensor]:
        """Widened levels P2..P5, proposal boxes (B, N, 4) and features (B, N, C), image sizes (B, 2)."""
        batch, image_sizes = self.pad(images)
        levels = self.fpn(self.backbone(batch))
        boxes, features = self.proposals(levels, image_sizes)
        return self.widen(levels), boxes, features, image_sizes

    def refine(self, levels: list[Tensor], boxes: Tensor, features: Tensor) -> list[StageOutput]:
        """The refinement stages, one after the other; boxes pass on without their gradient."""
        stages = []
        for stage in self.stages:
            stages.append(stage(levels, boxes, features))
            boxes, features = stages[-1].boxes.detach(), stages[-1].proposal_features
        return stages

    def held(self, levels: list[Tensor], boxes: Tensor, features: Tensor) -> Tensor:
        """Proposal features (B, N, C) after all stages, with the boxes (B, N, 4) held where they are."""
        for stage in self.stages:
            features = stage(levels, boxes, features).proposal_features
        return features

    def widen(self, levels: list[Tensor]) -> list[Tensor]:
        """Adds the dilated blocks' output to P2..P5, if there are such blocks."""
        if not self.dilated:
            return levels
        return [level + dilated(level) for level, dilated in zip(levels, self.dilated, strict=True)]

    def best(self, detection: Detection) -> tuple[Tensor, Tensor]:
        """The best `config.keep` of each image's N x 2 scores, falling, and their proposals; both (B, K)."""
        logits = detection.stages[-1].class_logits  # (B, N, classes)
        count = min(self.config.keep, logits[0].numel())
        scores, index = logits.sigmoid().flatten(1).topk(count)
        return scores, index // logits.shape[2]

    def keep(self, detection: Detection, threshold: float, drop_twins: bool = True) -> Regions:
        """The best `config.keep` of each image's N x 2 scores; of these the ones above the threshold.

        All kept proposals take part in the self-attention of Recognition Conversion. A proposal kept once
        per class is a twin; only its better score stays, unless `drop_twins` is False (the published order).
        """
        last = detection.stages[-1]
        scores, proposal_index = self.best(detection)
        b = len(scores)
        image_index = torch.arange(b, device=scores.device)[:, None].expand_as(proposal_index)
        related = self.conversion.relate(last.proposal_features[image_index, proposal_index])  # (B, K, C)
        chosen = scores > threshold
        if drop_twins:  # scores fall along K, so a twin's earlier entry is the better one
            same = proposal_index[:, :, None] == proposal_index[:, None, :]
            chosen &= ~same.tril(-1).any(2)
        regions = self.regions(
            detection, image_index[chosen], proposal_index[chosen], scores[chosen], related[chosen]
        )
        return self.along_words(self.suppress(regions) if self.config.nms_iou < 1 else regions)

    def rois(self, boxes: Tensor, mask_k: Tensor) -> Tensor:
        """Boxes (R, 4) and maskK (R, m, m) -> the RoIs (R, 5) of their words, before any quarter turn."""
        c = self.config
        return min_area_rois(boxes, mask_k > c.mask_threshold, c.recognition_tilt)

    def along_words(self, regions: Regions) -> Regions:
        """Regions with the RoIs they are read in, which follow tilted words (`config.recognition_tilt`).

        Those of tall RoIs come three times, in each way they may be read: as they lie, down and up. Who wants
        their words takes the surest of each (`Spotter.words`). The published spotter reads boxes, in one way.
        """
        rois = self.rois(regions.boxes, regions.mask_k)
        tall = is_vertical(rois, self.config.recognition_tall)
        quarters = ways_on(tall.device)
        row, way = torch.nonzero(tall[:, None] | (quarters == 0), as_tuple=True)
        ways = Regions(*(getattr(regions, name)[row] for name in Regions.__dataclass_fields__))
        return replace(ways, rois=rotate_quarter_turns(rois[row], quarters[way]))

    def suppress(self, regions: Regions) -> Regions:
        """Non-maximum suppression, which the published spotter does without: a region that overlaps a better
        one of its image by more than `config.nms_iou` (IoU of the boxes) is dropped; the order stays.
        """
        kept = batched_nms(
            regions.boxes.float(), regions.scores.float(), regions.image_index, self.config.nms_iou
        )
        kept = kept.sort().values
        return Regions(*(getattr(regions, name)[kept] for name in Regions.__dataclass_fields__))

    def regions(
        self,
        detection: Detection,
        image_index: Tensor,
        proposal_index: Tensor,
        scores: Tensor,
        related: Tensor,
    ) -> Regions:
        """The regions of chosen proposals, with their boxes and decoded maskK. All arguments (R, ...)."""
        last = detection.stages[-1]
        boxes = last.boxes[image_index, proposal_index]
        return Regions(
            image_index=image_index,
            proposal_index=proposal_index,
            scores=scores,
            boxes=boxes,
            mask_k=self.mask_code.decode(last.mask_vector[image_index, proposal_index]),
            related=related,
            rois=boxes_to_rois(boxes),
        )

    def read(
        self, levels: list[Tensor], regions: Regions, given: Tensor | None = None, stop_early: bool = True
    ) -> tuple[Conversion, Reading]:
        """RoIAlign, Recognition Conversion, two-level attention, maskK and the decoder (arguments as in
        `Reader.forward`).
        """
        conversion, features = self.gated_features(self.pool_regions(levels, regions), regions)
        return conversion, self.reader(features, given, stop_early)

    def pool_regions(self, levels: list[Tensor], regions: Regions) -> Tensor:
        """RoI features (R, C, H, W) for Recognition Conversion."""
        c = self.config
        return rotated_roi_align(
            levels,
            regions.rois,
            regions.image_index,
            c.recognition_roi,
            c.roi_samples,
            c.recognition_canonical,
        )

    def gated_features(self, roi_features: Tensor, regions: Regions) -> tuple[Conversion, Tensor]:
        """RoI features (R, C, H, W) -> the conversion, and the reader's input (R, C, H, W)."""
        c = self.config
        conversion = self.conversion(roi_features, regions.related)
        features = self.two_level(conversion.features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        binary = regions.mask_k > c.mask_threshold
        mask = resample_masks(regions.rois, regions.boxes, binary, c.recognition_roi)
        return conversion, self.mask_gate(features, mask)

    def pad(self, images: list[Tensor] | Tensor) -> tuple[Tensor, Tensor]:
        """Normalise, then pad right and below to one size -> (B, 3, H, W), sizes (B, 2) as width, height.

        Images of one size may come as one tensor (B, 3, h, w), which takes fewer kernels.
        """
        sizes = torch.tensor([[image.shape[-1], image.shape[-2]] for image in images], dtype=torch.float32)
        width, height = (-(-int(side) // STRIDE) * STRIDE for side in sizes.amax(0))
        sizes = to_device(sizes, self.pixel_mean.device)
        if isinstance(images, Tensor):
            batch = (images - self.pixel_mean) / self.pixel_std
            return F.pad(batch, (0, width - batch.shape[3], 0, height - batch.shape[2])), sizes
        batch = self.pixel_mean.new_zeros(len(images), 3, height, width)
        for slot, image in zip(batch, images, strict=True):
            slot[:, : image.shape[1], : image.shape[2]] = (image - self.pixel_mean) / self.pixel_std
        return batch, sizes
