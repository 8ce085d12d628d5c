"""What every box detector says of itself, before its weights are there."""

import subprocess
import sys

import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect import BOX_DETECTORS, DetectConfig, box_detector, load_detector
from spatialvlm.pipeline.detect.config import BY_MODELS
from spatialvlm.pipeline.detect.models.mask_models import load_mask_model


@pytest.mark.parametrize("backend", BOX_DETECTORS)
def test_a_backend_names_its_detector_and_threshold(backend: str) -> None:
    own = box_detector(backend)
    assert own.__module__.endswith(f".{backend}")
    assert own.detector in BY_MODELS
    assert 0 <= own.score_threshold < 1


def test_looking_one_up_imports_no_framework() -> None:
    program = (
        "import sys; from spatialvlm.pipeline.detect import BOX_DETECTORS, box_detector; "
        "print(len([box_detector(name) for name in BOX_DETECTORS]), {'torch', 'transformers', 'onnxruntime'} & "
        "{*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "set()"]


def test_an_unknown_backend_is_refused_with_the_choice() -> None:
    with pytest.raises(UserError, match="'some': unknown; choose one of grounding_dino, owl, sam3, florence, yolox"):
        box_detector("some")
    with pytest.raises(UserError, match="'some': unknown; choose one of grounding_dino"):
        load_detector(DetectConfig("boxes", Model("some", "x")))
    with pytest.raises(UserError, match="mask model 'some': unknown; choose one of sam, semantic"):
        load_mask_model(Model("some", "x"), Runtime("cpu"))
