"""The hybrid of two senses: a sound and an image in one state -> trainable layers -> QFT -> trainable layers -> head.

    encoded   [batch, row, frame]   in [0, 1], of the front end `sound-and-image`
    logits    [batch, class]

`front_of_two_senses` gives the state, whose leading qubit tells the senses apart; nothing classical joins them before
the circuit, and the head reads outcomes of the whole register. The circuit is that of `qft-hybrid`, and so are its
controls: the options `fourier`, `random_unitary`, `entangle` and `frozen`, and the circuit removed
(`quantum/controls/two_senses_removed.py`).
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.front_of_two_senses import FrontOfTwoSenses, FrontOfTwoSensesOptions
from quantum.classifiers.layers_around_fourier import LayersAroundFourier
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of


@dataclass(frozen=True)
class TwoSenseHybrid(LayersAroundFourier):
    """The options of the hybrid of two senses."""

    n_layers_before: int = 1
    n_layers_after: int = 1
    entangler: str = "cx-ring"  # cx-ring or cz-ring
    fourier_register: str = "all"  # of both senses
    dropout: float = 0.0  # of the values that the head reads
    sound_rows: int = 32  # of the picture, as the front end has them
    sound_widths: tuple[int, ...] = (8, 16, 32)  # of the convolutions in front
    sound_grid: tuple[int, int, int] = (4, 4, 8)  # amplitudes: channel, mel, frame
    image_widths: tuple[int, ...] = (16, 32)
    image_grid: tuple[int, int, int] = (32, 2, 2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fourier_register != "all":
            raise InputError(
                f"fourier_register of two senses is 'all', as bands of a sound and rows of an image share no axis; got "
                f"{self.fourier_register!r}."
            )
        self.front_options()

    def front_options(self) -> FrontOfTwoSensesOptions:
        """Of what stands before the circuit."""
        return FrontOfTwoSensesOptions(
            self.sound_rows, self.sound_widths, self.sound_grid, self.image_widths, self.image_grid
        )

    def build(self, shape: EncodedShape, n_classes: int) -> StateClassifier:
        options = self.front_options()
        options.check(shape, "two-sense-hybrid")
        n_amplitudes = options.n_amplitudes
        grid = (n_amplitudes,)
        return self.classifier(qubits_of(n_amplitudes), grid, n_classes, FrontOfTwoSenses(options))
