"""write: Scenes and QA -> a dataset on disk, read back as equal records, with a card for people.

    dataset.json  manifest.jsonl  scenes/part-*.parquet  qa/part-*.parquet  drops.parquet  report.html

Workers write the files of a shard (`write_shard`), one parent appends manifest lines (`open_for_build`) and adds up
(`finish`, `write_report`); `read_dataset` reads. Output is byte-identical however often a build was killed and resumed.
"""
