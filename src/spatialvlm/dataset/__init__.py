"""dataset: Scenes and questions on disk, read back as equal records, asked again, exported, with a card for people.

    dataset.json  manifest.jsonl  scenes/part-*.parquet  qa/part-*.parquet  drops.parquet  report.html

    schema      the columns                          scenes, questions   records <-> rows
    write       shards by workers, one summary       manifest, counts    what is finished, and what is in it
    read        a folder -> records                  card                report.html
    progress    a folder being built                 settings            what made it, held against what is wanted
    asking      what the questions were made with    lazy                other questions while a model trains
    prepared_scenes   scenes read and measured once, the last few kept
    exports/    the same for trainers                files, provenance   whole or absent; what decides the bytes
    unasked     why nothing is asked about a scene
    marked_pictures   images with numbered marks, for questions that call objects by them

Workers write the files of a shard (`write_shard`), one parent appends manifest lines (`open_for_build`) and adds up
(`finish`, `write_report`). Output is byte-identical however often a build was killed and resumed.
"""

from spatialvlm.dataset.asking import MAX_SEED, Asking, asking_of, no_collection
from spatialvlm.dataset.card import write_report
from spatialvlm.dataset.exports import Exported, export, questions_of_row
from spatialvlm.dataset.exports.conversations import Conversation, ImageWriter, chat_turns, json_line, pictured
from spatialvlm.dataset.exports.folder_card import write_card
from spatialvlm.dataset.exports.image_files import file_key, upright
from spatialvlm.dataset.exports.out_folder import replace_folder, write_note
from spatialvlm.dataset.files import disk_faults, flush_folder, to_json, write_file
from spatialvlm.dataset.lazy import AskedScene, SceneQuestions
from spatialvlm.dataset.manifest import MANIFEST, REPORT, Summary
from spatialvlm.dataset.marked_pictures import marked_picture, needs_marks
from spatialvlm.dataset.progress import Progress
from spatialvlm.dataset.provenance import versions
from spatialvlm.dataset.read import Dataset, Part, opened, read_dataset, scene_columns
from spatialvlm.dataset.scenes import read_scenes
from spatialvlm.dataset.settings import added_packages
from spatialvlm.dataset.unasked import silence_in_words, why_nothing_is_asked
from spatialvlm.dataset.write import finish, open_for_build, write_questions, write_shard

__all__ = [
    "MANIFEST",
    "MAX_SEED",
    "REPORT",
    "AskedScene",
    "Asking",
    "Conversation",
    "Dataset",
    "Exported",
    "ImageWriter",
    "Part",
    "Progress",
    "SceneQuestions",
    "Summary",
    "added_packages",
    "asking_of",
    "chat_turns",
    "disk_faults",
    "export",
    "file_key",
    "finish",
    "flush_folder",
    "json_line",
    "marked_picture",
    "needs_marks",
    "no_collection",
    "open_for_build",
    "opened",
    "pictured",
    "questions_of_row",
    "read_dataset",
    "read_scenes",
    "replace_folder",
    "scene_columns",
    "silence_in_words",
    "to_json",
    "upright",
    "versions",
    "why_nothing_is_asked",
    "write_card",
    "write_file",
    "write_note",
    "write_questions",
    "write_report",
    "write_shard",
]
