# studies/bench/energy_draws.py
"""Monte Carlo of energies against the limit that it is held to: 100 systems, 10,000 shared draws, one second.

Every system is priced at the system boundary, always on, on each of its deployments: a CNN in integers on three, a
spiking network on three, a circuit on one, in turn, each of a size of its own. Drawing the prices is inside the time.
"""

from classical_baselines.harness.coefficient import N_DRAWS, CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.bench.timing import BenchRow, alternating
from studies.budgets import energy_rows

N_SYSTEMS = 100
LIMIT_SECONDS = 1.0
FRONT_END = OperationCounts.of(
    *("front_end", "log-mel"), multiply_fp32=2.2e5, add_fp32=2.8e5, mac_fp32=2.1e4, transcendental_fp32=2.7e3
)
NETWORKS = (
    (
        OperationCounts.of("network", "all", mac_int8=2.5e6, add_int32=1e5, requantise_int32=9e4, sram_bytes=2.5e5),
        ("cmos-45nm-int8", "cortex-m4", "cortex-m4+ndp9120"),
    ),
    (
        OperationCounts.of(
            *("network", "all"),
            synaptic_operations=4e5,
            neuron_updates_active=2.5e4,
            neuron_updates_inactive=3.2e4,
            spikes_generated=5e3,
            spikes_routed=9e3,
            spikes_in=460,
            chip_seconds=7e-5,
            state_resets=1,
        ),
        ("cortex-m4+loihi-1", "cortex-m4+loihi-1-sana-fe", "cortex-m4+loihi-2"),
    ),
    (
        OperationCounts.of("network", "all", gates_1q=1.6e6, gates_2q=7e5, machine_seconds=1.2, shots=4096),
        ("host+superconducting-qpu",),
    ),
)


def bench() -> list[BenchRow]:
    """One row: the time of the whole Monte Carlo beside its limit."""
    systems = [
        (FRONT_END + network.scaled(1 + place / N_SYSTEMS), names)
        for place in range(N_SYSTEMS)
        for network, names in [NETWORKS[place % len(NETWORKS)]]
    ]
    for name in {name for _, names in systems for name in names}:  # a file is read once in a process, before the time
        energy_rows(FRONT_END, [name], 1.0)

    def ours() -> None:
        draws = CoefficientDraws()
        for counts, names in systems:
            energy_rows(
                counts, names, 1.0, link_values=2048, boundaries=["system"], scenarios=["always-on"], draws=draws
            )

    seconds, _ = alternating(ours, lambda: None, n_rounds=3)
    name = f"energies of {N_SYSTEMS} systems, {N_DRAWS:,} draws"
    return [BenchRow(name, seconds, "the limit of 1 s", LIMIT_SECONDS, target=1.0)]
