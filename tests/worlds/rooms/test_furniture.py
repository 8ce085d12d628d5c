"""Laws of the object furniture, over all categories."""

import numpy as np
import pytest

from fixtures.worlds.furnished import furniture_of
from spatialvlm.worlds.rooms import meshes
from spatialvlm.worlds.rooms.furniture import CATEGORIES
from spatialvlm.worlds.rooms.palette import NAMES
from spatialvlm.worlds.rooms.room import Furniture, Mesh, Top

SEEDS = range(4)
MOST_TRIANGLES = 6000
SIZES = {
    "big",
    "small",
    "large",
    "little",
    "tall",
    "short",
    "low",
    "high",
    "long",
    "wide",
    "narrow",
    "thick",
    "thin",
    "tiny",
    "huge",
    "slim",
}

LONGEST_AND_HEIGHT_CM = {
    "table": (80, 195, 72, 76), "coffee table": (60, 128, 36, 46), "side table": (38, 54, 45, 60),
    "desk": (109, 161, 72, 76), "chair": (40, 60, 78, 100), "office chair": (55, 72, 90, 130),
    "armchair": (72, 105, 70, 95), "sofa": (135, 260, 70, 95), "stool": (30, 54, 37, 78), "bench": (89, 142, 42, 47),
    "bed": (205, 218, 84, 117), "bookshelf": (60, 130, 38, 205), "cabinet": (80, 205, 72, 105),
    "dresser": (70, 141, 65, 130), "nightstand": (40, 55, 46, 60), "wardrobe": (84, 160, 175, 205),
    "tv stand": (120, 173, 45, 56), "counter": (60, 226, 89, 125), "fridge": (62, 75, 144, 186),
    "stove": (60, 70, 89, 91), "washing machine": (60, 66, 84, 86), "floor lamp": (33, 55, 139, 171),
    "tall plant": (26, 120, 60, 170), "rug": (120, 252, 0.5, 1.1), "bin": (20, 36, 24, 57), "basket": (22, 42, 14, 55),
    "box": (17, 75, 7, 36), "backpack": (34, 46, 40, 54), "suitcase": (36, 47, 50, 110), "shoe": (23, 31, 7, 12),
    "ball": (9, 25, 9, 25), "teddy bear": (18, 34, 24, 42), "toy robot": (8, 16, 16, 26), "toy car": (10, 21, 3, 8),
    "toy truck": (13, 26, 5, 10), "television": (84, 132, 50, 86), "speaker": (14, 25, 21, 33),
    "monitor": (49, 67, 38, 54), "laptop": (29, 38, 17, 27), "keyboard": (31, 46, 1, 3),
    "computer mouse": (10, 12, 3, 5), "phone": (14, 16, 0.6, 1.2), "remote control": (16, 19, 1.5, 2.5),
    "printer": (38, 50, 25, 40), "table lamp": (20, 34, 28, 52), "desk lamp": (16, 34, 26, 44),
    "candle": (5, 14, 7, 35), "plant": (9, 55, 10, 55), "vase": (6, 45, 16, 65), "alarm clock": (8, 17, 5, 17),
    "globe": (17, 30, 22, 38), "book": (19, 29, 1.4, 4.6), "pencil cup": (6, 12, 14, 20),
    "tissue box": (22, 24, 13, 20),
    "rubber duck": (8, 18, 6, 13), "puzzle cube": (5, 7, 5, 7), "pillow": (36, 70, 9, 15), "mug": (9, 14, 8, 11),
    "cup": (8, 17, 5, 8), "bottle": (6, 9, 19, 33), "wine bottle": (6.8, 8, 27, 33), "wine glass": (6, 9, 16, 23),
    "bowl": (12, 27, 3, 12), "plate": (19, 29, 1.5, 3), "pitcher": (13, 24, 18, 27), "jar": (6, 9, 8, 13.5),
    "can": (6, 10, 8, 15), "cereal box": (16.5, 21, 25, 32), "pot": (22, 36, 9, 24), "pan": (38, 50, 5, 11),
    "kettle": (18, 28, 15, 28), "teapot": (18, 28, 11, 18), "toaster": (27, 34, 17, 25), "microwave": (43, 53, 25, 31),
    "coffee machine": (23, 31, 30, 37), "cutting board": (31, 58, 1, 3), "tray": (35, 49, 4, 8), "apple": (6, 9, 6, 10),
    "orange": (6.9, 8.7, 6.5, 9), "lemon": (8, 11, 5, 8), "pear": (6, 8, 9, 13.5), "banana": (13, 22, 2.5, 5),
    "pineapple": (9, 20, 19, 30), "picture": (25, 105, 28, 82), "clock": (25, 39, 25, 39),
    "workbench": (90, 160, 72, 90), "cube": (2, 6, 2, 6), "block": (3, 13, 1.3, 5), "small box": (6, 12, 4, 11),
    "gripper": (5, 19, 11, 21), "robot arm": (5, 70, 35, 90),
}  # fmt: skip


@pytest.fixture(params=sorted(CATEGORIES), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def furniture(name: str) -> list[Furniture]:
    return [furniture_of(name, seed) for seed in SEEDS]


def _corners(mesh: Mesh) -> np.ndarray:
    return mesh.vertices[mesh.faces]


def _areas(mesh: Mesh) -> np.ndarray:
    a, b, c = np.moveaxis(_corners(mesh), 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _volume_if_closed(mesh: Mesh) -> float | None:
    _, place = np.unique(mesh.vertices.round(8), axis=0, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, count = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    if (count % 2).any():
        return None
    a, b, c = np.moveaxis(_corners(mesh) - mesh.vertices.mean(0), 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _heights_below(furniture: Furniture, x: float, y: float) -> np.ndarray:
    """Where the upright line through (x, y) meets the furniture."""
    found = []
    for part in furniture.parts:
        a, b, c = np.moveaxis(_corners(part.mesh), 1, 0)
        p, q, w = (b - a)[:, :2], (c - a)[:, :2], np.array([x, y]) - a[:, :2]
        det = p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]
        safe = np.where(np.abs(det) < 1e-12, np.inf, det)
        s, t = (w[:, 0] * q[:, 1] - w[:, 1] * q[:, 0]) / safe, (p[:, 0] * w[:, 1] - p[:, 1] * w[:, 0]) / safe
        hit = (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9) & np.isfinite(safe)
        found.append((a[:, 2] + s * (b - a)[:, 2] + t * (c - a)[:, 2])[hit])
    return np.concatenate(found)


def test_a_model_stands_at_its_origin(name: str, furniture: list[Furniture]) -> None:
    for piece in furniture:
        low, high = piece.vertices.min(0), piece.vertices.max(0)
        assert abs(low[2]) < 1e-9
        assert abs(low[0] + high[0]) < 1e-9
        if CATEGORIES[name].mount == "wall":
            assert abs(high[1]) < 1e-9
        else:
            assert abs(low[1] + high[1]) < 1e-9


def test_sizes_are_those_of_real_things(name: str, furniture: list[Furniture]) -> None:
    least, most, low, high = LONGEST_AND_HEIGHT_CM[name]
    for piece in furniture:
        x, y, z = np.ptp(piece.vertices, axis=0) * 100
        assert least <= max(x, y) <= most
        assert low <= z <= high


def test_meshes_are_sound(furniture: list[Furniture]) -> None:
    for piece in furniture:
        assert sum(len(part.mesh.faces) for part in piece.parts) <= MOST_TRIANGLES
        for part in piece.parts:
            mesh = part.mesh
            assert np.isfinite(mesh.vertices).all()
            assert np.isfinite(mesh.uv).all()
            assert len(np.unique(mesh.faces)) == len(mesh.vertices)
            assert _areas(mesh).min() > 1e-12
            volume = _volume_if_closed(mesh)
            assert volume is None or volume > 0


def test_a_seed_gives_one_model(name: str, furniture: list[Furniture]) -> None:
    again = CATEGORIES[name].make(np.random.default_rng(SEEDS[0]))
    assert (again.colour, again.words, again.tops) == (furniture[0].colour, furniture[0].words, furniture[0].tops)
    for one, other in zip(again.parts, furniture[0].parts, strict=True):
        assert one.material == other.material
        assert np.array_equal(one.mesh.vertices, other.mesh.vertices)
        assert np.array_equal(one.mesh.uv, other.mesh.uv)


def test_seeds_give_different_models(name: str, furniture: list[Furniture]) -> None:
    looks = {(furniture.colour, tuple(np.ptp(furniture.vertices, axis=0).round(6))) for furniture in furniture}
    assert len(looks) > 1


def _points(top: Top) -> list[tuple[float, float]]:
    (x0, y0), (x1, y1) = top.low_xy, top.high_xy
    shares = (0.0, 0.37, 0.71, 1.0)
    return [(x0 + (x1 - x0) * a, y0 + (y1 - y0) * b) for a in shares for b in shares]


def test_tops_lie_on_the_model_and_are_free(furniture: list[Furniture]) -> None:
    for piece in furniture:
        for top in piece.tops:
            assert top.low_xy < top.high_xy
            for x, y in _points(top):
                heights = _heights_below(piece, x, y)
                below = heights[heights <= top.z + 1e-6]
                assert top.z - below.max(initial=-1.0) < 0.012
                above = heights[heights > top.z + 1e-6]
                assert above.min(initial=np.inf) > top.z + min(top.room_m, 5.0) - 0.002


def test_captions_words(name: str, furniture: list[Furniture]) -> None:
    for piece in furniture:
        assert piece.category in name
        assert piece.colour in NAMES
        assert not SIZES & set(piece.words)
        assert len(set(piece.words)) == len(piece.words)


def test_what_stands_has_a_foot_under_its_middle(name: str, furniture: list[Furniture]) -> None:
    for piece in furniture:
        if CATEGORIES[name].mount in ("wall", "air"):
            continue
        areas = [_areas(part.mesh) for part in piece.parts]
        middles = [_corners(part.mesh).mean(1) for part in piece.parts]
        middle = np.average(np.concatenate(middles), axis=0, weights=np.concatenate(areas))
        foot = piece.vertices[piece.vertices[:, 2] < 0.012, :2]
        assert (middle[:2] > foot.min(0) - 0.02).all()
        assert (middle[:2] < foot.max(0) + 0.02).all()


def test_the_tables_of_sizes_and_categories_agree() -> None:
    assert set(LONGEST_AND_HEIGHT_CM) == set(CATEGORIES)


def test_one_texture_scale_in_metres() -> None:
    mesh = meshes.box((0.0, 0.0, 0.0), (2.0, 1.0, 0.5), 0.01)
    assert np.allclose(np.ptp(mesh.uv, axis=0), (1.98, 1.0), atol=0.03)
    rod = meshes.cylinder(0.5, 0.0, 1.0)
    assert rod.uv[:, 0].max() == pytest.approx(np.pi * 0.5, rel=0.02)  # there and back again


def test_a_bevelled_box_is_closed_and_nearly_full() -> None:
    volume = _volume_if_closed(meshes.box((0.0, 0.0, 0.0), (1.0, 2.0, 3.0), 0.01))
    assert volume == pytest.approx(6.0, rel=1e-3)


def test_turning_and_mirroring_keep_the_outside_out() -> None:
    cone = meshes.cylinder(0.2, 0.0, 0.5, top_radius=0.1)
    for shape in (meshes.turned(cone, "x", 1.0), meshes.scaled(cone, x=-1.0), meshes.joined([cone, cone])):
        volume = _volume_if_closed(shape)
        assert volume is not None
        assert volume > 0
