# tests/studies/test_network_from_elsewhere.py
"""A network made in snnTorch as a system of a study, through the commands: run, mapped, exported, keyed by content."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from neuro.classifiers.nir_file import file_sha256
from studies import cli
from studies.cell import StudyCell
from studies.cell_key import digest, specification_of
from studies.commands.chip_files import import_chip
from studies.dry_run import check_study
from studies.energy_before_training import energies_before_training
from studies.methods import methods
from studies.results import load_results
from studies.review import checklist
from studies.running import known_ground, make_plan
from studies.store import open_store
from studies.study_file import load_study
from tests.classical_baselines.data.small_sets import manifest_set
from tests.neuro.interchange.float_graphs import affine, chain, lif, nir, written

ROOT = Path(__file__).parent.parent.parent
LABELS = ("high", "low", "off")
N_CHANNELS = 16
STUDY = """
schema = 1
name = "elsewhere"
title = "A network from elsewhere"
question = "What does it cost here?"
seeds = [0]
baseline = "theirs"
front_ends = [{{ name = "log-mel", options = {{ n_mels = 8, n_fft = 64, hop = 32 }} }}]
protocols = [{{ name = "official-split", headline = true }}]
[data]
name = "own"
folder = "sounds"
clip_seconds = 0.05
[[systems]]
name = "theirs"
title = "Their network"
family = "neuro"
augment = false
encoder = {{ name = "send-on-delta" }}
classifier = {{ name = "nir-file", options = {{ path = "net.nir", sha256 = "{sha256}", reset_mechanism = "zero" }} }}
[[systems.runs]]
backend = {{ name = "torch-float" }}
[[systems.runs]]
backend = {{ name = "loihi-lava", options = {{ n_clips = 2 }} }}
[[systems.runs]]
backend = {{ name = "loihi-emulator", options = {{ chip = "loihi-1" }} }}
deployments = ["cortex-m4+loihi-1"]
headline = true
"""


def snntorch_net():
    """Of two layers that fire, reset to zero; and the graph that snnTorch writes of it."""
    import snntorch

    torch.manual_seed(3)
    zero = {"reset_mechanism": "zero", "init_hidden": True}
    return torch.nn.Sequential(
        torch.nn.Linear(N_CHANNELS, 12),
        snntorch.Leaky(beta=torch.full((12,), 0.9), threshold=torch.full((12,), 0.2), **zero),
        torch.nn.Linear(12, 3),
        snntorch.Leaky(beta=torch.full((3,), 0.8), threshold=torch.full((3,), 0.1), **zero),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sounds, the network and the study that names it; every command starts there."""
    pytest.importorskip("nirtorch")
    from snntorch.export_nir import export_to_nir

    folder = tmp_path_factory.mktemp("elsewhere")
    manifest_set(
        folder / "sounds", LABELS, ("train", "train", "val", "test"), ("ann", "bob", "cleo", "dora"), suffix="wav"
    )
    nir.write(folder / "net.nir", export_to_nir(snntorch_net(), torch.rand(1, N_CHANNELS), ignore_dims=[0]))
    (folder / "study.toml").write_text(STUDY.format(sha256=file_sha256(folder / "net.nir")))
    before = Path.cwd(), os.environ.get("TRICHORD_CACHE"), os.environ.get("PYTHONPATH")
    os.chdir(folder)
    os.environ |= {"TRICHORD_CACHE": str(folder / "cache"), "PYTHONPATH": os.pathsep.join([str(ROOT), before[2] or ""])}
    yield folder
    os.chdir(before[0])
    for name, value in (("TRICHORD_CACHE", before[1]), ("PYTHONPATH", before[2])):
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(scope="module")
def ran(folder):
    """The study after `trichord run`."""
    assert called("run", "study.toml", "--store", "store", "--jobs", "1") == 0
    return load_study("study.toml"), open_store(folder / "store")


def called(*arguments):
    """The exit status of `trichord ARGUMENTS`, here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["trichord", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
    return left.value.code or 0


def test_a_cell_runs_it_as_it_is_on_every_backend(ran, folder):
    study, store = ran
    plan = make_plan(study, known_ground(study, store, None), store, confirm=False)
    (keyed,) = plan.cells
    result, weights = store.load(keyed.fit_key), store.load_weights(keyed.fit_key)
    net = snntorch_net()

    assert result.training["fitted"] == "directly"
    for number, name in ((0, "layers.0"), (2, "layers.1")):
        assert torch.equal(weights[f"{name}.weights.weight"], net[number].weight)
        assert torch.equal(weights[f"{name}.bias"], net[number].bias)
    floats, on_lava, emulated = result.runs
    assert (floats.logits.argmax(1) == emulated.logits.argmax(1)).mean() >= 2 / 3
    assert emulated.notes["n_cores"] == 3
    assert on_lava.checks[0].passed
    assert on_lava.checks[0].details["spikes_per_layer"][0] > 0


def test_it_is_mapped_exported_and_told_apart_from_what_was_trained_here(ran, folder, capsys):
    where = ("study.toml", "--store", "store", "--system", "theirs")
    assert called("map", *where, "--out", "cores.svg", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n_cores"] == 3
    assert called("map", *where, "--out", "cores.svg") == 0
    assert "cores.svg\nEach square is a tile" in capsys.readouterr().out
    assert called("neurons", *where, "--out", "potentials.svg") == 0
    assert "potentials.svg\nPotentials after each step's reset" in capsys.readouterr().out
    assert called("export-chip", *where, "--to", "integers.npz") == 0
    assert "equal  read back" in capsys.readouterr().out
    study, store = ran
    results = load_results(study, store, make_plan(study, known_ground(study, store, None), store, confirm=False))
    assert "Their network came trained; on which recordings is not known here." in methods(results)
    leaks = next(item for item in checklist(results) if "training and test apart" in item.question)
    assert leaks.state == "open"
    assert "On what Their network was trained elsewhere is not known here." in leaks.answer


@pytest.mark.usefixtures("ran")
def test_import_chip_quantises_it_and_says_how_a_study_names_it(folder, capsys):
    with pytest.raises(InputError, match=r"net\.nir: reset_mechanism is not said"):
        import_chip(file=Path("net.nir"), chip="loihi-1", n_chips=1, as_json=False)
    assert import_chip(file=Path("net.nir"), chip="loihi-1", n_chips=1, as_json=False, reset_mechanism="zero") == 0
    said = capsys.readouterr().out
    options = f'{{ path = "net.nir", sha256 = "{file_sha256(Path("net.nir"))}", reset_mechanism = "zero" }}'
    assert f'classifier = {{ name = "nir-file", options = {options} }}' in said
    assert import_chip(file=Path("net.nir"), chip="loihi-1", n_chips=1, as_json=True, reset_mechanism="zero") == 0
    assert json.loads(capsys.readouterr().out)["classifier"]["options"]["readout"] == "count"
    torch.save(snntorch_net().state_dict(), "net.pt")
    assert called("import-chip", "net.nir", "--state", "net.pt") == 0
    assert 'state_file = "net.pt"' in capsys.readouterr().out
    called("export-chip", "study.toml", "--store", "store", "--system", "theirs", "--to", "held.npz")
    with pytest.raises(InputError, match=r"held\.npz: it holds integers, to which readout does not apply"):
        import_chip(file=Path("held.npz"), chip="loihi-1", n_chips=1, as_json=False, readout="count")


def test_the_keys_of_cells_follow_the_content_of_the_file(ran):
    cell = StudyCell("own", "official-split", "official", "theirs", 0)

    def key(sha256):
        study = load_study("study.toml", {"systems.theirs.classifier.options.sha256": f'"{sha256}"'})
        return digest(specification_of(study, cell, "content", "fit"))

    assert key("a" * 64) == key("a" * 64) != key("b" * 64)


def test_what_study_and_file_disagree_on_is_told_before_any_work(folder):
    study = load_study("study.toml")
    written(
        chain(affine(np.random.default_rng(0), 3, N_CHANNELS), lif(3, 0.9), reads=(N_CHANNELS,), gives=(3,)), "o.nir"
    )
    named = {"systems.theirs.classifier.options.path": '"o.nir"'}
    with pytest.raises(InputError, match=f"system 'theirs': sha256 of o.nir .*sha256 = '{file_sha256(Path('o.nir'))}'"):
        check_study(load_study("study.toml", named), None)
    steps = {"systems.theirs.classifier.options.n_steps": "7"}
    with pytest.raises(
        InputError, match=r"system 'theirs': net\.nir: .*trained with 7 steps a clip; the encoder gives"
    ):
        check_study(load_study("study.toml", steps), None)
    (before,) = energies_before_training(study, None)
    assert before.energies
    heavy = nir.Affine(np.full((3, N_CHANNELS), 30.0), np.zeros(3))
    written(chain(heavy, lif(3, 0.9, 0.1), reads=(N_CHANNELS,), gives=(3,)), "o.nir")
    named["systems.theirs.classifier.options.sha256"] = f'"{file_sha256(Path("o.nir"))}"'
    with pytest.raises(InputError, match="its backend 'loihi-emulator' cannot run it: node 'node-1': a weight of 30"):
        check_study(load_study("study.toml", named), None)
