"""`trichord export-chip` keeps what gives the same spikes; `trichord import-chip` reads and maps it, or refuses it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import LoihiNetwork
from studies import chip_export
from studies.chip_export import FORMS, NotEqualError, written_and_held
from studies.commands.chip_files import ENDINGS, import_chip
from tests.neuro.loihi.networks import dense_layer, random_input, readout


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    return LoihiNetwork((dense_layer(rng, 30, 40), readout(rng, 40)), False, 1.0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_written_network_is_read_and_mapped(network, ending, tmp_path, capsys):
    path = tmp_path / f"network{ending}"
    assert written_and_held(network, random_input(np.random.default_rng(1), network), path) > 0
    assert import_chip(file=path, chip="loihi-2", n_chips=1, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["n_cores"] == sum(said["cores_by_layer"].values())
    assert [layer["output_grid"] for layer in said["layers"]] == [[40], list(network.layers[-1].output_grid)]
    assert import_chip(file=path, chip="loihi-1", n_chips=1, as_json=False) == 0


def test_a_file_that_is_read_as_another_network_is_not_kept(network, tmp_path, monkeypatch):
    other = replace(FORMS[".npz"], read=lambda path: replace(network, readout_gain=2.0))
    monkeypatch.setattr(chip_export, "FORMS", {".npz": other})
    with pytest.raises(NotEqualError, match="another network"):
        written_and_held(network, random_input(np.random.default_rng(1), network), tmp_path / "network.npz")


def test_what_cannot_be_read_is_refused_with_the_file(tmp_path):
    for name, said in (("a.txt", "ends in .npz or .nir"), ("none.npz", "no such file")):
        with pytest.raises(InputError, match=said):
            import_chip(file=tmp_path / name, chip="loihi-1", n_chips=1, as_json=False)
    (tmp_path / "a.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"a\.npz: it is no \.npz file, as it begins with 'nothing'"):
        import_chip(file=tmp_path / "a.npz", chip="loihi-1", n_chips=1, as_json=False)


@pytest.mark.parametrize(("content", "said"), [(b"system,joules\n1\n", "with 'system,joule'"), (b"", "is empty")])
def test_a_text_called_npz_is_refused_in_our_words_and_not_in_those_of_numpy(tmp_path, content, said):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"it is no \.npz file, as it") as refused:
        import_chip(file=tmp_path / "a.npz", chip="loihi-1", n_chips=1, as_json=False)
    assert said in str(refused.value) and "pickle" not in str(refused.value)
