"""The pictures of reward.md: the curve and the heat map of an episode of the simulated Fetch robot.

    python docs/reward_pictures.py

Writes docs/reward-curve.svg and docs/reward-heat-map.svg, as `spatialvlm reward` draws them. Needs the extra `robot`.
"""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures.folders.tiny import write_rgbd
from spatialvlm.reward import RewardSettings, reward_episode
from spatialvlm.worlds.fetch import fetch_episodes

FRAMES, SIZE = 40, (480, 360)


def main() -> None:
    """Draw them."""
    (episode,) = fetch_episodes([("success", 0)], frames=FRAMES, size=SIZE, cameras=("near",))
    with tempfile.TemporaryDirectory() as folder:
        frames = write_rgbd(Path(folder) / "episode", list(episode))
        out = Path(folder) / "reward"
        reward_episode(str(frames), "pick up the red block", out, settings=RewardSettings(heat_map=0))
        for name, target in (("curve", "reward-curve"), ("heat_map", "reward-heat-map")):
            shutil.copy(out / f"{name}.svg", Path(__file__).with_name(f"{target}.svg"))


if __name__ == "__main__":
    main()
