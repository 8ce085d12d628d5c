import pytest

from spatialvlm.worlds.rooms import variants


@pytest.fixture(scope="module")
def scalar_variant():
    """As in a new process that draws by Mitsuba's scalar variant: other tests may have loaded the LLVM one."""
    patch = pytest.MonkeyPatch()
    patch.setenv(variants.VARIABLE, variants.SCALAR)
    variants.load_mitsuba.cache_clear()
    yield
    patch.undo()
    variants.load_mitsuba.cache_clear()
