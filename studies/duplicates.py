# studies/duplicates.py
"""Near duplicates of a study's recordings that stand in two parts of a fold: found before any work is spent.

Finding them takes seconds to a minute, so they are remembered under the content of the recordings, their length and
rate, and the code that looks for them. Sounds that are generated from nothing are not searched: each has a seed of its
own. Nor are event recordings, which are no sound.
"""

from dataclasses import asdict
from pathlib import Path

from classical_baselines.data.catalogue import known_data_set
from classical_baselines.data.event_recordings import event_files
from classical_baselines.data.near_duplicates import MOST_CLIPS, DuplicatePair, near_duplicates, straddling
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from studies.code_version import code_of
from studies.pipeline import folds_of
from studies.remembered import remembered
from studies.specification import Study
from studies.two_ears import are_binaural


def duplicates_of(clips: Clips) -> list[DuplicatePair]:
    """The near duplicates of some recordings, remembered."""
    depends_on = {
        "content": clips.content_hash,
        "window": list(clips.waveform.shape),
        "rate": clips.sample_rate_hz,
        "code": code_of({"classical_baselines.data.near_duplicates"}).digest,
    }
    table = remembered(
        "near duplicates", depends_on, lambda: {"pairs": [asdict(one) for one in near_duplicates(clips)]}
    )
    return [DuplicatePair(**one) for one in table["pairs"]]


def duplicates_across(study: Study, clips: Clips) -> str:
    """A warning of near duplicates that straddle the parts of a fold, "" where there are none; or a refusal."""
    entry = None if study.data.folder is not None else known_data_set(study.data.name)
    if entry is not None and entry.makes is not None and not entry.made_from:
        return ""
    if study.data.folder is not None and event_files(Path(study.data.folder)):
        return ""
    if are_binaural(clips):  # in which two ears take turns, and places of one recording never part
        return ""
    too_many = len(clips) > MOST_CLIPS
    pairs = [] if too_many else duplicates_of(clips)
    said = [f"near duplicates were not looked for among {len(clips):,} recordings"] if too_many else []
    for protocol in study.protocols if pairs else ():
        across = straddling(pairs, folds_of(study, protocol.name, clips))
        if across:
            worst, fold, first, second = across[0]
            pair = f"{clips.names[worst.first]} ({first}) and {clips.names[worst.second]} ({second} of {fold})"
            said.append(
                f"{protocol.name}: {len(across)} near duplicate{'s' * (len(across) > 1)} across parts of a fold, the "
                f"worst {pair}, correlation {worst.correlation:.3f}"
            )
    warning = "; ".join(said)
    if warning and study.near_duplicates == "refuse":
        raise InputError(
            f"study {study.name!r}: {warning}. Give such clips one group, remove one of them, choose another protocol, "
            'or let them stand with near_duplicates = "warn".'
        )
    return warning
