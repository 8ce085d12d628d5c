import pytest

from spatialvlm.worlds.rooms import SCALAR, VARIABLE, load_mitsuba


@pytest.fixture(scope="module")
def scalar_variant():
    """As in a new process that draws by Mitsuba's scalar variant: other tests may have loaded the LLVM one."""
    patch = pytest.MonkeyPatch()
    patch.setenv(VARIABLE, SCALAR)
    load_mitsuba.cache_clear()
    yield
    patch.undo()
    load_mitsuba.cache_clear()
