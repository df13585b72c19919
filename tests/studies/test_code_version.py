# tests/studies/test_code_version.py
"""The code version sees what a cell imports, and nothing that cannot change its outcome."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import code_version as module
from studies.code_version import closure, code_version, source_hash
from tests.studies.fake_study import fake_study

BODY = "def double(x: float) -> float:\n    return 2 * x\n"


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Modules written to a folder of their own, in place of the real packages."""

    def write(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / name.replace("__init", "/__init__").replace("_in_", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".py").write_text(text)
        for function in (module._path, module.source_of, module._read, module._code_of):
            function.cache_clear()

    monkeypatch.setattr(module, "SOURCE", tmp_path)
    yield write
    for function in (module._path, module.source_of, module._read, module._code_of):
        function.cache_clear()


@pytest.mark.parametrize(
    "same",
    [
        "# a comment\n" + BODY,
        '"""A docstring."""\n' + BODY,
        'def double(x: float) -> float:\n    """Twice x."""\n    return (2\n            * x)  # twice\n',
    ],
)
def test_comments_docstrings_and_layout_do_not_count(same):
    assert source_hash(same) == source_hash(BODY)


@pytest.mark.parametrize(
    "other", [BODY.replace("2", "3"), BODY.replace("2", "2.0"), BODY + "double(1)\n", "x = ''\n" + BODY]
)
def test_any_change_of_the_code_counts(other):
    assert source_hash(other) != source_hash(BODY)


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_constants_have_one_hash_only_if_they_are_equal(a, b):
    assert (source_hash(f"x = {a!r}") == source_hash(f"x = {b!r}")) == (a == b)


def test_imports_are_followed_through_functions_and_parents_but_not_through_a_registry(packages):
    packages(
        studies__init="",
        studies_in_pipeline="from studies.registries import ENTRIES\n\ndef late():\n    import neuro.helper\n",
        studies_in_registries="from quantum import ENTRIES\n",
        quantum__init="def _entry():\n    from quantum.heavy import Heavy\n    return Heavy\nENTRIES = {'x': _entry}\n",
        quantum_in_heavy="class Heavy: ...\n",
        neuro__init="",
        neuro_in_helper="import numpy\n",
    )

    assert closure(["studies.pipeline"]) == {
        *("studies", "studies.pipeline", "studies.registries"),
        *("quantum", "neuro", "neuro.helper"),
    }
    assert module._is_registry("quantum")
    assert not module._is_registry("neuro")


def test_the_version_of_a_real_system_has_its_own_modules_and_not_those_of_another():
    study = fake_study()

    modules = code_version(study, study.systems[0]).modules

    assert {"studies.pipeline", "classical_baselines.models.ds_cnn", "classical_baselines.front_ends.mel"} <= set(
        modules
    )
    assert {"classical_baselines.augment.spectrogram", "classical_baselines.augment.mixing"} <= set(modules)
    assert not [name for name in modules if name.startswith(("neuro.", "quantum."))]
    assert not {"studies.report", "studies.cli", "studies.store", "studies.statistics"} & set(modules)
    assert not {"studies.specification", "studies.code_version", "studies.dry_run"} & set(modules)


def test_it_takes_less_than_a_second_and_no_torch():
    code = (
        "import sys, time\n"
        "from tests.studies.fake_study import fake_study\n"
        "from studies.code_version import code_version\n"
        "study = fake_study(); started = time.process_time()\n"
        "for system in study.systems: code_version(study, system)\n"
        "print(time.process_time() - started, 'torch' in sys.modules)"
    )
    root = Path(__file__).parent.parent.parent
    started = time.monotonic()
    output = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    seconds, has_torch = output.split()

    assert float(seconds) < 1, f"in all {time.monotonic() - started:.1f} s"
    assert has_torch == "False"
