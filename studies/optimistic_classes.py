# studies/optimistic_classes.py
"""Classes whose score says more about how a set was made than about the systems: accuracy is given without them too."""

from collections.abc import Mapping

from studies.specification import Study

# data set -> class. Silence of Speech Commands is cut from few recordings (`sets/speech_commands_12.py`).
OPTIMISTIC: Mapping[str, str] = {"speech-commands-12": "silence"}


def optimistic_class(study: Study) -> str | None:
    """The class that the report leaves out of a second column of accuracies; None for most sets, and where the study
    leaves it out of every score."""
    found = OPTIMISTIC.get(study.data.name) if study.data.folder is None else None
    return None if found == study.score_without else found
