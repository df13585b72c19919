# quantum/classifiers/head.py
"""What reads the circuit: values from the outcome probabilities, and the linear head on them.

    probabilities   [batch, outcome]   exact, or relative frequencies of shots
    values          [batch, value]     expectations of Z and ZZ, or probabilities of bands times their number
    logits          [batch, class]

Batch norm scales the values during training (QuantumNAT, arXiv 2110.11331, does so against noise) and is a part of the
linear map at inference: it costs nothing then.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.engine.readout import marginals, outcomes_of, sign_matrix

MOST_LAYERS = 1000  # before or after the Fourier transform; studies of such circuits have few
READOUTS = ("expectations", "probabilities")


@dataclass(frozen=True)
class Readout:
    """Which values are read."""

    kind: str = "expectations"  # expectations: <Z_i>, <Z_i Z_j>; probabilities: of the leading qubits
    n_qubits: int = 1  # of the state
    n_leading: int = 1  # qubits whose outcomes are told apart, for "probabilities"
    part_of: tuple[int, tuple[int, ...]] | None = None  # (qubits of the circuit, those that are read), lowest first

    def __post_init__(self) -> None:
        if self.kind not in READOUTS:
            raise InputError(f"No readout is called {self.kind!r}. Choose one of: {', '.join(READOUTS)}.")
        if not 1 <= self.n_leading <= self.n_qubits:
            raise InputError(f"n_readout_qubits must lie in 1 to {self.n_qubits}; got {self.n_leading}.")

    @property
    def n_values(self) -> int:
        """Values that the head is given."""
        if self.kind == "expectations":
            return self.n_qubits * (self.n_qubits + 1) // 2
        return int(2**self.n_leading)

    def simulation(self) -> OperationCounts:
        """Of the values, from the amplitudes of one state: |amplitude|**2, then signed or plain sums."""
        n_outcomes = 2 ** (self.n_qubits if self.part_of is None else self.part_of[0])
        n = 2**self.n_qubits
        n_sums = n * self.n_values if self.kind == "expectations" else n
        return OperationCounts.of(
            "readout",
            "values",
            mac_fp32=n_outcomes,
            multiply_fp32=n_outcomes,
            add_fp32=n_outcomes - n + n_sums - self.n_values,
            sram_bytes=8 * n_outcomes + 4 * self.n_values,  # complex amplitudes in, values out
        )

    def counting(self, n_shots: int) -> OperationCounts:
        """Of the values, from the bits of `n_shots` shots: an integer sum per value, and one scaling each."""
        n_sums = n_shots * (self.n_values if self.kind == "expectations" else 1)
        return OperationCounts.of("readout", "values", add_int32=n_sums, multiply_fp32=self.n_values)


def check_circuit_options(
    n_layers_before: int, n_layers_after: int, readout: str, n_readout_qubits: int | None, dropout: float
) -> None:
    """Refuse counts that no circuit has, and one that the readout does not look at; what depends on the picture is
    checked when the circuit is built."""
    for name, n_layers in (("n_layers_before", n_layers_before), ("n_layers_after", n_layers_after)):
        if not 0 <= n_layers <= MOST_LAYERS:
            raise InputError(f"{name} must lie in 0 to {MOST_LAYERS}; got {n_layers}.")
    if n_readout_qubits is not None and n_readout_qubits < 1:
        raise InputError(f"n_readout_qubits must be at least 1, or left out for all qubits; got {n_readout_qubits}.")
    if n_readout_qubits is not None and readout == "expectations":
        raise InputError(
            f"n_readout_qubits = {n_readout_qubits} is of the readout 'probabilities'; 'expectations' reads all "
            "qubits. Leave n_readout_qubits out, or choose readout = 'probabilities'."
        )
    check_dropout(dropout)


def check_dropout(dropout: float) -> None:
    """Refuse a share that leaves nothing."""
    if not 0 <= dropout < 1:
        raise InputError(f"dropout must lie in [0, 1); got {dropout}.")


class ReadoutHead(nn.Module):
    """Values of the probabilities, batch norm, dropout, linear map."""

    signs: Tensor

    def __init__(self, readout: Readout, n_classes: int, dropout: float) -> None:
        super().__init__()
        check_dropout(dropout)
        self.readout = readout
        self.norm = nn.BatchNorm1d(readout.n_values)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(readout.n_values, n_classes)
        if readout.kind == "expectations":
            self.register_buffer("signs", sign_matrix(readout.n_qubits), persistent=False)

    def values(self, probabilities: Tensor) -> Tensor:
        """[batch, value]."""
        if self.readout.part_of is not None:
            probabilities = outcomes_of(probabilities, self.readout.part_of[1])
        if self.readout.kind == "expectations":
            return probabilities @ self.signs
        return marginals(probabilities, self.readout.n_leading) * 2**self.readout.n_leading

    def forward(self, probabilities: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.dropout(self.norm(self.values(probabilities))))
        return logits

    def operations(self) -> OperationCounts:
        """Of the linear map at inference."""
        n_values, n_classes = self.linear.in_features, self.linear.out_features
        n_bytes = 4 * (n_values * n_classes + 2 * n_classes + n_values)
        return OperationCounts.of(
            "readout", "head", mac_fp32=n_values * n_classes, add_fp32=n_classes, sram_bytes=n_bytes
        )
