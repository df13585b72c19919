# tests/studies/test_fit.py
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import energy_rows
from studies.fit import Need, activation_bytes, device_limits, fit_checks, fitting, memory_text, misfits, unknowns
from studies.price_list import deployments
from studies.run_fit import sample_rate_hz, with_fit
from tests.studies.synthetic_results import synthetic_study

CNN = OperationCounts.of("network", "stem", mac_int8=1e6, sram_bytes=5_000) + OperationCounts.of(
    "network", "head", mac_int8=1e3, sram_bytes=700
)
KIB = 1024


def need(counts=CNN, **changes):
    given = {"notes": {"weight_bytes": 1_000}, "busy_seconds": {"cortex-m4": 0.02}, "period_seconds": 1.0}
    return Need(counts=counts, **{**given, "audio_samples": 8_000, "picture_values": 2_048, **changes})


def checks(deployment="cortex-m4", **changes):
    return {check.what: check for check in fit_checks(need(**changes), deployments()[deployment])}


def test_activations_are_bounded_by_two_layers_and_by_all_traffic_less_the_weights():
    three = CNN + OperationCounts.of("network", "body", sram_bytes=4_000)

    assert activation_bytes(three, weight_bytes=0) == 9_000
    assert activation_bytes(three, weight_bytes=9_000) == 700
    assert activation_bytes(OperationCounts.of("network", "a", mac_int8=1), 0) is None


def test_a_fourier_transform_works_in_place():
    transforms = OperationCounts.of("network", "front_end.butterflies", sram_bytes=1e9)

    assert activation_bytes(CNN + transforms, weight_bytes=0) == activation_bytes(CNN, weight_bytes=0)


def test_flash_holds_the_weights_and_ram_the_window_the_picture_and_the_activations():
    found = checks()

    assert (found["flash of cortex-m4"].needed, found["flash of cortex-m4"].allowed) == (1_000, 2048 * KIB)
    assert found["ram of cortex-m4"].needed == 2 * 8_000 + 4 * 2_048 + 4_700
    assert found["ram of cortex-m4"].allowed == 640 * KIB
    assert all(check.fits for check in found.values())


def test_what_is_larger_than_the_memory_or_slower_than_the_period_does_not_fit():
    large = fit_checks(need(notes={"weight_bytes": 3e6}), deployments()["cortex-m4"])
    slow = fit_checks(need(busy_seconds={"cortex-m4": 1.5, "ndp9120": 0.1}), deployments()["cortex-m4"])
    wide = OperationCounts.of("network", "a", sram_bytes=7e5, mac_int8=1)

    assert misfits(large) == "flash of cortex-m4: 2,930 KiB of 2,048 KiB (weights, without code)"
    assert misfits(slow) == "real time: 1.5 s of 1 s (cortex-m4 per decision, of the period; modelled, nominal)"
    assert "ram of cortex-m4: 706 KiB of 640 KiB" in misfits(fit_checks(need(wide), deployments()["cortex-m4"]))


def test_a_network_in_floats_is_not_supported_by_the_npu_and_its_memory_is_not_known():
    floats = OperationCounts.of("network", "a", mac_fp32=10, sram_bytes=10) + OperationCounts.of(
        "front_end", "mel", mac_fp32=10
    )
    found = fit_checks(need(floats), deployments()["cortex-m4+ndp9120"])

    assert misfits(found) == "operations without support: 1 (mac_fp32 (network))"
    assert "no public data sheet says how many weights" in unknowns(found)


def test_a_spiking_network_fits_by_cores_and_graded_spikes_need_the_second_chip():
    graded = OperationCounts.of("network", "a", synaptic_operations=9, mac_int8=9, spikes_in=4, chip_steps=8)

    assert checks("cortex-m4+loihi-1", notes={"n_cores": 129})["cores of loihi-1-davies"].fits is False
    assert checks("cortex-m4+loihi-1", notes={"n_cores": 128})["cores of loihi-1-davies"].fits is True
    first = misfits(fit_checks(need(graded, notes={"n_cores": 1}), deployments()["cortex-m4+loihi-1"]))
    assert first == "operations without support: 1 (mac_int8 (network))"
    assert not misfits(fit_checks(need(graded, notes={"n_cores": 1}), deployments()["cortex-m4+loihi-2"]))


def test_a_circuit_wider_than_the_machine_does_not_fit_and_an_unnoted_width_is_not_known():
    assert checks("host+superconducting-qpu", notes={"n_qubits": 134})["qubits of superconducting-qpu"].fits is False
    assert checks("host+superconducting-qpu", notes={})["qubits of superconducting-qpu"].fits is None


def test_a_device_without_published_limits_is_not_known_rather_than_unlimited():
    assert "limits of cmos-45nm-int8: not known" in unknowns(fit_checks(need(), deployments()["cmos-45nm-int8"]))
    assert all(entry["source"] for entry in device_limits().values())


def test_an_energy_says_why_its_run_does_not_fit():
    study = synthetic_study()
    energies = energy_rows(CNN, ["cortex-m4"], 1.0)
    small = with_fit(study, CNN, {"weight_bytes": 1e3}, energies, None)
    large = with_fit(study, CNN, {"weight_bytes": 3e6}, energies, None)

    assert sample_rate_hz(study) == 8000
    assert {energy.does_not_fit for energy in small} == {""}
    assert all(energy.does_not_fit.startswith("flash of cortex-m4") for energy in large if energy.nominal_joules)


def test_an_energy_says_what_its_run_needs_of_flash_and_ram_beside_what_there_is_where_it_fits_too():
    """By hand: 1,024 and 2,097,152 bytes of flash; 16,128 of audio and 4,700 of activations in 655,360 of RAM."""
    whole = OperationCounts.of("front_end", "mel", mac_fp32=10) + CNN
    small = with_fit(synthetic_study(), whole, {"weight_bytes": 1_024}, energy_rows(whole, ["cortex-m4"], 1.008), None)

    assert {memory_text(energy.fit) for energy in small} == {
        "flash of cortex-m4: 1 KiB of 2,048 KiB (weights, without code); ram of cortex-m4: 20 KiB of 640 KiB "
        "(at most; without the picture, not known)"
    }
    assert fitting(small[0].fit).startswith("flash of cortex-m4: 1 KiB of 2,048 KiB (weights, without code); ram of ")
    assert "real time" in fitting(small[0].fit) and "real time" not in memory_text(small[0].fit)
    assert memory_text(()) == ""
