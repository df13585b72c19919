# classical_baselines/front_ends/paired_views.py
"""Two pictures of one sound, frame by frame beside each other: what a classifier that fuses two views reads.

    view     V_i[b, t]     front end i as it is, in its own unit                               [batch, band, frame]
    limited  L_i = clip((V_i - low_i) / (high_i - low_i), 0, 1)       its own fixed limits, stated, never fitted
    bands    B_i[c, t]     mean of `pool_i` neighbouring bands of L_i; bands that fill no whole group are left out
    result   B_1 in the rows 0 to n_1 - 1, B_2 in the rows n_1 to n_1 + n_2 - 1               [batch, band, frame]

`only = "first"` or `"second"` gives that view alone, frame for frame the same, and costs that view alone: the control.

Both views have a frame centred on each multiple of the longer hop: of the one with the shorter hop, which must divide
the longer, every k-th frame is kept, k = longer / shorter. Nothing is interpolated.

Limits. A level in decibels has [-top_db, 0] (0 is the clip's loudest cell, or full scale) and a phase derivative the
width of the window's main lobe, [-2 n_fft / win_length, 2 n_fft / win_length] bins; any other view needs its
`limits` said, in its own unit. The picture is a level in [0, 1] of two parts: where training clips reach both ends, as
those of log-mel do in every clip, the study's own scale, by its default quantiles, leaves it as it is.

The first view's number of bands is not written into the picture. A classifier that splits it is told (`first_bands` of
`cross-modal-fusion`) or takes halves. Augmentation sees one picture: what moves or masks frames does so in both views
alike, a mask of bands lies where it falls; what moves bands (`frequency_warp`, `frequency_offset`) would carry one view
into the other and has no place here. A mask writes 0, which is silence in a level and the lower limit of a phase.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

import torch
from torch import Tensor

from classical_baselines.front_ends.group_delay import GroupDelay
from classical_baselines.front_ends.librosa_mel import LibrosaMel
from classical_baselines.front_ends.mel import LARGEST_N_FFT, LogMel
from classical_baselines.front_ends.pcen import Pcen
from classical_baselines.front_ends.phase_derivative import PhaseDerivative
from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel
from classical_baselines.front_ends.rmmse import Rmmse
from classical_baselines.front_ends.stft import Stft, check_named
from classical_baselines.harness.choices import InputError, build_options, choose
from classical_baselines.harness.layer_operations import mean_operations
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import mean_pooled

View = LogMel | PreparedLogMel | LibrosaMel | Stft | Pcen | Rmmse | GroupDelay | PhaseDerivative

# Those whose frame t is centred on sample t * hop. Named here and not in the registry, whose entries are no part of a
# cell's key: their code is.
VIEWS: Mapping[str, type[View]] = {
    "log-mel": LogMel,
    "prepared-log-mel": PreparedLogMel,
    "librosa-mel": LibrosaMel,
    "stft": Stft,
    "pcen": Pcen,
    "rmmse": Rmmse,
    "group-delay": GroupDelay,
    "phase-derivative": PhaseDerivative,
}
_OF_ITS_OWN_LENGTH = ("trim_below_db", "stretch_to_frames", "keep_frames")
SHOWN = ("both", "first", "second")
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class ViewChoice:
    """One of the two views, as a study names it."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[float, float] | None = None  # low, high, in the unit of the view; None: those that it has by itself
    pool: int = 1  # neighbouring bands that become one

    def __post_init__(self) -> None:
        if self.limits is not None and not float("-inf") < self.limits[0] < self.limits[1] < float("inf"):
            raise InputError(f"limits must be two numbers, low < high; got {list(self.limits)}.")
        if not 1 <= self.pool <= LARGEST_N_FFT:
            raise InputError(f"pool must lie in 1 to {LARGEST_N_FFT}, bands that become one; got {self.pool}.")


@dataclass(frozen=True)
class LimitedView:
    """A front end, the levels that become 0 and 1, and how many of its bands become one."""

    front_end: View
    low: float
    high: float
    pool: int

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int, hop: int) -> Tensor:
        """[batch, sample] -> [batch, band, frame] in [0, 1], a frame for each multiple of `hop`."""
        picture = self.front_end(waveforms, n_samples, sample_rate_hz)[..., :: hop // self.front_end.hop]
        if picture.shape[1] < self.pool:
            raise InputError(f"pool = {self.pool} is more than the {picture.shape[1]} bands of the view. Pool fewer.")
        limited = ((picture - self.low) / (self.high - self.low)).clamp(0, 1)
        return mean_pooled(limited, (self.pool, 1)).clamp(0, 1)  # a mean of ones may round to above 1

    def operations(self, n_samples: int, sample_rate_hz: int, hop: int) -> OperationCounts:
        """What the front end costs, and for each cell of the frames that are kept a difference, a product and two
        limits, then the means; what is pooled in passing is written once, into its rows of the common picture."""
        silence, length = torch.zeros(1, n_samples), torch.tensor([n_samples])
        n_out = self(silence, length, sample_rate_hz, hop).numel()
        n_in = self.pool * n_out
        means = mean_operations(n_in, n_out) if self.pool > 1 else dict.fromkeys(("add_fp32", "multiply_fp32"), 0.0)
        return self.front_end.operations(n_samples, sample_rate_hz) + OperationCounts.of(
            "front_end",
            "limits",
            add_fp32=n_in + means["add_fp32"],
            multiply_fp32=n_in + means["multiply_fp32"],
            compare_fp32=2 * n_in,
            sram_bytes=_FLOAT_BYTES * (n_in + n_out),
        )


@dataclass(frozen=True)
class PairedViews:
    """Options of two views, each {name, options, limits, pool}; calling it stacks them along the bands."""

    first: Mapping[str, Any] = field(default_factory=lambda: {"name": "log-mel"})
    # Of the modified group delays of Arabic digits 5 % lie above 18.1, 5 % below 1.25; 129 bins make 32 bands of 4.
    second: Mapping[str, Any] = field(default_factory=lambda: {"name": "group-delay", "limits": (0.0, 18.0), "pool": 4})
    only: Literal["both", "first", "second"] = "both"
    gives: ClassVar[Literal["decibels"]] = "decibels"  # a level in [0, 1]: varied as a picture while training

    def __post_init__(self) -> None:
        check_named("only", self.only, SHOWN)
        first, second = (view.front_end.hop for view in self.views().values())
        if max(first, second) % min(first, second):
            raise InputError(
                f"The hops of the two views are {first} and {second} samples, and the longer is no multiple of the "
                "shorter: they share few frames. Choose hops such as 64 and 128."
            )

    def views(self) -> dict[str, LimitedView]:
        """Both views by their place, checked."""
        return {which: limited_view(getattr(self, which), which) for which in ("first", "second")}

    def shown(self) -> dict[str, LimitedView]:
        """The views that the picture has."""
        return {which: view for which, view in self.views().items() if self.only in (which, "both")}

    @property
    def hop(self) -> int:
        """Samples between the frames that both views have."""
        return max(view.front_end.hop for view in self.views().values())

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, band, frame], the first view's bands first."""
        views = self.shown().values()
        return torch.cat([view(waveforms, n_samples, sample_rate_hz, self.hop) for view in views], dim=1)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: those of the views, their layers named `first.` and `second.`."""
        counts: dict[tuple[str, str, str], float] = {}
        for which, view in self.shown().items():
            for (stage, layer, operation), n in view.operations(n_samples, sample_rate_hz, self.hop):
                counts[stage, f"{which}.{layer}", operation] = n
        return OperationCounts(counts)


def limited_view(choice: Mapping[str, Any], which: str) -> LimitedView:
    """The view that {name, options, limits, pool} describes; `which` is the option that holds it."""
    view = build_options(ViewChoice, choice, what=f"the {which} view")
    entry = choose(VIEWS, view.name, what=f"front end for the {which} view")
    front_end = cast(View, build_options(entry, view.options, what=f"the {which} view, {view.name!r},"))
    own_length = [name for name in _OF_ITS_OWN_LENGTH if getattr(front_end, name, None) is not None]
    if own_length:
        raise InputError(
            f"the {which} view, {view.name!r}, sets {', '.join(own_length)}: it would be cut or stretched by itself, "
            "and its frames would no longer stand beside the other's. Leave it out."
        )
    limits = own_limits(front_end) if view.limits is None else view.limits
    if limits is None:
        raise InputError(
            f"the {which} view, {view.name!r}, has no limits by itself. Say limits = [low, high], the values that "
            "become 0 and 1."
        )
    return LimitedView(front_end, *limits, pool=view.pool)


def own_limits(front_end: View) -> tuple[float, float] | None:
    """What a view cannot leave, in its own unit, where its options say it; None: they do not.

    >>> own_limits(LogMel(top_db=40.0)), own_limits(PhaseDerivative(n_fft=256, win_length=128, hop=32))
    ((-40.0, 0.0), (-4.0, 4.0))
    """
    if isinstance(front_end, PhaseDerivative):
        reach = 2 * front_end.n_fft / (front_end.win_length or front_end.n_fft)
        return -reach, reach
    if isinstance(front_end, LibrosaMel) and front_end.relative_to != "clip-maximum":
        return None
    return (-front_end.top_db, 0.0) if isinstance(front_end, LogMel | Stft | Rmmse | LibrosaMel) else None
