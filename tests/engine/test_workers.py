"""Jobs over processes: what cannot be sent to one is said before there is any."""

import pytest

from spatialvlm.engine import run_jobs
from spatialvlm.errors import UserError


class Local:
    """Work that no other process can be given."""

    def __init__(self) -> None:
        self.double = lambda job: 2 * job

    def __call__(self, job, report, /):
        return self.double(job)


def test_work_that_cannot_be_sent_is_refused_before_a_process_starts():
    kept: list[int] = []
    with pytest.raises(UserError, match=r"workers 2: a stage cannot be sent to another process .*use one worker"):
        run_jobs(Local(), [1, 2], kept.append, workers=2)
    run_jobs(Local(), [1, 2], kept.append)
    assert kept == [2, 4]
