# tests/studies/bench/test_energy_draws.py
from studies.bench import BENCHES, energy_draws
from studies.bench.energy_draws import NETWORKS
from studies.budgets import energy_rows


def test_the_bench_of_energies_stands_beside_its_limit_of_a_second(monkeypatch):
    monkeypatch.setattr(energy_draws, "N_SYSTEMS", 6)
    (row,) = BENCHES["energy-draws"]()

    assert (row.peer_seconds, row.target) == (1.0, 1.0)
    assert row.ours_seconds > 0


def test_every_system_of_the_bench_has_a_price_on_each_of_its_deployments():
    for counts, names in NETWORKS:
        rows = energy_rows(counts, names, 1.0, boundaries=["system"], scenarios=["always-on"])
        assert {row.kind for row in rows} <= {"modelled", "lower-bound"}
