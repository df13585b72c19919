# studies/anchor_comparison.py
"""How far the models fall from what was measured: the anchors whose counts are known, priced as a study is.

    compare_with_anchors()         one line per case: measured, modelled, and the factor between them
    comparison_table()             the same as the Markdown table of docs/energy.md

The counts are those of the network that the anchor covers, and the scenario is saturated, as the measurements were.
Where a price was taken from the anchor itself, agreement proves nothing, and the line says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor, log10

from classical_baselines.harness.anchors import anchors
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Boundary
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import energy_rows
from studies.wording import joules_text

# MLPerf Tiny's networks, added up by layers as the anchors `mlpt` have them: a convolution of 10 x 4 and four separable
# ones on 25 x 5 x 64, the last layer's 768 aside; the autoencoder 640-128-128-128-128-8-128-128-128-128-640
DS_CNN = OperationCounts.of("network", "all", mac_int8=2.656e6)
DS_CNN_FP32 = OperationCounts.of("network", "all", mac_fp32=2.656e6)
AUTOENCODER = OperationCounts.of("network", "all", mac_int8=264_192)
# The keyword spotter 390-256-256-29 of Blouw et al. 2018 (arXiv 1812.01739), as the anchors `abr` have it
N_SYNAPSES, N_NEURONS, N_STEPS = 172_800, 256 + 256 + 29, 10
SPOTTER_FP32 = OperationCounts.of("network", "all", mac_fp32=N_SYNAPSES)
RATES = (0.02, 0.20)  # of synapses active in a step: nobody published it
SPOTTER_SECONDS = 3.37e-3  # 371.7 µJ at 110.2 mW (`abr.loihi.total`): measured, host and input included
STATIC_SECOND = OperationCounts.of("network", "all", synaptic_operations=1, chip_seconds=1.0)


@dataclass(frozen=True)
class Case:
    """What is priced, where, and what it is held against."""

    title: str
    anchor: str
    deployment: str
    boundary: Boundary
    counts: tuple[OperationCounts, ...]  # one, or the ends of what is not known
    is_the_price: bool = False  # the price was taken from this anchor


@dataclass(frozen=True)
class AnchorComparison:
    """An anchor and the model of it, joules."""

    case: Case
    measured: float
    nominal: tuple[float, float]  # over the ends of what is not known; equal where all is
    low: float  # 5 % of the draws, at the lower end
    high: float  # 95 %, at the upper end

    @property
    def factors(self) -> tuple[float, float]:
        """Modelled over measured."""
        return self.nominal[0] / self.measured, self.nominal[1] / self.measured


def spotter(rate: float, **timed: float) -> OperationCounts:
    """Counts of the keyword spotter on Loihi, with a share of the synapses active in every step."""
    return OperationCounts.of(
        "network",
        "all",
        synaptic_operations=N_SYNAPSES * N_STEPS * rate,
        neuron_updates_active=N_NEURONS * N_STEPS,
        spikes_generated=N_NEURONS * N_STEPS * rate,
        spikes_routed=N_NEURONS * N_STEPS * rate,
        state_resets=1,
        chip_steps=N_STEPS,
        **timed,
    )


def _cases() -> Iterator[Case]:
    for board, name, anchor in (
        ("cortex-m4", "Cortex-M4", "l4r5"),
        ("stm32h7a3", "STM32H7A3", "h7a3"),
        ("stm32u575", "STM32U575", "u575"),
        ("cortex-m4+ndp9120", "NDP9120 at 0.9 V", "ndp.09"),
        ("cortex-m4+ndp9120-1v1", "NDP9120 at 1.1 V", "ndp.11"),
        ("cortex-m4+gap9-650mv", "GAP9 at 0.65 V", "gap9.065"),
        ("cortex-m4+gap9-800mv", "GAP9 at 0.8 V", "gap9.08"),
    ):
        yield Case(f"DS-CNN int8 on the {name}", f"mlpt.{anchor}", board, "chip", (DS_CNN,), is_the_price=True)
    for board, name, anchor in (
        ("cortex-m4", "Cortex-M4", "l4r5"),
        ("stm32h7a3", "STM32H7A3", "h7a3"),
        ("stm32u575", "STM32U575", "u575"),
        ("cortex-m4+gap9-650mv", "GAP9 at 0.65 V", "gap9.065"),
        ("cortex-m4+gap9-800mv", "GAP9 at 0.8 V", "gap9.08"),
    ):
        title = f"anomaly detector int8 on the {name}, by the price of the DS-CNN"
        yield Case(title, f"mlpt.ad.{anchor}", board, "chip", (AUTOENCODER,))
    for anchor, name in (("l4r5", "Cortex-M4"), ("gap9.065", "GAP9 at 0.65 V")):
        title = f"DS-CNN int8 on the {name}, by the operation prices of 45 nm"
        yield Case(title, f"mlpt.{anchor}", "cmos-45nm-int8", "operation", (DS_CNN,))
    yield Case(
        "DS-CNN int8 on the Cortex-M4, by the fp32 prices of 45 nm",
        *("mlpt.l4r5", "cmos-45nm-fp32", "operation"),
        (DS_CNN_FP32,),
    )
    for deployment, name, anchor in (
        ("quadro-k4000", "Quadro K4000", "gpu"),
        ("xeon-e5-2630", "Xeon E5-2630", "cpu"),
        ("jetson-tx1", "Jetson TX1", "tx1"),
    ):
        title = f"keyword spotter on the {name}, batch 1"
        yield Case(title, f"abr.{anchor}.b1.total", deployment, "chip", (SPOTTER_FP32,), is_the_price=True)
    for who, name, anchor in (("cpu", "Xeon E5-2630", "cpu"), ("gpu", "Quadro K4000", "gpu")):
        title = f"keyword spotter on the {name}, batch 1, by KerasSpiking's constant for a {who.upper()}"
        yield Case(title, f"abr.{anchor}.b1.dynamic", f"keras-spiking-{who}", "system", (SPOTTER_FP32,))
    ends = tuple(spotter(rate) for rate in RATES)
    for deployment, by in (("cortex-m4+loihi-1", "Davies"), ("cortex-m4+loihi-1-sana-fe", "SANA-FE")):
        title = f"keyword spotter on Loihi 1, operations and routing ({by})"
        yield Case(title, "abr.loihi.dyn", deployment, "core", ends)
    title = "keyword spotter on Loihi 1 with floors, steps at 8.7 µs (Davies)"
    yield Case(title, "abr.loihi.total", "cortex-m4+loihi-1", "chip", ends)
    timed = tuple(spotter(rate, chip_seconds=SPOTTER_SECONDS) for rate in RATES)
    title = "keyword spotter on Loihi 1 with floors, at the measured 3.37 ms (Davies)"
    yield Case(title, "abr.loihi.total", "cortex-m4+loihi-1", "chip", timed)
    title = "PilotNet on Loihi 2, a second of static power"
    yield Case(title, "l2.pilot.power-static", "cortex-m4+loihi-2", "chip", (STATIC_SECOND,), is_the_price=True)


def compare_with_anchors(draws: CoefficientDraws | None = None) -> list[AnchorComparison]:
    """Every case, priced now."""
    shared = draws or CoefficientDraws()
    return [_compared(case, shared) for case in _cases()]


def comparison_table() -> str:
    """The Markdown table of docs/energy.md."""
    head, *lines = comparison_lines()
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), *lines)) + "\n"


def comparison_lines() -> list[tuple[str, ...]]:
    """The cells of the table, the heading first."""
    lines: list[tuple[str, ...]] = [("case", "measured", "modelled", "off by")]
    for one in compare_with_anchors():
        anchor = anchors()[one.case.anchor]
        measured = joules_text(one.measured)
        if "dynamic" in anchor.quantity:
            measured += " dynamic"
        ends = dict.fromkeys(joules_text(joules) for joules in one.nominal)
        spread = f"[{joules_text(one.low)}, {joules_text(one.high)}]"
        lines.append((one.case.title, measured, f"{' to '.join(ends)} {spread}", _off_by(one)))
    return lines


def _compared(case: Case, draws: CoefficientDraws) -> AnchorComparison:
    measured = anchors()[case.anchor].nominal
    assert measured is not None
    rows = [
        energy_rows(counts, [case.deployment], 1.0, boundaries=[case.boundary], scenarios=["saturated"], draws=draws)[0]
        for counts in case.counts
    ]
    known = [(row.nominal_joules, row.low, row.high) for row in rows]
    nominal = [joules for joules, _, _ in known if joules is not None]
    lows = [low for _, low, _ in known if low is not None]
    highs = [high for _, _, high in known if high is not None]
    return AnchorComparison(case, measured, (min(nominal), max(nominal)), min(lows), max(highs))


def _off_by(one: AnchorComparison) -> str:
    if one.case.is_the_price:
        return "none: it is the anchor of the price"
    low, high = one.factors
    if high < 0.5:
        return f"{_span(1 / high, 1 / low, _times)} times too low"
    if low > 2:
        return f"{_span(low, high, _times)} times too high"
    word = "high" if low > 1 else "low"
    least, most = sorted((abs(low - 1), abs(high - 1)))
    return f"{_span(least, most, lambda share: f'{100 * share:.0f}')} % too {word}"


def _span(low: float, high: float, text: Callable[[float], str]) -> str:
    return " to ".join(dict.fromkeys((text(low), text(high))))


def _times(factor: float) -> str:
    """A factor in two figures."""
    digits = 1 - floor(log10(factor))
    return f"{round(factor, digits):,.{max(digits, 0)}f}".replace(",", " ")
