"""The notebook in examples/ runs in a kernel from the first cell to the last, on less of everything."""

from pathlib import Path

import pytest

for package in ("torch", "transformers", "mitsuba", "matplotlib", "ipykernel"):
    pytest.importorskip(package)
nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")

NOTEBOOK = Path(__file__).parents[1] / "examples" / "depth_from_rooms.ipynb"
SETTINGS = "ROOMS, HELD_OUT_ROOMS, STEPS = 200, 20, 250"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_depth_from_rooms(tmp_path, monkeypatch):
    monkeypatch.setenv("SPATIALVLM_ROOMS_VARIANT", "scalar_rgb")
    book = nbformat.read(NOTEBOOK, as_version=4)
    settings = book.cells[1]
    assert SETTINGS in settings.source
    assert all(not cell.get("outputs") for cell in book.cells)
    settings.source = settings.source.replace(SETTINGS, "ROOMS, HELD_OUT_ROOMS, STEPS = 1, 1, 2")
    (training,) = [cell for cell in book.cells if "batch_size=32" in cell.source]
    training.source = training.source.replace("batch_size=32", "batch_size=2")
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    made = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", ()) for output in made) == 2
    assert "noun_right" in "".join(output.get("text", "") for output in made)
