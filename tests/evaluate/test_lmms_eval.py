"""The task for lmms-eval: keys that it knows, and functions that give our scores when called as it calls them."""

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from datasets import load_dataset
from PIL import Image

from spatialvlm.answers import Choice, YesNo
from spatialvlm.evaluate.item_export import write_parquet
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import load_task

FOLDER = Path(__file__).parents[2] / "integrations" / "lmms_eval" / "spatialvlm"
# The fields of `TaskConfig` in lmms_eval/api/task.py of lmms-eval 0.7.3 that a task of this sort may set.
KEYS = {
    *("task", "task_alias", "tag", "dataset_path", "dataset_name", "dataset_kwargs", "test_split", "output_type"),
    *("doc_to_visual", "doc_to_text", "doc_to_target", "doc_to_messages", "process_results", "generation_kwargs"),
    *("metric_list", "lmms_eval_specific_kwargs", "metadata", "process_docs", "full_docs", "repeats"),
}


@pytest.fixture(scope="module")
def functions() -> ModuleType:
    """utils.py, loaded as lmms-eval loads it: from its path, under its bare name."""
    spec = importlib.util.spec_from_file_location("utils", FOLDER / "utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SPATIALVLM_ITEMS", raising=False)
        spec.loader.exec_module(module)
    assert "utils" not in sys.modules
    return module


@pytest.fixture(scope="module")
def config(functions: ModuleType) -> dict[str, Any]:
    """The YAML, its functions resolved."""

    class Loader(yaml.FullLoader):
        pass

    def resolve(loader: yaml.FullLoader, node: yaml.ScalarNode) -> object:
        module, _, name = str(loader.construct_scalar(node)).partition(".")
        assert module == "utils"
        return getattr(functions, name)

    Loader.add_constructor("!function", resolve)
    return yaml.load((FOLDER / "spatialvlm.yaml").read_text(), Loader)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (6, 4), 100).save(buffer, "PNG")
    return buffer.getvalue()


def of_cv_bench(name: str, source: str, right: int) -> Item:
    meta = {"type": "2D", "source": source, "answer": f"({'AB'[right]})"}
    return Item(name, "Count", "How many?", "How many?\n(A) 1\n(B) 2", (png(), png()), Choice(("1", "2"), right), meta)


ITEMS = [of_cv_bench("0", "ADE20K", 0), of_cv_bench("1", "COCO", 1), of_cv_bench("2", "Omni3D", 1)]
ANSWERS = ["(A)", "**A**", "I am sure.\n\nAnswer: B"]


@pytest.fixture
def docs(tmp_path: Path) -> Any:
    write_parquet(ITEMS, tmp_path / "items", "cv_bench")
    return load_dataset(str(tmp_path / "items"), cache_dir=str(tmp_path / "cache"))


def test_every_key_is_one_that_lmms_eval_has(config):
    assert set(config) <= KEYS
    assert config["output_type"] == "generate_until"
    assert config["generation_kwargs"]["until"] == []
    for metric in config["metric_list"]:
        assert set(metric) == {"metric", "aggregation", "higher_is_better"}
        assert callable(metric["aggregation"])


def test_the_folder_is_named_by_the_environment_else_beside_the_task(config):
    assert config["dataset_path"] == str(FOLDER / "items")


def test_prompts_and_pictures_are_the_items(config, docs):
    doc = docs[config["test_split"]][0]
    assert [image.mode for image in config["doc_to_visual"](doc)] == ["RGB", "RGB"]
    assert config["doc_to_text"](doc, config["lmms_eval_specific_kwargs"]["default"]) == ITEMS[0].prompt
    assert config["doc_to_text"](doc, {"pre_prompt": "a ", "post_prompt": " z"}) == f"a {ITEMS[0].prompt} z"
    assert doc[config["doc_to_target"]] == "A"


def test_scores_are_ours(config, docs):
    task = load_task("cv_bench")
    # lmms-eval hands over the rows without their images.
    rows = docs["test"].remove_columns("images")
    for item, doc, answer in zip(ITEMS, rows, ANSWERS, strict=True):
        ours = score_item(item, answer, task.official)
        entries = config["process_results"](doc, [answer])
        assert set(entries) == {metric["metric"] for metric in config["metric_list"]}
        assert ours.official is not None
        assert entries["robust"]["score"] == ours.robust.value
        assert entries["official"]["score"] == ours.official.value


def test_aggregates_are_the_means_and_the_tasks_own_figure(config, docs):
    entries = [config["process_results"](doc, [answer]) for doc, answer in zip(docs["test"], ANSWERS, strict=True)]
    found = {m["metric"]: m["aggregation"]([one[m["metric"]] for one in entries]) for m in config["metric_list"]}
    # By hand, official: ADE20K right; COCO wrong; Omni3D right, by what follows "Answer:". Robust: COCO is wrong too.
    # Overall: ((1 + 0) / 2 + 1) / 2.
    assert found == {
        "robust": pytest.approx(2 / 3),
        "official": pytest.approx(2 / 3),
        "robust_overall": pytest.approx(3 / 4),
        "official_overall": pytest.approx(3 / 4),
    }


def test_items_of_no_task_have_the_robust_scores_alone(config, tmp_path):
    write_parquet([Item("0", "k", "Is it?", "Is it?", (png(),), YesNo(True))], tmp_path / "items")
    (doc,) = load_dataset(str(tmp_path / "items"), cache_dir=str(tmp_path / "cache"))["test"]
    entries = config["process_results"](doc, ["yes"])
    assert set(entries) == {"robust", "robust_overall"}
    overall = next(m["aggregation"] for m in config["metric_list"] if m["metric"] == "robust_overall")
    assert overall([entries["robust_overall"]]) == 1.0
