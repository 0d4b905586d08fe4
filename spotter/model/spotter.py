"""The whole network: `detect`, `select_regions` and `read` are the three parts of the paper's figure 2."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.config import SpotterConfig
from spotter.model.backbone import Swin
from spotter.model.conversion import MaskGate, PlainFeatures, RecognitionConversion
from spotter.model.fpn import FPN, DilatedBlock
from spotter.model.mask_code import MaskCode
from spotter.model.postprocess import is_duplicate, orient_rois, suppress, topk_proposals
from spotter.model.proposals import Proposals
from spotter.model.reader import Reader
from spotter.model.stage import Stage
from spotter.model.two_level import TwoLevelBlock, TwoLevelBlocks
from spotter.ops.device import to_device
from spotter.ops.roi_align import rotated_roi_align
from spotter.ops.rois import min_area_rois, resample_masks
from spotter.types import Conversion, Detection, Reading, Regions, Spotting, StageOutput

# Of ImageNet, RGB 0..255.
PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
STRIDE = 32  # of the coarsest level; images are padded right and below to a multiple of it
TEXT_CLASS = 0  # the other class is background


class SwinTextSpotter(nn.Module):
    """SwinTextSpotter (Huang et al., CVPR 2022): finds and reads the words of an image in one network."""

    pixel_mean: Tensor  # (3, 1, 1)
    pixel_std: Tensor  # (3, 1, 1)

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
        self.proposals = Proposals(
            c.proposals, c.channels, c.proposal_grid, c.min_grid_coverage, c.max_grid_repeats
        )
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
        """Images (3, h, w) RGB 0..255 -> everything; regions with a score above `threshold` are read."""
        detection = self.detect(images)
        regions = self.select_regions(detection, threshold)
        conversion, reading = self.read(detection.levels, regions)
        return Spotting(detection, regions, conversion, reading)

    def detect(self, images: list[Tensor]) -> Detection:
        """Backbone, pyramid, proposals and the refinement stages."""
        levels, boxes, features, image_sizes = self.extract_features(images)
        return Detection(levels, self.refine(levels, boxes, features), image_sizes)

    def extract_features(self, images: list[Tensor] | Tensor) -> tuple[list[Tensor], Tensor, Tensor, Tensor]:
        """P2..P5 with dilated context; boxes (B, N, 4), features (B, N, C) and image sizes (B, 2)."""
        batch, image_sizes = self.pad(images)
        levels = self.fpn(self.backbone(batch))
        boxes, features = self.proposals(levels, image_sizes)
        return self.add_dilated_context(levels), boxes, features, image_sizes

    def refine(self, levels: list[Tensor], boxes: Tensor, features: Tensor) -> list[StageOutput]:
        """The refinement stages, one after the other; boxes are passed on without gradient."""
        stages = []
        for stage in self.stages:
            stages.append(stage(levels, boxes, features))
            boxes, features = stages[-1].boxes.detach(), stages[-1].proposal_features
        return stages

    def refine_with_fixed_boxes(self, levels: list[Tensor], boxes: Tensor, features: Tensor) -> Tensor:
        """Proposal features (B, N, C) after all stages, with the boxes (B, N, 4) kept fixed."""
        for stage in self.stages:
            features = stage(levels, boxes, features).proposal_features
        return features

    def add_dilated_context(self, levels: list[Tensor]) -> list[Tensor]:
        """Adds the dilated blocks' output to P2..P5, if there are such blocks."""
        if not self.dilated:
            return levels
        return [level + dilated(level) for level, dilated in zip(levels, self.dilated, strict=True)]

    def select_regions(
        self, detection: Detection, threshold: float | None = None, deduplicate: bool = True
    ) -> Regions:
        """The regions to read: of the best `max_proposals` of each image, those with a score above the
        threshold (default: the config's).

        All of the best take part in the self-attention of Recognition Conversion. A proposal among them once
        per class is read once, with its better score, unless `deduplicate` is False (as published).
        """
        c, last = self.config, detection.stages[-1]
        scores, proposal_index = topk_proposals(last.class_logits, c.max_proposals)
        image_index = torch.arange(len(scores), device=scores.device)[:, None].expand_as(proposal_index)
        attended = self.conversion.attend(last.proposal_features[image_index, proposal_index])  # (B, K, C)
        chosen = scores > (c.score_threshold if threshold is None else threshold)
        if deduplicate:
            chosen &= ~is_duplicate(proposal_index)
        regions = self.decode_regions(
            detection, image_index[chosen], proposal_index[chosen], scores[chosen], attended[chosen]
        )
        return self.orient_rois(suppress(regions, c.nms_iou))

    def decode_regions(
        self,
        detection: Detection,
        image_index: Tensor,
        proposal_index: Tensor,
        scores: Tensor,
        attended_features: Tensor,
    ) -> Regions:
        """The regions of chosen proposals with their last boxes and decoded maskK. All arguments (R, ...)."""
        last = detection.stages[-1]
        return Regions.from_boxes(
            last.boxes[image_index, proposal_index],
            self.mask_code.decode(last.mask_vector[image_index, proposal_index]),
            attended_features,
            image_index=image_index,
            proposal_index=proposal_index,
            scores=scores,
        )

    def word_rois(self, boxes: Tensor, mask_k: Tensor) -> Tensor:
        """Boxes (R, 4) and maskK (R, m, m) -> the RoIs (R, 5) of their words, before any quarter turn."""
        c = self.config
        return min_area_rois(boxes, mask_k > c.mask_threshold, c.min_rect_area_ratio)

    def orient_rois(self, regions: Regions) -> Regions:
        """Regions with the RoIs that are read, which follow tilted words (the published spotter reads boxes).

        Vertical RoIs are repeated in three orientations; `Spotter.decode_words` keeps the most confident one.
        """
        rois = self.word_rois(regions.boxes, regions.mask_k)
        return orient_rois(replace(regions, rois=rois), self.config.vertical_aspect_ratio)

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
        conversion = self.conversion(roi_features, regions.attended_features)
        features = self.two_level(conversion.features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        binary = regions.mask_k > c.mask_threshold
        mask = resample_masks(regions.rois, regions.boxes, binary, c.recognition_roi)
        return conversion, self.mask_gate(features, mask)

    def pad(self, images: list[Tensor] | Tensor) -> tuple[Tensor, Tensor]:
        """Normalises, then pads right and below to one size -> (B, 3, H, W), sizes (B, 2) as width, height.

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
