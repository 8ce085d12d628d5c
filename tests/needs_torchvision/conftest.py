"""Tests of backends whose image processors need torchvision; tests/test_torchvision.py runs them."""

import importlib.util

if not (importlib.util.find_spec("torchvision") and importlib.util.find_spec("transformers")):
    collect_ignore_glob = ["test_*.py"]
