"""Masks as people write them: cut-outs, palettes, lossy pictures, id maps."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fixtures.folders.rgbd_folder import MASK, Folder
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.mask_files import decode_mask

LARGE = np.kron(MASK, np.ones((8, 8), np.uint8))
NOISE = np.random.default_rng(0).integers(0, 256, (*LARGE.shape, 3), np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def palette(background: tuple[int, int, int], thing: tuple[int, int, int], index: int = 1) -> Image.Image:
    image = Image.fromarray(LARGE * index, "P")
    image.putpalette([*background, *([9, 9, 9] * (index - 1)), *thing])
    return image


def soft() -> Image.Image:
    return Image.fromarray(LARGE * 255).resize((LARGE.shape[1] * 2, LARGE.shape[0] * 2), Image.Resampling.BILINEAR)


FORMS = {
    "a cut-out": saved(Image.fromarray(np.dstack([NOISE, LARGE * 255]))),
    "white with alpha": saved(Image.fromarray(np.dstack([NOISE * 0 + 255, LARGE * 255]))),
    "grey with alpha": saved(Image.fromarray(np.dstack([NOISE[..., 0], LARGE * 255]), "LA")),
    "opaque": saved(Image.fromarray(np.dstack([LARGE * 9, LARGE * 0, LARGE * 0, LARGE * 0 + 255]))),
    "a palette on white": saved(palette((255, 255, 255), (255, 0, 0))),
    "a palette on black": saved(palette((0, 0, 0), (128, 0, 0), 7)),
    "a palette whose second is black": saved(palette((255, 255, 255), (0, 0, 0)).point(lambda i: 1 - i)),
    "JPEG": saved(Image.fromarray(LARGE * 255), "JPEG", quality=60),
    "JPEG in colours": saved(Image.fromarray(np.dstack([LARGE * 255] * 3)), "JPEG", quality=60),
    "lossy WebP": saved(Image.fromarray(LARGE * 255).convert("RGB"), "WEBP", quality=60),
    "one bit": saved(Image.fromarray(LARGE.astype(bool))),
    "16 bits": saved(Image.fromarray(LARGE.astype(np.uint16) * 300)),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_forms_of_masks(data: bytes):
    assert np.array_equal(decode_mask(data, "x"), LARGE != 0)


def test_soft_edges_are_cut_at_half():
    found = decode_mask(saved(soft()), "x")
    assert abs(int(found.sum()) - 4 * int(LARGE.sum())) < 0.01 * found.sum()


def test_what_loss_has_spoilt_is_refused():
    with pytest.raises(Refused, match=r"^mask_lossy: x: .* save it as PNG"):
        decode_mask(saved(Image.fromarray(LARGE * 3), "JPEG", quality=50), "x")
    with pytest.raises(Refused, match=r"^mask_lossy: x: is an id map"):
        decode_mask(saved(Image.fromarray(LARGE * 3), "JPEG", quality=50), "x", value=3)


IDS = MASK + 2 * np.roll(MASK, 12, axis=0)


@pytest.mark.parametrize(
    ("ids", "values", "expected"),
    [
        (("1", "2"), (None, None), (1, 2)),  # the values are the ids
        (("5", "6"), (None, None), (1, 2)),  # or the places
        (("a", "b"), (2, 1), (2, 1)),  # or are given
    ],
)
def test_one_id_map_for_all(
    tmp_path: Path, ids: tuple[str, ...], values: tuple[int | None, ...], expected: tuple[int, ...]
):
    folder = Folder(tmp_path)
    (tmp_path / "masks/ids.png").write_bytes(saved(Image.fromarray(IDS)))
    folder.instances = [{"id": id, "mask": "masks/ids.png", "value": value} for id, value in zip(ids, values)]
    frame = folder.open().read(0).frame
    assert frame is not None
    masks = [one.mask for one in frame.instances or ()]
    assert [np.array_equal(mask, value == IDS) for mask, value in zip(masks, expected, strict=True)] == [True, True]


def test_an_id_map_that_nobody_can_read_is_refused(tmp_path: Path):
    folder = Folder(tmp_path)
    (tmp_path / "masks/ids.png").write_bytes(saved(Image.fromarray(IDS * 40)))
    folder.instances = [{"id": id, "mask": "masks/ids.png"} for id in ("a", "b")]
    reasons = [drop.reason for drop in folder.open().read(0).drops]
    assert [reason.split(":")[0] for reason in reasons] == ["mask_shared", "mask_shared"]
    assert "give each instance its value: N" in reasons[0]
