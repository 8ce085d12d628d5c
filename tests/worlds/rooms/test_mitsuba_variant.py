"""The choice of Mitsuba's variant: what is forced, what is tried, and what child processes are told."""

import importlib.util
import os

import pytest

from spatialvlm.errors import UserError
from spatialvlm.worlds.rooms import mitsuba_variant
from spatialvlm.worlds.rooms.mitsuba_variant import (
    LIBRARY_VARIABLE,
    LLVM,
    SCALAR,
    TRIED_VARIABLE,
    VARIABLE,
    choose_variant,
    llvm_libraries,
    load_mitsuba,
)


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    """An environment that says nothing, restored afterwards."""
    for name in (VARIABLE, TRIED_VARIABLE, LIBRARY_VARIABLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_scalar_can_be_forced(monkeypatch):
    monkeypatch.setenv(VARIABLE, SCALAR)
    assert choose_variant() == SCALAR
    assert TRIED_VARIABLE not in os.environ, "what the user wants is not what was found out"


def test_no_other_variant_can_be_forced(monkeypatch):
    monkeypatch.setenv(VARIABLE, "cuda_ad_rgb")
    with pytest.raises(UserError, match=f"cuda_ad_rgb.*{LLVM} or {SCALAR}"):
        choose_variant()


@pytest.mark.parametrize("library", ["/nowhere/libLLVM.so", os.__file__])
def test_a_library_that_does_not_work_means_scalar(monkeypatch, library):
    monkeypatch.setenv(LIBRARY_VARIABLE, library)
    assert choose_variant() == SCALAR
    assert os.environ[TRIED_VARIABLE] == SCALAR, "children need not try again"


def test_llvm_forced_without_a_library_says_how_to_get_one(monkeypatch):
    monkeypatch.setenv(VARIABLE, LLVM)
    monkeypatch.setenv(LIBRARY_VARIABLE, "/nowhere/libLLVM.so")
    with pytest.raises(UserError, match="libllvm19"):
        choose_variant()


def test_children_do_as_the_parent_found(monkeypatch):
    monkeypatch.setenv(TRIED_VARIABLE, LLVM)
    monkeypatch.setenv(LIBRARY_VARIABLE, "/nowhere/libLLVM.so")
    assert choose_variant() == LLVM, "nothing is tried"
    monkeypatch.setenv(VARIABLE, SCALAR)
    assert choose_variant() == SCALAR, "but the user has the last word"


def test_old_libraries_are_not_even_tried(tmp_path, monkeypatch):
    for name in ("libLLVM-15.so.1", "libLLVM-14.0.6.so.1", "libLLVM.so.19.1", "libLLVM-18.so.1", "libLLVM.so"):
        (tmp_path / name).touch()
    monkeypatch.setattr(mitsuba_variant, "FOLDERS", (str(tmp_path),))
    found = [path for path in llvm_libraries() if path.startswith(str(tmp_path.resolve()))]
    assert [path.rsplit("/", 1)[1] for path in found] == ["libLLVM.so.19.1", "libLLVM-18.so.1"]


def test_without_mitsuba_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"spatialvlm\[rooms\]"):
        load_mitsuba.__wrapped__()


def test_no_warning_reaches_the_terminal(capfd):
    mitsuba, _ = load_mitsuba()
    mitsuba.Log(mitsuba.LogLevel.Warn, "nobody can do anything about this")
    mitsuba.load_dict({"type": "stratified", "sample_count": 3})  # warns that it takes 4
    assert capfd.readouterr() == ("", "")
