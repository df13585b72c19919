"""Control: the circuit of the hybrid of two senses removed. The same unit vector straight into a linear head.

encoded   [batch, row, frame]   in [0, 1], of the front end `sound-and-image`
logits    [batch, class]
"""

from dataclasses import dataclass

from torch import nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.classifiers.front_of_two_senses import FrontOfTwoSenses, FrontOfTwoSensesOptions
from quantum.classifiers.head import check_dropout
from quantum.controls.circuit_removed import VectorClassifier


@dataclass(frozen=True)
class TwoSensesRemoved:
    """The options of the control; give it those of the hybrid that it belongs to."""

    dropout: float = 0.0
    sound_rows: int = 32
    sound_widths: tuple[int, ...] = (8, 16, 32)
    sound_grid: tuple[int, int, int] = (4, 4, 8)
    image_widths: tuple[int, ...] = (16, 32)
    image_grid: tuple[int, int, int] = (32, 2, 2)

    def __post_init__(self) -> None:
        check_dropout(self.dropout)
        self.front_options()

    def front_options(self) -> FrontOfTwoSensesOptions:
        """Those of the hybrid."""
        return FrontOfTwoSensesOptions(
            self.sound_rows, self.sound_widths, self.sound_grid, self.image_widths, self.image_grid
        )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        options = self.front_options()
        options.check(shape, "two-senses-removed")
        head = nn.Sequential(nn.Dropout(self.dropout), nn.Linear(options.n_amplitudes, n_classes))
        return VectorClassifier(FrontOfTwoSenses(options), head, options.n_amplitudes)
