# studies/trained_elsewhere.py
"""Systems that come trained, of a file: no cell fits them, and on which recordings others did is not known here."""

from studies.specification import Study, System

TRAINED_ELSEWHERE = ("nir-file",)  # classifiers


def comes_trained(system: System) -> bool:
    """Whether the weights of the system are used as they came."""
    return system.classifier.name in TRAINED_ELSEWHERE


def titles_trained_elsewhere(study: Study) -> list[str]:
    """The titles of such systems of a study."""
    return [system.title or system.name for system in study.systems if comes_trained(system)]
