# classical_baselines/models/causal_rnn.py
"""Recurrent network that reads one frame at a time: GRU or LSTM, the mean of its outputs so far, a readout.

    encoded        [batch, mel, frame]; the mel bands of a frame are its input
    GRU            r, z = sigmoid(W [x, h] + b), n = tanh(W_n x + b_n + r (U_n h + c_n)), h = (1 - z) n + z h
    decision at t  W mean over frames up to t of h + b;  logits [batch, class]: at the last frame
    cost           3 (GRU) or 4 (LSTM) gates: gates * width * (inputs + width) multiply-accumulates a frame and layer

References: Cho et al., EMNLP 2014, arXiv 1406.1078 (GRU, in torch's form: the reset gate acts on U_n h + c_n);
Hochreiter & Schmidhuber, Neural Computation 9 (1997), 1735-1780 (LSTM).
"""

from dataclasses import dataclass

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.audio_transformer import TokenMean
from classical_baselines.models.convolutions import check_share
from classical_baselines.models.picture import LARGEST_WIDTH, check_sizes, picture_size
from classical_baselines.models.running_mean import running_mean

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}
MOST_LAYERS = 16


@dataclass(frozen=True)
class CausalRnn:
    """The options of a recurrent network."""

    cell: str = "gru"  # or "lstm"
    width: int = 64
    n_layers: int = 1
    dropout: float = 0.2  # before the readout

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise InputError(f"cell must be one of {', '.join(CELLS)}; got {self.cell!r}.")
        check_sizes("width", self.width, 1, LARGEST_WIDTH)
        check_sizes("n_layers", self.n_layers, 1, MOST_LAYERS)
        check_share("dropout", self.dropout)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_mels, _ = picture_size(shape, "causal-rnn")
        return CausalRnnClassifier(self, n_mels, n_classes)


class CausalRnnClassifier(Classifier):
    """The network of `CausalRnn`."""

    def __init__(self, options: CausalRnn, n_mels: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.recurrence = CELLS[options.cell](n_mels, options.width, options.n_layers, batch_first=True)
        self.mean = TokenMean()
        self.dropout = nn.Dropout(options.dropout)
        self.readout = nn.Linear(options.width, n_classes)

    def forward(self, encoded: Tensor) -> Tensor:
        outputs, _ = self.recurrence(encoded.transpose(1, 2))
        logits: Tensor = self.readout(self.dropout(self.mean(outputs)))
        return logits

    def decisions(self, encoded: Tensor) -> Tensor:
        """Logits [batch, frame, class] after each frame: what a stream gives, the last as `forward`."""
        outputs, _ = self.recurrence(encoded.transpose(1, 2))
        logits: Tensor = self.readout(running_mean(outputs, axis=1))
        return logits
