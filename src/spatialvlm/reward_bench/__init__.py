"""reward_bench: how good is a reward of distances? Simulated episodes and sources enter, figures with intervals leave.

    measured_sources   who tells distances: geometry, clock, random, a vision-language model
    progress_sources   who tells progress by such a model: GVL, TOPReward
    bench_readings     what a source tells of an episode
    reward_metrics     one episode -> figures: order, error, pairs, VOC
    outcome_metrics    many episodes -> success told right, intervals by the bootstrap over episodes
    reward_figures     what was measured -> all figures of a source
    measuring_run      the run: a folder that a stopped run goes on in
    bench_tables       the tables in the terminal

The episodes are those of `worlds.fetch`, whose distances are exact.
"""

from spatialvlm.reward_bench.bench_tables import reward_bench_on_console
from spatialvlm.reward_bench.measuring_run import RewardBenchConfig, run_reward_bench

__all__ = ["RewardBenchConfig", "reward_bench_on_console", "run_reward_bench"]
