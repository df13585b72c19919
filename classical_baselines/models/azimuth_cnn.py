"""A network from the interaural picture to the sectors of a circle: by class, or as a density around the circle.

    encoded   [batch, band, lag + 1]     the front end `interaural`: lags, and one column of levels; or
              [batch, 1, 1]              `interaural-delay`: a delay alone, without a level
    logits    [batch, class]             classes are sectors of equal width, counter-clockwise from straight ahead

Bands are channels: convolutions along the lags, each of stride 2; their maps and the levels go through one hidden
layer. Nothing is averaged over the lags, as where a peak stands is what is asked. Of a delay alone the convolutions,
whose `kernel` is then 1, are dense layers: the floor of localisation is trained and told like the rest. With `order` =
0 the last layer has a logit for each class; with order M it gives 2 M numbers, and the logit of the class whose centre
is theta_k is

    logit_k = sum_m a_m cos(m theta_k + 1/2) + b_m sin(m theta_k + 1/2)        m = 1 .. M

so that the loss is that of the angle under a generalised von Mises density. M = 1 is von Mises regression: a direction
and how sure it is. It has one peak, and a delay alone has two, in front and behind: forced between them, at the side,
it errs. M = 2 has two peaks.

`mirrored`: in training each clip is heard with its ears swapped half of the time (lags turned round, levels and a
delay alone about one half), and its logits are turned back, sector k to -k: a head is nearly the same on both sides.
It costs nothing later.

Reference: Gatto & Jammalamadaka, Statistical Methodology 4 (2007), 341-353 (the generalised von Mises density).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.picture import (
    LARGEST_HIDDEN,
    LARGEST_STEP,
    LARGEST_WIDTH,
    check_sizes,
    check_training_shares,
    picture_size,
)

HIGHEST_ORDER = 16
ORIGIN = 0.5  # radians, from where angles count: the densities are the same, and no cosine or sine of a centre is 0


@dataclass(frozen=True)
class AzimuthCnn:
    """The options of the network."""

    widths: tuple[int, ...] = (32, 32)  # channels of each convolution
    kernel: int = 7  # lags
    hidden: int = 64
    order: int = 0
    mirrored: bool = True
    dropout: float = 0.3  # before the last layer

    def __post_init__(self) -> None:
        check_sizes("widths", self.widths, 1, LARGEST_WIDTH)
        check_sizes("kernel", self.kernel, 1, LARGEST_STEP)
        check_sizes("hidden", self.hidden, 1, LARGEST_HIDDEN)
        check_sizes("order", self.order, 0, HIGHEST_ORDER)
        check_training_shares(self.dropout, 0)
        if not self.widths or self.kernel % 2 == 0:
            raise InputError(f"widths must name a convolution, and kernel be odd; got {self.widths} and {self.kernel}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        n_bands, n_columns = picture_size(shape, "azimuth-cnn")
        if n_columns == 1 and self.kernel != 1:
            raise InputError(f"azimuth-cnn reads a delay alone with kernel = 1; got {self.kernel}.")
        if n_columns == 2:
            raise InputError(
                "azimuth-cnn reads lags and a column of levels, or a delay alone; the picture has 2 columns. Choose "
                "the front end 'interaural' or 'interaural-delay'."
            )
        if 2 * self.order >= n_classes:
            raise InputError(f"order must be below half of the {n_classes} classes; got {self.order}.")
        return AzimuthCnnClassifier(self, n_bands, n_columns, n_classes)


class AroundTheCircle(nn.Module):
    """[batch, 2 M] -> logits [batch, class]: a trigonometric polynomial at the centres of the sectors."""

    table: Tensor

    def __init__(self, order: int, n_classes: int) -> None:
        super().__init__()
        angle = 2 * pi / n_classes * torch.arange(n_classes, dtype=torch.float64)
        rows = [part(m * angle + ORIGIN) for m in range(1, order + 1) for part in (torch.cos, torch.sin)]
        self.register_buffer("table", torch.stack(rows, dim=1).float(), persistent=False)

    def forward(self, coefficients: Tensor) -> Tensor:
        return nn.functional.linear(coefficients, self.table.to(coefficients))

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> Mapping[str, float]:
        """A product for each coefficient and class."""
        return {"mac_fp32": float(inputs[0].shape[-1] * output.numel())}

    def n_deployed_weights(self) -> int:
        """The table of cosines and sines."""
        return self.table.numel()


class AzimuthCnnClassifier(Classifier):
    """The network of `AzimuthCnn`."""

    def __init__(self, options: AzimuthCnn, n_bands: int, n_columns: int, n_classes: int) -> None:
        super().__init__()
        self.mirrored = options.mirrored
        n_lags = max(1, n_columns - 1)
        self.n_levels = n_columns - n_lags
        layers: list[nn.Module] = []
        width = n_bands
        for wider in options.widths:
            layers += [
                nn.Conv1d(width, wider, options.kernel, stride=2, padding=options.kernel // 2, bias=False),
                nn.BatchNorm1d(wider),
                nn.ReLU(),
            ]
            width, n_lags = wider, -(-n_lags // 2)
        self.along_lags = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.Linear(width * n_lags + n_bands * self.n_levels, options.hidden, bias=False),
            nn.BatchNorm1d(options.hidden),
            nn.ReLU(),
            nn.Dropout(options.dropout),
        )
        self.last = nn.Linear(options.hidden, 2 * options.order or n_classes)
        self.density = AroundTheCircle(options.order, n_classes) if options.order else nn.Identity()

    def forward(self, encoded: Tensor) -> Tensor:
        if not (self.training and self.mirrored):
            return self._logits(encoded)
        swapped = torch.rand(len(encoded), device=encoded.device) < 0.5
        logits = self._logits(torch.where(swapped[:, None, None], with_ears_swapped(encoded), encoded))
        return torch.where(swapped[:, None], turned_back(logits), logits)

    def _logits(self, encoded: Tensor) -> Tensor:
        lags, levels = encoded.tensor_split([encoded.shape[-1] - self.n_levels], dim=-1)
        heard = torch.cat([self.along_lags(lags).flatten(1), levels.flatten(1)], dim=1)
        logits: Tensor = self.density(self.last(self.hidden(heard)))
        return logits


def with_ears_swapped(picture: Tensor) -> Tensor:
    """[batch, band, lag + 1] as it is with the ears exchanged.

    >>> with_ears_swapped(torch.tensor([[[0.1, 0.2, 0.3, 0.75]]])).tolist()
    [[[0.30000001192092896, 0.20000000298023224, 0.10000000149011612, 0.25]]]
    """
    return torch.cat([picture[..., :-1].flip(-1), 1 - picture[..., -1:]], dim=-1)


def turned_back(logits: Tensor) -> Tensor:
    """[batch, class] of the mirrored circle: class k is class -k.

    >>> turned_back(torch.tensor([[0, 1, 2, 3]])).tolist()
    [[0, 3, 2, 1]]
    """
    return logits.flip(-1).roll(1, dims=-1)
