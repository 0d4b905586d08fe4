"""Makes 8-bit images of deeper ones.

Cameras and scanners write 10 to 14 bits into files of 16, which would be black if 16 bits were scaled to 8.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

DEPTHS = (10, 12, 14, 16)  # bits in files of 16
DARK = 2**6  # 8-bit values below this use at most the second deepest of DEPTHS


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Scales numbers of any type instead of clipping: 16-bit by the bits that the values use, wider types by
    the range of their values."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint16 and array.ndim:  # of large images in a tenth of the time
        import cv2  # late: few images need it

        scale = 255 / _highest(int(array.max()))
        return cv2.convertScaleAbs(array.reshape(len(array), -1), alpha=scale).reshape(array.shape)
    values = np.nan_to_num(array.astype(np.float32))
    low, high = min(float(values.min()), 0.0), float(values.max())
    if array.dtype.kind == "f" and low >= 0 and high <= 255:
        high = 1.0 if high <= 1 else 255.0
    elif low >= 0 and high <= 65535:
        high = _highest(high)
    return np.round((values - low) * (255 / max(high - low, 1e-6))).clip(0, 255).astype(np.uint8)


def _highest(value: float) -> float:
    """The highest value of the least of DEPTHS that holds this one."""
    return next(2.0**bits - 1 for bits in DEPTHS if value < 2**bits)


def has_deep_colours(image: Image.Image) -> bool:
    """Whether 16 bits per channel of a PNG or TIFF become 8 when Pillow loads it; before that."""
    if image.mode not in ("RGB", "RGBA", "LA"):  # grey ones keep their bits
        return False
    if isinstance(image, TiffImageFile):
        return set(image.tag_v2.get(BITSPERSAMPLE, ())) == {16}
    tiles = getattr(image, "tile", ())
    return image.format == "PNG" and any(str(tile.args).endswith(";16B") for tile in tiles)


def is_dark(image: Image.Image) -> bool:
    """Whether the colours of an image of 16 bits may use fewer bits."""
    extremes = (image if image.mode == "RGB" else image.convert("RGB")).getextrema()
    return all(high < DARK for _, high in extremes)  # type: ignore[misc]  # pairs, as there are three bands


def stretch_colours(image: Image.Image, data: bytes, frame: int) -> None:
    """Replaces the colours of a loaded image by those that the encoded file `data` really has.

    OpenCV reads all of their bits; an image that it cannot read remains as it is.
    """
    import cv2  # late: few images need it

    encoded = np.frombuffer(data, np.uint8)
    _, images = cv2.imdecodemulti(encoded, cv2.IMREAD_UNCHANGED, range=(frame, frame + 1))
    if not images or images[0].dtype != np.uint16 or images[0].shape[:2] != image.size[::-1]:
        return
    channels = np.atleast_3d(images[0])
    bgr = to_uint8(channels if channels.shape[2] <= 3 else channels[..., :3])
    stretched = Image.fromarray(np.ascontiguousarray(bgr[..., ::-1]))
    if image.mode != "RGB":
        stretched = stretched.convert(image.mode)
    if "A" in image.getbands():
        stretched.putalpha(image.getchannel("A"))
    image.paste(stretched)
