# tests/classical_baselines/data/conftest.py
"""Tests read no data set and no cache but their own."""

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("TRICHORD_CACHE", str(folder))
    return folder
