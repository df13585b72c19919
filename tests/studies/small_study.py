"""A study of one system on a small part of the embedded corpus, and the fixture that gives it its clips."""

import pytest

from classical_baselines.data.synthetic import synthetic_clips
from studies import pipeline
from studies.specification import Study


def study(**system):
    return Study.model_validate(
        {
            "schema": 1,
            "name": "small",
            "title": "Small",
            "question": "Does a cell hold together?",
            "seeds": [0, 1],
            "baseline": "one",
            "data": {"name": "synthetic"},
            "front_ends": [{"name": "log-mel"}, {"name": "handcrafted"}],
            "protocols": [{"name": "official-split"}],
            "augmentation": {"speeds": [0.9, 1.0], "time_shift_frames": 3, "mixup_alpha": 0.2},
            "systems": [
                {
                    "name": "one",
                    "family": "classical",
                    "classifier": {"name": "linear-layer"},
                    "training": {"n_epochs": 2, "learning_rate": 1e-3},
                    "runs": [{"backend": {"name": "torch-float"}}],
                    **system,
                }
            ],
        }
    )


@pytest.fixture
def clips(monkeypatch, tmp_path):
    """A twelfth of the corpus, all voices in it; the cache is the test's own."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    whole = synthetic_clips()
    part = whole.subset(range(0, len(whole), 12))

    def give(changed=part):
        monkeypatch.setattr(pipeline, "load_study_clips", lambda study, data_root: changed)
        return changed

    give()
    return give
