# tests/studies/test_qft_speed.py
"""Seconds and shots of QFT and FFT against sums on paper, Qiskit's transpiled circuits and drawn outcomes."""

import json
import re
from math import pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit, Fourier
from quantum.transpiled import circuit_cost
from studies import qft_speed_page
from studies.circuit_energy import Range, fft_counts
from studies.commands.is_the_qft_faster import is_the_qft_faster
from studies.qft_speed import (
    crossing,
    fft_operations,
    fft_seconds,
    qft_seconds,
    share_without_error,
    shot_seconds,
    shots_for,
    two_qubit_gates,
    values_told_apart,
)

PAGE = Path(__file__).parents[2] / "docs" / "results" / "is-the-qft-faster.md"


def effective_values(shares):
    return np.sqrt(shares * (1 - shares)).sum() ** 2  # K of any distribution


def test_an_fft_has_the_operations_that_the_suite_counts_for_one_but_its_scaling():
    counts = fft_counts(8)

    assert fft_operations(8) == counts.total("multiply_fp32") + counts.total("add_fp32") - 2 * 256
    assert fft_seconds(8).mid == pytest.approx(10_240 / 1e10)


@pytest.mark.parametrize("n_qubits", [3, 5])
def test_gates_are_those_of_the_transpiled_circuit(n_qubits):
    cost = circuit_cost(Circuit(n_qubits, (Fourier(0, n_qubits),)), "all-to-all")

    assert two_qubit_gates(n_qubits, "free") == cost.circuit.n_gates_2q
    assert two_qubit_gates(n_qubits, "counted") == cost.circuit.n_gates_2q + cost.preparation.n_gates_2q
    assert two_qubit_gates(n_qubits, "qram") == cost.circuit.n_gates_2q + n_qubits


@pytest.mark.parametrize("n_qubits", [4, 6])
def test_the_time_of_the_gates_bounds_the_longest_path_of_the_transpiled_circuit_and_not_by_much(n_qubits):
    cost = circuit_cost(Circuit(n_qubits, (Fourier(0, n_qubits),)), "all-to-all")
    fixed = 250e-6 + 1.708e-6 + 1.56e-6

    transform = shot_seconds(n_qubits, "free").mid - fixed
    both = shot_seconds(n_qubits, "counted").mid - fixed
    assert transform == pytest.approx(cost.circuit.seconds, rel=0.25)
    assert both == pytest.approx(cost.circuit.seconds + cost.preparation.seconds, rel=0.3)


@pytest.mark.parametrize("shares", [np.full(64, 1 / 64), np.arange(1, 33) / 528])
def test_so_many_shots_give_the_error_that_they_are_for(shares):
    n_values = effective_values(shares)
    n_shots = round(shots_for(n_values, 0.05))
    drawn = np.random.default_rng(0).multinomial(n_shots, shares, size=2000) / n_shots

    assert np.abs(drawn - shares).sum(1).mean() / 2 == pytest.approx(0.05, rel=0.02)


def test_the_values_told_apart_are_those_of_their_distributions():
    assert values_told_apart("spectrum", 6) == pytest.approx(effective_values(np.full(64, 1 / 64)))
    assert values_told_apart("bands", 20) == pytest.approx(effective_values(np.full(20, 1 / 20)))
    assert values_told_apart("bands", 4) == 15
    assert shots_for(19, 0.05) == pytest.approx(19 / (2 * pi * 0.05**2))


def test_seconds_are_shots_times_a_shot_at_every_end():
    found = qft_seconds("bands", 10, "qram", 0.05)
    shots = 19 / (2 * pi * 0.05**2)
    rounds = 2 * 17 + 10

    assert found.mid == pytest.approx(shots * (253.268e-6 + rounds * 68e-9 + 10 * 32e-9))
    assert found.low == pytest.approx(shots * (0.1e-6 + 0.896e-6 + 0.8356e-6 + rounds * 68e-9 + 10 * 32e-9))
    assert found.high == pytest.approx(shots * (500e-6 + 4.044e-6 + 4e-6 + rounds * 660e-9 + 10 * 32e-9 * 660 / 68))


def test_a_crossing_is_the_first_length_from_which_on_less_time_is_taken():
    found = crossing("bands", "free", 0.05)["middle"]

    assert qft_seconds("bands", found, "free", 0.05).mid < fft_seconds(found).mid
    assert qft_seconds("bands", found - 1, "free", 0.05).mid > fft_seconds(found - 1).mid
    for loading in ("free", "qram", "counted"):
        assert crossing("spectrum", loading, 0.05) == {"best": None, "middle": None, "worst": None}
    # A hundred times the error needs a ten thousandth of the shots, and crosses earlier.
    assert crossing("bands", "free", 0.5)["middle"] < found


def test_a_shot_without_a_failing_gate_is_a_power_of_one():
    assert share_without_error(8, "free") == pytest.approx((1 - 0.0042) ** 56)


def test_the_page_is_computed_anew_and_what_a_transpiler_decides_is_near(capsys):
    assert is_the_qft_faster(0.05, None, as_json=False) == 0
    parts = [text.partition("## What a shot runs") for text in (capsys.readouterr().out, PAGE.read_text("utf-8"))]
    printed, kept = ([float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", part[2])] for part in parts)

    assert parts[0][0] == parts[1][0]  # closed forms
    assert printed == pytest.approx(kept, rel=0.2)


def test_numbers_and_figure_are_written_and_an_error_that_is_none_is_refused(capsys, tmp_path):
    out = tmp_path / "speed.csv"
    assert is_the_qft_faster(0.1, out, as_json=True) == 0
    printed = json.loads(capsys.readouterr().out)

    assert len(printed["crossings"]) == 6
    assert len(printed["seconds"]) == 6 * 27 == len(out.read_text().splitlines()) - 1
    row = next(r for r in printed["seconds"] if (r["task"], r["loading"], r["n_qubits"]) == ("spectrum", "free", 10))
    assert row["shots"] == pytest.approx(1023 / (2 * pi * 0.01))
    with pytest.raises(InputError, match=r"--error 1: give a total variation distance from 0\.000001 to below 1"):
        is_the_qft_faster(1.0, None, as_json=False)
    with pytest.raises(InputError, match="--error 1e-300: give a total variation distance"):
        is_the_qft_faster(1e-300, None, as_json=False)
    with pytest.raises(InputError, match="No loading is called 'magic'"):
        shot_seconds(3, "magic")
    with pytest.raises(InputError, match="No task is called 'all'"):
        values_told_apart("all", 3)
    assert sqrt(2 / pi) / 2 == pytest.approx(sqrt(1 / (2 * pi)))  # half the mean of |normal|, as the docstring has it


def test_times_and_powers_in_prose_are_those_of_the_coefficients(monkeypatch):
    power, seconds = {"whole": Range(1.5e4, 2.6e4, 3.1e4), "marginal": Range(7, 10, 14)}, Range(0.3e-6, 2e-6, 5.5e-6)
    monkeypatch.setattr(qft_speed_page, "power_of", lambda view: power[view])
    monkeypatch.setattr(qft_speed_page, "shot_time", lambda layer: seconds)

    words = " ".join(qft_speed_page.qft_speed_page(0.05).split())

    assert "15, 26, 31 kW for the whole machine" in words and "or 7 to 14 W of control electronics" in words
    assert "reset 0.3, 2, 5.5 µs" in words and "two-qubit gate 300 to 5500 ns" in words
