# classical_baselines/data/sets/keystrokes.py
"""Key presses recorded over a call, by their `meta.csv`."""

from classical_baselines.data.sets.data_set import DataSet

KEYSTROKES = DataSet(
    title="Key presses over a call",
    folders=("KEYSTROKES_ZOOM",),
    sample_rate_hz=16000,
    clip_seconds=0.33,
    protocols=("official-folds",),
    label_names=tuple("0123456789abcdefghijklmnopqrstuvwxyz"),
    licence="MIT",
    citation=(
        "J. Harrison, E. Toreini, M. Mehrnezhad, A Practical Deep Learning-Based Acoustic Side Channel Attack on "
        "Keyboards, 2023"
    ),
    source="github.com/JBFH-Dev/Keystroke-Datasets, commit 2ecdc09b, Zoom/, cut at its presses",
    warnings=(
        "Each key is one recording, so its background is part of the label: the 50 ms before the press alone give "
        "11 % (chance 2.8 %).",
        "One typist and one keyboard: nothing follows for others. Block 0 is the hardest fold.",
    ),
)
