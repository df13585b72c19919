# studies/data_statement.py
"""A data statement of a study: what the recordings are, who is in them, whose they are, their splits, what to mind.

Made of the entry of the data set (`classical_baselines/data/sets`), of who stands in it (PEOPLE, below), of the study's
protocols, and of the cells. Of a user's own folder it says what the cells hold, and what is not known.
The headings are after Bender & Friedman, Data Statements for Natural Language Processing, TACL 6, 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classical_baselines.data.catalogue import known_data_set
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.splits import SPLITTERS
from studies.results import StudyResults
from studies.specification import Protocol

_NOBODY = "Nobody: the sounds are computed from parameters."
_FREESOUND = "Uploaders of Freesound recorded the sounds; who is heard in them is not named."
_PATIENTS = "age, sex and diagnosis are not read here, and nothing is known here of their consent"
# Who is heard, as far as the publishers and the recordings say; a set that is made of another has those of that one.
PEOPLE: Mapping[str, str] = {
    "synthetic": _NOBODY,
    "synthetic-heart": f"{_NOBODY} A patient is a draw of them.",
    "synthetic-lung": f"{_NOBODY} A patient is a draw of them.",
    "synthetic-notes": f"{_NOBODY} A timbre is a draw of them.",
    "fsdd": "Six speakers of English digits, all male, with several accents; 500 recordings each.",
    "fsdd-images": "Six speakers of English digits, all male, with several accents; 500 recordings each. Thirteen "
    "other people wrote the images, and who wrote which is not told.",
    "arabic-digits": "Thirty speakers of Arabic digits, by number, 100 clips each; age, sex, dialect are not read.",
    "esc-10": f"{_FREESOUND} Infants cry and people sneeze in two of the classes.",
    "esc-50": f"{_FREESOUND} Among them are infants, and people who breathe, cough, laugh, snore and sneeze.",
    "urbansound8k": f"{_FREESOUND} Passers-by and children at play may be heard.",
    "speech-commands-12": "Volunteers who spoke single words, by a code; age, sex and accent are not recorded. "
    "Silence is cut from recordings of backgrounds.",
    "speech-commands-35": "Volunteers who spoke single words, by a code; age, sex and accent are not recorded.",
    "keystrokes": "One typist at one keyboard, over one call; no speech.",
    "physionet-2016": f"Patients and healthy people in six databases, not named; {_PATIENTS}.",
    "icbhi-2017": f"Patients and healthy people, by number; {_PATIENTS}.",
    "asvspoof-2019-la": "Speakers by a code, and voices synthesised or converted after theirs.",
    "asvspoof-2021-la": "Speakers by a code, and voices synthesised or converted after theirs, over telephone lines.",
    "tau-urban-2020-mobile": "Public places of European cities; passers-by may be heard, and are not named.",
}
UNKNOWN_OF_A_FOLDER = (
    "who is heard, and whether they agreed to be",
    "the licence, and whose the recordings are",
    "where, when and with what they were recorded, and how the clips were chosen",
    "whether the label can be told from the background, the level, the length or the device alone",
)


@dataclass(frozen=True)
class Part:
    """A heading and the sentences below it."""

    heading: str
    sentences: tuple[str, ...]


def data_statement(results: StudyResults) -> list[Part]:
    """The parts, in the order of the page."""
    study = results.study
    entry = None if study.data.folder is not None else known_data_set(study.data.name)
    parts = [
        Part("What they are", (_described(results, entry), *_counted(results))),
        Part("Who is in them", (_people(study.data.name, entry),)),
        Part("Licence and attribution", _rights(entry)),
        Part("How they are split", tuple(_split(results, protocol) for protocol in study.protocols)),
    ]
    if entry is not None:
        return [*parts, Part("To be minded", entry.warnings)]
    return [*parts, Part("Not known", tuple(f"{one[0].upper()}{one[1:]}." for one in UNKNOWN_OF_A_FOLDER))]


def _described(results: StudyResults, entry: DataSet | None) -> str:
    data = results.study.data
    if entry is None:
        return f"A folder of the user's own, named {data.name!r} in the study."
    seconds, rate = data.clip_seconds or entry.clip_seconds, data.sample_rate_hz or entry.sample_rate_hz
    made = "" if entry.makes is None else " The clips are made by this package"
    if made:
        made += f" of {' and '.join(entry.made_from)}." if entry.made_from else "; nothing was recorded."
    return f"{entry.title} ({data.name}); a clip lasts {seconds:g} s, at {rate} Hz.{made}"


def _counted(results: StudyResults) -> tuple[str, ...]:
    """Clips, groups and classes that the cells answered."""
    clips: dict[str, str] = {}
    labels: tuple[str, ...] = ()
    classes: dict[str, int] = {}
    for cell in [*results.fits.values(), *results.tests.values()]:
        labels = cell.label_names
        clips.update(zip(cell.clip_names, cell.groups, strict=True))
        classes.update(zip(cell.clip_names, cell.targets.tolist(), strict=True))
    if not clips:
        return ("No cell is committed, so nothing is counted.",)
    per_class = np.bincount(list(classes.values()), minlength=len(labels))
    groups = len({group for group in clips.values() if group})
    return (
        f"The cells answered {len(clips)} clips of {groups} groups (speakers, patients or source recordings) in "
        f"{len(labels)} classes, {per_class.min()} to {per_class.max()} clips each.",
    )


def _people(name: str, entry: DataSet | None) -> str:
    if entry is None:
        return "Not known here: nothing in the folder says so."
    origins = [PEOPLE[one] for one in entry.made_from if one in PEOPLE]
    return PEOPLE.get(name) or " ".join(origins) or "Not written down here: see the publisher's page."


def _rights(entry: DataSet | None) -> tuple[str, ...]:
    if entry is None:
        return ("Not known here.",)
    return (f"Licence: {entry.licence}.", f"Cite: {entry.citation}.", f"Source: {entry.source}.")


def _split(results: StudyResults, protocol: Protocol) -> str:
    """What the protocol does, and in how many folds of this study."""
    said = (SPLITTERS[protocol.name].__doc__ or "").strip().partition("\n\n")[0] if protocol.name in SPLITTERS else ""
    folds = {cell.fold for cell in results.wanted if cell.protocol == protocol.name}
    mark = ", the headline" if protocol == results.study.headline_protocol else ""
    number = f" {len(folds)} fold{'s' if len(folds) != 1 else ''} here." if folds else ""
    return f"{protocol.name}{mark}: {' '.join(said.split()) or 'a split of a plug-in'}{number}"


def statement_markdown(results: StudyResults) -> str:
    """The statement as a page of its own, for exports."""
    from studies.tables import plain_markdown

    lines = [f"# Data statement: {plain_markdown(results.study.title)}", ""]
    for part in data_statement(results):
        lines += [f"## {part.heading}", "", *(f"- {plain_markdown(one)}" for one in part.sentences), ""]
    return "\n".join(lines)
