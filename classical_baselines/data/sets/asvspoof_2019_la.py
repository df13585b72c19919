# classical_baselines/data/sets/asvspoof_2019_la.py
"""ASVspoof 2019, logical access: bona fide speech against synthesised and converted speech; a group is a speaker.

The layout, and the attack behind each clip, are in `asvspoof_trials`. Train, development (val) and evaluation (test)
have other speakers each. The attacks A01 to A06 are in train and development, A07 to A19 in evaluation.

Source: X. Wang et al., Computer Speech & Language 64 (2020), 101114.
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest
from classical_baselines.data.sets.asvspoof_trials import KEYS, manifest_of_trials, trials_of_2019
from classical_baselines.data.sets.data_set import DataSet


def logical_access_2019(folder: Path) -> Manifest:
    """The trials of the three protocol files."""
    return manifest_of_trials(folder, trials_of_2019(folder))


ASVSPOOF_2019_LA = DataSet(
    title="ASVspoof 2019, logical access",
    folders=("LA", "ASVspoof2019/LA"),
    layout=logical_access_2019,
    sample_rate_hz=16000,
    clip_seconds=4.0,
    protocols=("official-split",),
    label_names=KEYS,
    licence="Open Data Commons Attribution 1.0",
    citation=(
        "X. Wang et al., ASVspoof 2019: A large-scale public database of synthesized, converted and replayed speech, "
        "Computer Speech & Language 64 (2020), 101114"
    ),
    source="datashare.ed.ac.uk, DOI 10.7488/ds/2555: LA.zip",
    warnings=(
        "Silence at the ends of a clip tells bona fide from spoof (N. Müller et al., ASVspoof 2021 Workshop): report "
        "with the ends trimmed too.",
        "Nine in ten clips are spoof: accuracy says little; report EER, and min t-DCF where scores of the speaker "
        "verification are at hand.",
        "A16 and A19 of the evaluation part are the algorithms A04 and A06 of the training part: not all of its "
        "attacks are unknown.",
        "A test of all attacks hides the worst one: the attack of a clip stands in the protocol files.",
    ),
)
