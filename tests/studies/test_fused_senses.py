"""Fusions beside the best single sense, by hand on made-up answers; the report's section."""

from dataclasses import replace

import numpy as np
import pytest

from studies.cell import CellResult, RunRecord, StudyCell
from studies.degradation import Degradation
from studies.fused_senses import NOTE, fusions_note, senses_table
from studies.paired_tests import holm, sign_flip_p_value
from studies.report.page import page_html
from studies.results import StudyResults
from studies.specification import Study
from tests.studies.synthetic_results import SPEAKERS, _front_end, _network, synthetic_results

N_CLIPS = 20
NOISY, BLIND = Degradation("sound", "noise", 0.2), Degradation("image", "missing")
# name: family, what it is shown, share right on validation and on test clips: whole, noisy sound, image missing
SYSTEMS = {
    "sound": ("classical", "sound", (0.8, 0.3, 0.8), (0.9, 0.4, 0.9)),
    "image": ("classical", "image", (0.7, 0.7, 0.1), (0.95, 0.95, 0.1)),
    "late": ("classical", "both", (0.9, 0.8, 0.5), (0.95, 0.6, 0.7)),
    "mid": ("classical", "both", (0.9, 0.8, 0.5), (1.0, 0.95, 0.2)),
    "hybrid": ("quantum", "both", (0.9, 0.8, 0.5), (0.9, 0.9, 0.9)),
    "spiking-image": ("neuro", "image", (0.6, 0.6, 0.1), (0.6, 0.6, 0.1)),  # worse than any other, and of the family
    "spiking": ("neuro", "both", (0.7, 0.7, 0.7), (0.8, 0.8, 0.8)),
}


def made(kinds=("fit", "test"), seeds=(0, 1)):
    study = Study.model_validate(
        {
            "schema": 1, "name": "two", "title": "Two", "question": "?", "seeds": list(seeds), "baseline": "image",
            "data": {"name": "fsdd-images"}, "protocols": [{"name": "leave-one-group-out"}],
            "front_ends": [
                {"name": "sound-and-image", "label": shown, "options": {"only": shown}}
                for shown in ("both", "sound", "image")
            ],
            "systems": [
                {
                    "name": name, "title": name.title(), "family": family, "front_end": shown,
                    "classifier": {"name": "x"},
                    "runs": [{"backend": {"name": "torch-float"}}, {"backend": {"name": "degraded-senses"}}],
                }
                for name, (family, shown, _, _) in SYSTEMS.items()
            ],
        }
    )  # fmt: skip
    wanted = [
        StudyCell("fsdd-images", "leave-one-group-out", fold, name, seed)
        for seed in seeds for fold in SPEAKERS for name in SYSTEMS
    ]  # fmt: skip
    found = {kind: {cell: result(cell, kind) for cell in wanted} for kind in kinds}
    return StudyResults(
        study=study,
        wanted=tuple(wanted),
        fits=found["fit"],
        tests=found.get("test", {}),
        provenances=synthetic_results().provenances,
    )


def result(cell, kind):
    _, shown, validation, test = SYSTEMS[cell.system]
    shares = validation if kind == "fit" else test
    targets = np.arange(N_CLIPS) % 10
    worse = SPEAKERS.index(cell.fold) % 2  # a clip less for every second speaker: groups differ

    def predicted(share):
        n_right = max(0, round(share * N_CLIPS) - worse)
        return np.where(np.arange(N_CLIPS) < n_right, targets, (targets + 1) % 10)

    logits = np.eye(10, dtype=np.float32)[predicted(shares[0])]
    degraded = [
        [one.sense, one.kind, one.value, predicted(share).tolist()]
        for one, share in ((NOISY, shares[1]), (BLIND, shares[2]))
        if shown in ("both", one.sense)
    ]
    own = RunRecord("torch-float", logits, _front_end() + _network("torch-float", 1e6), 0.1)
    asked = replace(own, backend="degraded-senses", notes={NOTE: {"of": "torch-float", "degraded": degraded}})
    group = cell.fold if kind == "test" else SPEAKERS[(SPEAKERS.index(cell.fold) + 1) % 6]
    return CellResult(
        kind=kind,
        label_names=tuple("0123456789"),
        clip_names=tuple(f"{group}-{i}.wav+digit{i:04d}" for i in range(N_CLIPS)),
        groups=(group,) * N_CLIPS,
        targets=targets.astype(np.int64),
        clip_seconds=1.016,
        n_training_clips=80,
        runs=(own, asked),
        training={"audit": {"groups_apart": True}},
    )


def test_the_single_sense_is_chosen_on_validation_clips_for_each_degradation_and_within_the_family():
    table = senses_table(made())

    assert table.conditions[0] is None and set(table.conditions[1:]) == {NOISY, BLIND}
    by_name = {row.system.name: row for row in table.fusions}
    assert set(by_name) == {"late", "mid", "hybrid", "spiking"}
    places = {one: place for place, one in enumerate(table.conditions)}
    assert {one.name for one in by_name.pop("spiking").single} == {"spiking-image"}
    for row in by_name.values():  # the image is better on test clips, and the sound on validation clips
        assert row.single[0].name == "sound"
        assert row.single[places[NOISY]].name == "image"
        assert row.single[places[BLIND]].name == "sound"


def test_accuracies_and_differences_are_those_on_paper():
    results = made()
    table = senses_table(results)
    places = {one: place for place, one in enumerate(table.conditions)}
    off = 0.5 / N_CLIPS  # every second speaker has a clip less

    shown = {row.system.name: row for row in table.rows}
    assert shown["late"].accuracies[0].estimate == pytest.approx(0.95 - off)
    assert shown["sound"].accuracies[places[NOISY]].estimate == pytest.approx(0.4 - off)
    assert shown["sound"].accuracies[places[BLIND]].estimate == pytest.approx(0.9 - off)  # it is blind to images
    assert shown["image"].accuracies[places[BLIND]].estimate == pytest.approx(0.1 - off)
    mid = {row.system.name: row for row in table.fusions}["mid"]
    assert mid.comparisons[0].difference == pytest.approx(1.0 - 0.9)
    assert mid.comparisons[places[NOISY]].difference == pytest.approx(0.95 - 0.95)
    assert mid.comparisons[places[BLIND]].difference == pytest.approx(0.2 - 0.9)
    assert mid.comparisons[0].n_units == 6
    assert all(row.evidence == "test" for row in table.rows)


def test_p_is_that_of_sign_flips_over_speakers_by_holm():
    table = senses_table(made())
    raw = [sign_flip_p_value([gain] * 6) for gain in (0.05, 0.1, 0.0, 0.2)]  # less the sound; less the spiking image

    assert [row.system.name for row in table.fusions] == ["late", "mid", "hybrid", "spiking"]
    assert [row.p_holm for row in table.fusions] == pytest.approx(holm(raw))


def test_the_note_says_how_small_a_p_six_speakers_and_four_fusions_allow():
    table = senses_table(made())

    least = sign_flip_p_value([1.0] * 6)  # all six one way
    assert least == 2 / 2**6
    assert f"below {least:.2g}, nor by Holm for 4 fusions below {4 * least:.2g}" in fusions_note(table)


def test_of_validation_clips_alone_they_choose_and_judge_and_the_page_says_so():
    results = made(kinds=("fit",))
    table = senses_table(results)

    assert {row.system.name: row for row in table.rows}["mid"].accuracies[0].estimate == pytest.approx(0.9 - 0.025)
    page = page_html(results)
    assert "No test clip was opened: the validation clips that chose the single sense also judge it." in page
    assert "image missing" in page and "sound, noise 0.2" in page


def test_the_page_holds_each_difference_beside_its_single_sense():
    page = page_html(made())
    section = page[page.index('id="two-senses"') :]

    assert "Accuracies are of test clips; the single sense was chosen on validation clips." in section
    assert "+10.0" in section and "−70.0" in section
    assert "The images have no writer ids" in section
    assert 'id="two-senses"' not in page_html(synthetic_results())
