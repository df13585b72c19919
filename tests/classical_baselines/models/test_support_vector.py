# tests/classical_baselines/models/test_support_vector.py
import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.support_vector import SupportVectorMachine, one_versus_rest
from tests.classical_baselines.models.test_linear import SHAPE, clips


def fitted(n_classes, **options):
    machine = SupportVectorMachine(**options).build(SHAPE, n_classes)
    features, targets = clips(n_classes)
    assert machine.fit_directly(features, targets, seed=0)
    return machine, features, targets


@pytest.mark.parametrize("n_classes, options", [(2, {}), (3, {}), (5, {"c": 0.5}), (4, {"gamma": 0.3})])
def test_its_logits_are_the_decision_function_of_scikit_learn(n_classes, options):
    machine, features, targets = fitted(n_classes, **options)
    unseen, _ = clips(n_classes, seed=1)

    logits = machine(unseen)

    def standardised(pictures):
        return machine.standardise(pictures.flatten(1).double()).numpy()

    # libsvm stops within 1e-3 of the optimum, so where it stops hangs on the last digit of what it is given:
    # the peer gets the very same features, whose standardisation is held against scikit-learn's below.
    peer = SVC(C=options.get("c", 10.0), gamma=options.get("gamma", "scale"))
    peer.fit(standardised(features), targets.numpy())
    expected = peer.decision_function(standardised(unseen))
    if n_classes == 2:
        expected = np.stack([-expected, expected], axis=1)
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-5)
    scaler = StandardScaler().fit(features.flatten(1).double().numpy())
    np.testing.assert_allclose(standardised(unseen), scaler.transform(unseen.flatten(1).double().numpy()), atol=1e-5)
    assert machine(features).dtype == torch.float32


def test_votes_rank_first_and_the_sum_of_decisions_settles_a_tie():
    # 0 beats 1, 1 beats 2, 2 beats 0: one win each, sums 1 - 3 = -2, -1 + 0.5 = -0.5 and 3 - 0.5 = 2.5.
    values = one_versus_rest(torch.tensor([[1.0, -3.0, 0.5]], dtype=torch.float64), 3)

    assert values[0].tolist() == pytest.approx([1 - 2 / 9, 1 - 0.5 / 4.5, 1 + 2.5 / 10.5])


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_fitted_machine_goes_through_a_file_whatever_its_size(n_classes):
    machine, features, _ = fitted(n_classes)
    stored = save({name: value.contiguous().clone() for name, value in machine.state_dict().items()})

    copy = SupportVectorMachine().build(SHAPE, n_classes)
    copy.load_state_dict(load(stored))

    assert torch.equal(copy(features), machine(features))
    assert copy.state_dict().keys() == machine.state_dict().keys()


def test_a_file_with_a_missing_part_is_refused():
    machine, _, _ = fitted(3)
    state = machine.state_dict()
    del state["support_vectors"]

    with pytest.raises(RuntimeError, match="support_vectors"):
        SupportVectorMachine().build(SHAPE, 3).load_state_dict(state)


def test_the_counts_are_those_on_paper():
    machine, features, _ = fitted(4)
    n = len(machine.support_vectors)

    counts = machine.count_operations(features)

    of = dict(counts.counts)
    assert of["network", "kernel", "mac_fp32"] == n * 12 + 12 + n
    assert of["network", "kernel", "transcendental_fp32"] == n
    assert of["network", "kernel", "sram_bytes"] == 4 * (n * 12 + n + 2 + 12 + n)
    # A support vector of one class takes part in the 3 pairs of its class.
    assert of["network", "decisions", "mac_fp32"] == n * 3
    assert of["network", "decisions", "add_fp32"] == 6
    assert of["network", "standardise", "add_fp32"] == 12
    assert of["readout", "votes", "compare_fp32"] == 6
    assert of["readout", "votes", "add_fp32"] == 6 * 3 + 2 * 4
    assert counts.stages() == ("network", "readout")


def test_before_the_fit_it_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"has not been fitted\. Call fit_directly"):
        SupportVectorMachine().build(SHAPE, 3)(torch.zeros(1, 3, 4))


def test_impossible_options_and_spikes_are_refused():
    with pytest.raises(InputError, match="c must be greater than 0"):
        SupportVectorMachine(c=-1.0)
    with pytest.raises(InputError, match="gamma must be greater than 0, or 'scale'; got 'auto'"):
        SupportVectorMachine(gamma="auto")
    with pytest.raises(InputError, match="'spikes'"):
        SupportVectorMachine().build(EncodedShape("spikes", (3, 4), 8), 3)
