import pytest

from classical_baselines.harness.choices import InputError
from studies.plugins import load_plugins
from studies.registries import REGISTRIES, build
from studies.specification import Choice
from studies.study_file import catalogue, load_study

load_plugins()  # what `studies` offers itself
NEEDED = {"qiskit-backend": {"provider": "qiskit.providers.fake_provider:GenericBackendV2"}}  # has no default of ours


@pytest.mark.parametrize("what", sorted(REGISTRIES))
def test_every_entry_is_a_frozen_dataclass_that_stands_on_its_defaults(what):
    for name in REGISTRIES[what]:
        entry = build(what, Choice(name=name, options=NEEDED.get(name, {})))

        with pytest.raises(AttributeError):
            entry.anything = 1  # frozen
        assert name == name.lower()


def test_every_name_of_the_catalogue_is_known():
    for study in (load_study(name) for name in catalogue()):
        for system in study.systems:
            build("encoder", system.encoder)
            build("classifier", system.classifier)
            for run in system.runs:
                build("backend", run.backend)


def test_an_unknown_name_lists_the_entries_of_all_three_families():
    with pytest.raises(InputError, match=r"audio-transformer.*dense-snn.*qft-hybrid"):
        build("classifier", Choice(name="cnn"))


@pytest.mark.parametrize("what", sorted(REGISTRIES))
def test_every_entry_is_used_by_a_study_of_the_catalogue(what):
    """A part that no study runs is a toy."""
    texts = "".join(path.read_text(encoding="utf-8") for path in catalogue().values())

    assert {name for name in REGISTRIES[what] if f'name = "{name}"' not in texts} == set()
