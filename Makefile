# make demo    set everything up, make a small dataset, say where its report is
# make test    the test suite; a part of it again with the shapes and types of arrays checked, four times as slow
# make check   formatting, lint and types
# make bench   every measurement of benchmarks/

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Together they call every stage and measure every kind.
WITH_SHAPES := $(addprefix tests/,geometry records kinds test_conventions.py test_real_frames.py \
	pipeline/lift/test_lift.py dataset/test_dataset.py view/test_catalogue.py)
# Python compiles what is imported, when it is: pip would compile everything, which takes as long as the rest.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Compiled modules are kept: the tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench

demo: $(VENV)/core
	$(BIN)/spatialvlm build rooms:12 --workers 2 --out demo

test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist loadfile
	$(BIN)/python -m pytest -n auto -m 'not slow' --jaxtyping-packages=spatialvlm,beartype.beartype $(WITH_SHAPES)

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/dev
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/memory.py

$(VENV)/core: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[rooms]'
	touch $@

$(VENV)/dev: $(VENV)/core pyproject.toml
	$(INSTALL) --editable '.[dev]'
	touch $@
