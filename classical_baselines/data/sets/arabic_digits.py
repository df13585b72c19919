# classical_baselines/data/sets/arabic_digits.py
"""Arabic spoken digits, by their `meta.csv`."""

from classical_baselines.data.sets.data_set import DataSet

ARABIC_DIGITS = DataSet(
    title="Arabic spoken digits",
    folders=("ARABIC_DIGITS",),
    sample_rate_hz=16000,
    clip_seconds=1.0,
    protocols=("official-split",),
    label_names=tuple("0123456789"),
    licence="CC BY 4.0",
    citation=(
        "A. Ghandoura, F. Hjabo, O. Al Dakkak, Building and Benchmarking an Arabic Speech Commands Dataset for "
        "Small-Footprint Keyword Spotting, Engineering Applications of Artificial Intelligence, 2021"
    ),
    source="github.com/abdulkaderghandoura/arabic-speech-commands-dataset, commit 72f34382",
    warnings=("Six test speakers: a random split gains 9 to 13 points.",),
)
