"""State dicts that snnTorch itself writes, beside the graphs that it writes of the same networks."""

import re

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.nir_file import NirFile, file_sha256
from neuro.interchange.snntorch_state import read_state

nir = pytest.importorskip("nir")
pytest.importorskip("nirtorch")
snntorch = pytest.importorskip("snntorch")
from snntorch.export_nir import export_to_nir  # noqa: E402

SHAPE = EncodedShape("spikes", (12,), 20)


def leaky(n_neurons, reset="zero", beta=0.9, threshold=0.7):
    return snntorch.Leaky(
        beta=torch.full((n_neurons,), beta),
        threshold=torch.full((n_neurons,), threshold),
        reset_mechanism=reset,
        init_hidden=True,
    )


def net(first="zero", last="zero", **changes):
    return torch.nn.Sequential(
        torch.nn.Linear(12, 9), leaky(9, first, **changes), torch.nn.Linear(9, 3), leaky(3, last, beta=0.8)
    )


def system(tmp_path, graph_of, state_of, **given):
    """The options of a graph of one network beside the state of another."""
    nir.write(tmp_path / "net.nir", export_to_nir(graph_of, torch.rand(1, 12), ignore_dims=[0]))
    torch.save(state_of.state_dict() if isinstance(state_of, torch.nn.Module) else state_of, tmp_path / "net.pt")
    sha256 = file_sha256(tmp_path / "net.nir")
    return NirFile(str(tmp_path / "net.nir"), sha256, state_file=str(tmp_path / "net.pt"), **given)


@pytest.mark.parametrize("said", [{}, {"reset_mechanism": "zero"}])
def test_a_state_that_resets_to_zero_says_what_the_graph_does_not(tmp_path, said):
    one = net()
    made = system(tmp_path, one, one, **said)
    assert [(n.name, n.reset) for n in read_state(tmp_path / "net.pt").neurons] == [("1", "zero"), ("3", "zero")]
    assert made.build(SHAPE, 3).layers[1].layer.neuron.beta == pytest.approx(0.8)


@pytest.mark.parametrize("reset", ["subtract", "none"])
@pytest.mark.parametrize(("place", "layer"), [("first", "1"), ("last", "3")])
def test_another_reset_is_refused_by_layer_before_work_whatever_the_study_says(tmp_path, reset, place, layer):
    one = net(**{place: reset})
    made = system(tmp_path, one, one, reset_mechanism="zero")
    message = f"layer '{layer}' (node '{layer}') has reset_mechanism '{reset}'; a spike sets the potential to 0"
    with pytest.raises(InputError, match=re.escape(message) + '.*Train the network with reset_mechanism="zero"'):
        made.build(SHAPE, 3)
    with pytest.raises(InputError, match=re.escape(message)):
        made.check_file()


def test_a_potential_is_read_of_neurons_that_do_not_reset(tmp_path):
    one = net(last="none")
    assert system(tmp_path, one, one, readout="potential").build(SHAPE, 3).layers
    one = net(last="zero")
    with pytest.raises(InputError, match=r"layer '3' .*'zero'; with readout = 'potential'.*set readout to 'count'"):
        system(tmp_path, one, one, readout="potential").build(SHAPE, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": 0.85}, "layer '1' has beta of 0.85; the graph's node '1' has 0.9"),
        ({"threshold": 0.71}, "layer '1' has threshold of 0.71; the graph's node '1' has 0.7"),
        ({"threshold": float("nan")}, "layer '1' has threshold of nan"),
    ],
)
def test_a_state_of_another_network_is_refused_with_both_values(tmp_path, changes, message):
    with pytest.raises(InputError, match=re.escape(message)):
        system(tmp_path, net(), net(**changes)).check_file()


def test_other_weights_are_refused_with_both_values(tmp_path):
    one = net()
    state = one.state_dict()
    state["2.weight"] = state["2.weight"].clone()
    state["2.weight"][1, 4] = 7.5
    held = float(one[2].weight.detach()[1, 4])
    message = f"layer '2' of the state has a weight of 7.5 where the graph's node '2' has {held:g} (1 of 27 differ)"
    with pytest.raises(InputError, match=re.escape(message)):
        system(tmp_path, one, state).check_file()
    state["2.weight"][1, 4] = float("nan")
    with pytest.raises(InputError, match="layer '2' of the state has a weight of nan"):
        system(tmp_path, one, state).check_file()


def test_other_shapes_and_numbers_of_weights_are_refused(tmp_path):
    wider = torch.nn.Sequential(torch.nn.Linear(12, 8), leaky(8), torch.nn.Linear(8, 3), leaky(3, beta=0.8))
    with pytest.raises(InputError, match="layer '0' of the state has 8 x 12 weights; the graph's node '0' has 9 x 12"):
        system(tmp_path, net(), wider).check_file()
    one = net()
    more = one.state_dict() | {"head.weight": torch.zeros(2, 3)}
    with pytest.raises(InputError, match=r"the state has 3 layers of synapses \(0, 2, head\), the graph 2 \(0, 2\)"):
        system(tmp_path, one, more).check_file()


@pytest.mark.parametrize(
    "norm", [torch.nn.BatchNorm1d(9), torch.nn.BatchNorm1d(9, affine=False), torch.nn.LayerNorm(9)]
)
def test_a_norm_that_was_not_folded_is_refused_by_name(tmp_path, norm):
    one = net()
    with_norm = torch.nn.Sequential(one[0], norm, *one[1:])
    with pytest.raises(InputError, match=r"layer '1' of the state normalises 9 channels.*Fold it into the weights"):
        system(tmp_path, one, with_norm).check_file()


def test_other_layers_and_factors_of_spikes_are_refused(tmp_path):
    one = net()
    with pytest.raises(InputError, match=r"the state has 1 layers of neurons \(1\), the graph 2 \(1, 3\)"):
        system(tmp_path, one, one[:2]).check_file()
    one[3].graded_spikes_factor = torch.tensor(2.0)
    with pytest.raises(InputError, match="layer '3' has graded_spikes_factor of 2; the graph's node '3' has 1"):
        system(tmp_path, one, one).check_file()
    state = net().state_dict()
    del state["1.reset_mechanism_val"]
    with pytest.raises(InputError, match=r"layer '1' has no reset_mechanism_val of 0, 1 or 2.*Leave state_file out"):
        system(tmp_path, one, state).check_file()


def test_what_may_reset_late_has_to_be_said_beside_the_state(tmp_path):
    late = snntorch.RLeaky(
        beta=0.7, linear_features=9, threshold=0.7, reset_delay=False, reset_mechanism="zero", init_hidden=True
    )
    one = torch.nn.Sequential(torch.nn.Linear(12, 9), late, torch.nn.Linear(9, 3), leaky(3))
    with pytest.raises(InputError, match=r"layer '1' .*may reset a step late.*reset_delay=False"):
        system(tmp_path, one, one).check_file()
    system(tmp_path, one, one, reset_mechanism="zero").check_file()


def test_layers_of_other_names_are_those_in_the_same_place(tmp_path):
    one = net()
    renamed = {f"net.{name}": value for name, value in one.state_dict().items()}
    system(tmp_path, one, renamed).check_file()
    renamed["net.3.reset_mechanism_val"] = torch.tensor(0)
    with pytest.raises(InputError, match=r"layer 'net.3' \(node '3'\) has reset_mechanism 'subtract'"):
        system(tmp_path, one, renamed).check_file()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive at all", "is no file of tensors alone"),
        (b"", "is no file of tensors alone"),
        (None, "cannot be read \\(No such file"),
        ([torch.zeros(2)], "holds no state dict"),
        ({"weight": torch.zeros(2)}, "holds no neurons of snnTorch: none has a threshold"),
        (torch.nn.Linear(2, 2), "is no file of tensors alone"),  # a pickled module: its code would be run
    ],
)
def test_a_file_that_is_no_state_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "net.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(InputError, match=f"state_file = .*net.pt' {message}"):
        read_state(path)
