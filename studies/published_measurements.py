# studies/published_measurements.py
"""What others measured of systems for a task, to be drawn beside a study of it: anchors with their accuracy.

The joules are those of `classical_baselines/harness/anchors.toml`, which says what each covers and by which meter it
was taken. They are of other networks, trained on other clips, and nothing is priced or ranked with them. All are of
the network with its chip, decision after decision, the features ready: what this suite calls the boundary `chip`,
saturated.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from classical_baselines.harness.anchors import Anchor, anchors
from studies.specification import Family, Study


@dataclass(frozen=True)
class PublishedMeasurement:
    """An anchor, the family of what was measured, and how accurate it was said to be."""

    anchor_id: str
    family: Family
    accuracy: tuple[float, float]  # lowest and highest that the source leaves open
    of: str  # what was told apart

    @property
    def anchor(self) -> Anchor:
        """Joules, with their source."""
        return anchors()[self.anchor_id]


# MLPerf Tiny, closed division: one network, DS-CNN of 2.656 M multiply-and-adds, Speech Commands in 12 classes. The
# accuracies of the submissions lie in 90.1 to 92.6 %; 90.2 % and 91.1 % are said of two (result files v1.0 to v1.2).
_DIVISION = (0.901, 0.926)
_TWELVE = "12 classes of Speech Commands, DS-CNN int8"
KEYWORD_SPOTTERS = (
    PublishedMeasurement("mlpt.l4r5", "classical", (0.902, 0.902), _TWELVE),
    PublishedMeasurement("mlpt.h7a3", "classical", _DIVISION, _TWELVE),
    PublishedMeasurement("mlpt.u575", "classical", _DIVISION, _TWELVE),
    PublishedMeasurement("mlpt.ndp.09", "classical", (0.911, 0.911), _TWELVE),
    PublishedMeasurement("mlpt.ndp.11", "classical", _DIVISION, _TWELVE),
    PublishedMeasurement("mlpt.gap9.065", "classical", _DIVISION, _TWELVE),
    PublishedMeasurement("mlpt.gap9.08", "classical", _DIVISION, _TWELVE),
    # Blouw, Choo, Hunsberger & Eliasmith, arXiv 1812.01739: one spoken phrase against others, another task
    PublishedMeasurement("abr.loihi.total", "neuro", (0.938, 0.938), "one phrase against others, 390-256-256-29"),
)
PUBLISHED: Mapping[str, tuple[PublishedMeasurement, ...]] = {"speech-commands-12": KEYWORD_SPOTTERS}


def published_for(study: Study) -> tuple[PublishedMeasurement, ...]:
    """What was published of the task of a study; nothing for a folder of the user's own."""
    return PUBLISHED.get(study.data.name, ()) if study.data.folder is None else ()
