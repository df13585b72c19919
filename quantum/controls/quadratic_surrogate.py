# quantum/controls/quadratic_surrogate.py
"""Control: the exact classical surrogate of every circuit behind an amplitude code, trained as what it is.

    encoded    [batch, mel, frame] with widths, [batch, amplitude] without
    products   x_i x_j for i <= j of the unit vector x, times the number of amplitudes      [batch, product]
    logits     linear in the products: c + x' A x, a symmetric matrix for each class        [batch, class]

A circuit U behind a real state x gives the outcome k with probability |<k|U|x>|**2, and linear readouts of these are
quadratic forms of x. So whatever circuit, depth and head is chosen, its logits are among these (Schuld, arXiv
2101.11020, for any encoding). The other way round a circuit reaches few of the forms, which may be a useful restriction
or not: that is what the comparison tells. The forms grow as the square of the amplitudes; larger states have the same
surrogate as a kernel machine, with the kernel (x . v)**2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.classifiers.front import OptionalFront
from quantum.classifiers.head import check_dropout
from quantum.controls.circuit_removed import VectorClassifier, front_of

MOST_AMPLITUDES = 512  # 131,328 products


class QuadraticForms(nn.Module):
    """c + x' A x: for each class a weight of every product once, x_i x_j for i <= j, and a bias."""

    place: Tensor  # [amplitude, amplitude]: the product of two elements, in either order
    share: Tensor  # [amplitude, amplitude]: 1 on the diagonal, 1/2 where a product stands in two places

    def __init__(self, n_amplitudes: int, n_classes: int) -> None:
        super().__init__()
        n_products = n_amplitudes * (n_amplitudes + 1) // 2
        # Thousands of correlated products: a random start would only have to be unlearnt.
        self.weight = nn.Parameter(torch.zeros(n_classes, n_products))
        self.bias = nn.Parameter(torch.zeros(n_classes))
        first, second = torch.triu_indices(n_amplitudes, n_amplitudes)
        place = torch.zeros(n_amplitudes, n_amplitudes, dtype=torch.int64)
        place[first, second] = place[second, first] = torch.arange(n_products)
        self.register_buffer("place", place, persistent=False)
        self.register_buffer("share", (torch.eye(n_amplitudes) + 1) / 2, persistent=False)

    def forward(self, vectors: Tensor) -> Tensor:
        n = len(self.place)
        # One matrix product of the batch with all matrices; products of a batch would be far larger than these.
        matrices = self.weight[:, self.place.flatten()].view(-1, n, n) * self.share
        mixed = (vectors @ matrices.transpose(0, 1).flatten(1)).unflatten(1, (-1, n))
        return (mixed * vectors[:, None]).sum(2) + self.bias

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """At inference every product is made once, and weighted for each class."""
        n_products = self.weight.shape[1] * len(inputs[0])
        return {
            "multiply_fp32": float(n_products),
            "mac_fp32": float(n_products * output.shape[1]),
            "add_fp32": float(output.numel()),
        }


@dataclass(frozen=True)
class QuadraticSurrogate(OptionalFront):
    """The options of the control; give it the `widths` and `grid` of the hybrid that it belongs to."""

    dropout: float = 0.0  # of the vector's elements

    def __post_init__(self) -> None:
        super().__post_init__()
        check_dropout(self.dropout)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        front, n = front_of(shape, self.widths, self.grid, "quadratic-surrogate")
        if shape.code == "complex-state":
            raise InputError(
                "quadratic-surrogate reads real states; got complex ones. Choose the encoder amplitude, or give widths."
            )
        if n > MOST_AMPLITUDES:
            raise InputError(
                f"quadratic-surrogate has {n * (n + 1) // 2} products for {n} amplitudes, and takes up to "
                f"{MOST_AMPLITUDES}. Pool more, or choose a smaller grid."
            )
        return VectorClassifier(front, nn.Sequential(nn.Dropout(self.dropout), QuadraticForms(n, n_classes)), n)
