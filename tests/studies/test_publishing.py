# tests/studies/test_publishing.py
"""A published store counts every look at the test clips, of configurations that its study has no more too."""

from studies.publishing import publish_study
from studies.store import open_store
from tests.studies.fake_study import GROUND
from tests.studies.recomputing import LOOKS, SOME, STUDY, code, planned, run_here


def test_what_a_study_has_no_more_has_looked_all_the_same(tmp_path):
    store = open_store(tmp_path / "store", create=True)
    fewer = STUDY.model_copy(update={"systems": STUDY.systems[:1], "baseline": STUDY.systems[0].name})
    with code("a"):
        run_here(planned(store, only=SOME), store)
        assert store.looks(GROUND.content_hash) == LOOKS  # of three systems

        for _ in range(2):  # and no more of them where it is published again
            publish_study(fewer, planned(store, fewer, only=SOME), store, tmp_path / "published")
            published = open_store(tmp_path / "published")
            assert published.looks(GROUND.content_hash) == LOOKS
            assert len({look.configuration for look in published.earlier_looks()}) == 2
            assert published.verify() == []

        # cells that are published after all count as themselves
        publish_study(STUDY, planned(store, only=SOME), store, tmp_path / "published")
        assert open_store(tmp_path / "published").looks(GROUND.content_hash) == LOOKS


def test_a_store_without_such_looks_writes_none_down(tmp_path):
    store = open_store(tmp_path / "store", create=True)
    with code("a"):
        run_here(planned(store, only=SOME), store)
        publish_study(STUDY, planned(store, only=SOME), store, tmp_path / "published")

    assert not (tmp_path / "published" / "earlier_looks.json").exists()
