"""The reward model "spatialvlm" as LeRobot finds and calls it: LeRobot itself where it is there, else stand-ins."""

import importlib
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from fixtures.folders.drawn_lerobot import ColourSeer
from fixtures.models.chat_server import chat_server
from fixtures.worlds.robot_episodes import reach
from spatialvlm.errors import UserError
from spatialvlm.geometry import decode_mask
from spatialvlm.records import Rle

torch = pytest.importorskip("torch")

TASK = "pick up the red can"
NAMES = {"1": "red can", "2": "gripper"}


@pytest.fixture
def factory(monkeypatch):
    """LeRobot's own factory of reward models where it is installed, else the stand-in's."""
    lacking = find_spec("lerobot") is None
    if lacking:
        from fixtures.models import lerobot_stand_in

        lerobot_stand_in.stand_in(monkeypatch.setitem)
        forget_plugin()
    importlib.import_module("spatialvlm.lerobot_plugin")
    yield importlib.import_module("lerobot.rewards.factory")
    if lacking:
        forget_plugin()


def forget_plugin():
    for name in [one for one in sys.modules if one.startswith("spatialvlm.lerobot_plugin")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def drawn():
    return reach(8)


@pytest.fixture(scope="module")
def batch(drawn):
    """Each frame a row, as LeRobot's loader makes it: channels first, 0 to 1."""
    images = np.stack([frame.image for frame in drawn.frames])
    return {
        "observation.images.front": torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255,
        "observation.depth": torch.from_numpy(np.stack([frame.depth_m for frame in drawn.frames])),
        "observation.segmentation": torch.from_numpy(np.stack([numbered(frame) for frame in drawn.frames])),
        "task": [TASK] * len(images),
    }


def numbered(frame):
    numbers = np.zeros(frame.image.shape[:2], np.int64)
    for instance in frame.instances:
        mask = decode_mask(instance.mask) if isinstance(instance.mask, Rle) else instance.mask
        numbers[mask] = 1 if "red can" in instance.captions else 2
    return numbers


def made(factory, drawn, **settings):
    configs = importlib.import_module("lerobot.configs.rewards").RewardModelConfig
    matrix = drawn.frames[0].camera.image_from_camera
    camera = [float(matrix[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2))]
    own = {"device": "cpu", "source": "geometry", "camera": camera, "segmentation_names": NAMES} | settings
    return factory.make_reward_model(configs.get_choice_class("spatialvlm")(**own))


def test_geometry_tells_the_true_distances(factory, drawn, batch):
    model = made(factory, drawn)
    before, _ = factory.make_reward_pre_post_processors(model.config)
    rewards = model.compute_reward(before(batch))
    assert rewards.shape == (8,)
    assert rewards.dtype == torch.float32
    assert -rewards.numpy() == pytest.approx(drawn.truth_m["gripper", "red can"], abs=0.02)
    tanh = made(factory, drawn, reward="tanh").compute_reward(batch).numpy()
    assert tanh == pytest.approx(1 - np.tanh(10 * drawn.truth_m["gripper", "red can"]), abs=0.1)


def test_a_window_is_judged_by_its_last_picture(factory, drawn, batch):
    """The potential of a window is -d / d of its first picture."""
    windows = {key: torch.stack([one[:4], one[4:]]) for key, one in batch.items() if key != "task"}
    rewards = made(factory, drawn, reward="potential").compute_reward({**windows, "task": TASK}).numpy()
    truth = drawn.truth_m["gripper", "red can"]
    assert rewards == pytest.approx([-truth[3] / truth[0], -truth[7] / truth[4]], abs=0.1)


def test_a_model_that_looks_is_asked(factory, drawn, batch):
    with chat_server(ColourSeer()) as served:
        model = made(factory, drawn, source="vlm", vlm_name=f"{served.url}/v1#colour-seer", samples=1)
        rewards = model.compute_reward({key: batch[key] for key in ("observation.images.front", "task")})
    assert (np.diff(rewards.numpy()) >= -0.007).all()
    assert rewards[-1] > rewards[0]


def test_rows_that_nothing_is_known_of(factory, drawn, batch):
    unseen = {**batch, "observation.segmentation": batch["observation.segmentation"].clone()}
    unseen["observation.segmentation"][2] = 0
    rewards = made(factory, drawn).compute_reward(unseen)
    assert torch.isnan(rewards).tolist() == [index == 2 for index in range(8)]
    assert made(factory, drawn, unknown_reward=-1.0).compute_reward(unseen)[2] == -1.0


def test_it_is_saved_and_loaded_without_weights(factory, drawn, batch, tmp_path):
    model = made(factory, drawn, reward="tanh")
    assert not model.is_trainable
    model.save_pretrained(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    again = factory.get_reward_model_class("spatialvlm").from_pretrained(tmp_path)
    assert torch.equal(again.compute_reward(batch), model.compute_reward(batch))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observation.images.front": None}, "has no 'observation.images.front'"),
        ({"observation.depth": None}, "has no 'observation.depth'"),
        ({"observation.depth": np.ones((8, 3, 4))}, r"\(8, 3, 4\), expected that of the pictures"),
        ({"task": ["reach the can"] * 3}, "has 3 tasks in words, expected one, or 8"),
        ({"task": "dance"}, "was not read"),
    ],
)
def test_what_a_batch_lacks_is_said(factory, drawn, batch, change, message):
    wrong = {key: value for key, value in {**batch, **change}.items() if value is not None}
    with pytest.raises(UserError, match=message):
        made(factory, drawn).compute_reward(wrong)


@pytest.mark.parametrize("change", [{"source": "touch"}, {"reward": "love"}, {"fps": 0.0}, {"camera": None}])
def test_settings_of_no_sense_are_refused(factory, drawn, change):
    with pytest.raises(ValueError, match=next(iter(change))):
        made(factory, drawn, **change)


@pytest.mark.skipif(find_spec("lerobot") is not None, reason="lerobot is installed")
def test_without_lerobot_it_says_what_is_missing():
    program = "import spatialvlm.lerobot_plugin"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "UserError: spatialvlm.lerobot_plugin: is a plug-in of LeRobot, which is not installed" in done.stderr
