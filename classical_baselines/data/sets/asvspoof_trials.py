# classical_baselines/data/sets/asvspoof_trials.py
"""The trials of the ASVspoof challenges, logical access: who speaks, and which system made the speech.

    2019   ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.{train.trn,dev.trl,eval.trl}.txt
           "LA_0079 LA_T_1138215 - - bonafide": speaker, file, unused, attack (A01 to A19, - of bona fide), key
    2021   trial_metadata.txt of the published keys
           "LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval": speaker, file, codec, transmission, attack, key,
           trimmed or not, phase (progress, eval or hidden_track)

A manifest has no column for the attack; `Trial.attack` has it, by the name that the clip has in the manifest.

Source: README.LA.txt of ASVspoof 2019; the evaluation package of ASVspoof 2021 (github.com/asvspoof-challenge/2021),
whose scores are of the phase eval.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError, ManifestRow
from classical_baselines.data.sets.publisher_tables import Line, bare_lines, manifest_of_lines
from classical_baselines.data.sets.whole_groups import check_groups_apart

KEYS = ("bonafide", "spoof")
PROTOCOLS_2019 = {"train": "train.trn", "val": "dev.trl", "test": "eval.trl"}
FOLDERS_2019 = {"train": "ASVspoof2019_LA_train", "val": "ASVspoof2019_LA_dev", "test": "ASVspoof2019_LA_eval"}
FIELDS_2019 = ("speaker", "file", "unused", "attack", "key")
FIELDS_2021 = ("speaker", "file", "codec", "transmission", "attack", "key", "trim", "phase")
PHASES_2021 = ("progress", "eval", "hidden_track")
ATTACK = re.compile(r"A\d\d$")


@dataclass(frozen=True)
class Trial:
    """One clip, and what made it."""

    row: ManifestRow
    attack: str  # "A07"; empty where the speech is bona fide
    place: str  # the line that names it


def trials_of_2019(folder: Path, parts: Sequence[str] = ("train", "val", "test"), under: str = "") -> list[Trial]:
    """The trials of ASVspoof 2019 LA; `under`, as in "LA/", is where the set lies below the folder of the manifest."""
    trials = []
    for part in parts:
        path = folder / "ASVspoof2019_LA_cm_protocols" / f"ASVspoof2019.LA.cm.{PROTOCOLS_2019[part]}.txt"
        sounds = f"{under}{FOLDERS_2019[part]}/flac"
        trials += [_trial(line, sounds, part) for line in bare_lines(path, FIELDS_2019)]
    return trials


def trials_of_2021(path: Path, sounds: str) -> list[Trial]:
    """The trials of ASVspoof 2021 LA that its scores are of; `sounds` is where the flac files lie."""
    lines = bare_lines(path, FIELDS_2021)
    return [_trial(line, sounds, "test") for line in lines if line.one_of("phase", PHASES_2021) == "eval"]


def manifest_of_trials(folder: Path, trials: Sequence[Trial]) -> Manifest:
    """The manifest of trials; refused where a speaker stands in two parts, which the publisher keeps apart."""
    listed = [(trial.place, trial.row) for trial in trials]
    check_groups_apart(listed, "the speaker")
    return manifest_of_lines(folder, listed)


def _trial(line: Line, sounds: str, part: str) -> Trial:
    key, attack = line.one_of("key", KEYS), line["attack"]
    if key == "spoof" and not ATTACK.fullmatch(attack):
        raise ManifestError(
            f"{line.place}: {line['file']!r} is spoof, and its attack {attack!r} is none of A01 to A19. Copy the file "
            "from the publisher's archive."
        )
    row = ManifestRow(f"{sounds}/{line['file']}.flac", key, part, line["speaker"])
    return Trial(row, attack if key == "spoof" else "", line.place)
