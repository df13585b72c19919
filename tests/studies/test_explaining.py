"""Trained systems being explained, on a small part of the embedded corpus."""

import csv
import json
from pathlib import Path

import librosa
import matplotlib
import numpy as np
import pytest
import tomli_w
import torch
from scipy.special import softmax

from classical_baselines.explain import EXPLAINERS
from classical_baselines.harness.choices import InputError
from studies import pipeline
from studies.cell import StudyCell
from studies.commands.explain import explain
from studies.commands.request import Request
from studies.explaining import PictureAxes, explainable, explained, scored
from studies.figures.explanation import column_ticks, explanation, row_ticks
from studies.grid import Ground, keep_ground
from studies.running import make_plan
from studies.store import open_store
from studies.worker import DONE, Task, run
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)
CNN = {"classifier": {"name": "ds-cnn", "options": {"stem_width": 8, "widths": [8], "strides": [2]}}}
FEATURES = {"classifier": {"name": "linear-model"}, "front_end": "handcrafted", "augment": False}
SPIKING = {
    "family": "neuro",
    "encoder": {"name": "rate", "options": {"n_steps": 4, "pool": [2, 4]}},
    "classifier": {"name": "dense-snn", "options": {"hidden": [16]}},
}
STATES = {
    "family": "quantum",
    "encoder": {"name": "amplitude"},
    "classifier": {"name": "circuit-removed", "options": {"widths": []}},
}
METHODS = tuple(EXPLAINERS)


def opened(made):
    fitted = pipeline.fit_cell(made, CELL, None)
    return fitted, explainable(made, CELL, fitted.weights, None)


def test_the_clip_that_is_explained_is_the_validation_clip_with_that_answer(clips):
    fitted, one = opened(study(**CNN))

    assert one.clips.names == fitted.result.clip_names
    assert set(one.clips.folds) == {"val"}
    for number in (0, 7, len(one.clips) - 1):
        logits = fitted.result.runs[0].logits[number]
        found = explained(one, number, ["gradient"])
        assert found.clip == fitted.result.clip_names[number]
        assert found.decided == one.clips.label_names[logits.argmax()]
        assert found.label == one.clips.label_names[fitted.result.targets[number]]
        assert found.probability == pytest.approx(softmax(logits.astype(float)).max(), abs=1e-5)


def test_a_trained_linear_layer_is_explained_by_its_own_weights(clips):
    fitted, one = opened(study())
    found = explained(one, 3, METHODS)
    weight = next(value for name, value in fitted.weights.items() if name.endswith("weight"))
    own = weight[one.clips.label_names.index(found.decided)].view(found.picture.shape).numpy()

    np.testing.assert_allclose(found.maps["gradient"].values, own, rtol=1e-6)
    np.testing.assert_allclose(found.maps["integrated-gradients"].values, own * found.picture, atol=1e-6)
    assert list(found.maps) == list(METHODS[:4]) and set(found.left_out) == set(METHODS[4:])
    assert found.left_out["grad-cam"] == "no convolution of it gives feature maps"


def test_silence_is_neutral_to_an_intensity_and_the_mean_of_training_clips_to_features(clips):
    assert (opened(study())[1].subject.neutral == 0).all()

    _, one = opened(study(**FEATURES))
    bench = pipeline.bench_of(study(**FEATURES), CELL, None)
    torch.testing.assert_close(one.subject.neutral, bench.intensity[list(bench.fold.train)].mean(0))
    assert one.axes == PictureAxes("feature", None, "part", None, is_intensity=False)


def test_paths_begin_in_silence_too_where_an_encoder_refuses_silent_clips(clips):
    _, one = opened(study(**STATES))

    found = explained(one, 0, ["integrated-gradients"])

    assert np.isfinite(found.maps["integrated-gradients"].values).all()
    assert np.abs(found.maps["integrated-gradients"].values).max() > 0


def test_bands_have_their_frequencies_and_frames_their_seconds(clips):
    made = study()
    _, one = opened(made)
    expected = librosa.mel_frequencies(n_mels=34, fmin=60, fmax=4000, htk=True)[1:-1]

    assert (one.axes.rows, one.axes.columns) == ("frequency, Hz", "time, s")
    np.testing.assert_allclose(one.axes.centres_hz, expected, atol=8000 / 256)  # within a Fourier bin
    assert one.axes.column_seconds == 128 / 8000


def test_ticks_stand_at_round_frequencies_and_seconds():
    axes = PictureAxes("frequency, Hz", (100.0, 300.0, 700.0, 1500.0, 3100.0), "time, s", 0.016, is_intensity=True)

    places, names = row_ticks(axes, 5)
    assert names == ["100", "200", "500", "1k", "2k"]
    np.testing.assert_allclose(places, [0, 0.5, 1.5, 2 + 3 / 8, 3 + 5 / 16])
    places, names = column_ticks(axes, 64)
    assert names == ["0", "0.5", "1"]
    np.testing.assert_allclose(places, [0, 31.25, 62.5])
    assert row_ticks(PictureAxes("band", None, "frame", None, is_intensity=True), 9)[1] == ["0", "2", "4", "6", "8"]


def test_a_card_is_a_mean_over_clips_that_lie_far_apart(clips):
    _, one = opened(study())
    (few,) = scored(one, 4, ["gradient-times-input"])
    (card,) = scored(one, 10_000, ["gradient-times-input", "grad-cam"])  # one of them does not apply

    assert (few.n_clips, card.n_clips) == (4, len(one.clips))
    assert few.method == card.method == "gradient-times-input"
    assert card.faithfulness > 0.2 and card.insertion > card.deletion


def test_every_system_has_a_line_and_every_method_that_applies_somewhere_a_column(clips):
    explanations = [explained(opened(study(**system))[1], 0, METHODS) for system in ({}, CNN, FEATURES, SPIKING)]
    drawing = explanation(explanations)

    assert isinstance(drawing.figure, matplotlib.figure.Figure)
    titles = [ax.get_title(loc="center") for ax in drawing.figure.axes if ax.get_title(loc="center")]
    assert titles == list(METHODS[:6])  # no transformer, so no attention
    panels = drawing.figure.axes[: 4 * 7]
    texts = [text.get_text() for ax in panels for text in ax.texts]
    assert len(texts) == 2 * 3 and "its maps are spikes,\nstep by step" in texts
    assert f"P = {explanations[1].probability:.2f}" in panels[7].get_title(loc="left")
    assert len(drawing.records) == sum(one.picture.size * len(one.maps) for one in explanations)


@pytest.fixture
def stored(clips, tmp_path, monkeypatch):
    """A study file of two systems, of which the store holds the first one trained."""
    made = study(**CNN)
    first = made.systems[0]
    slower = first.training.model_copy(update={"learning_rate": 1e-4})
    made = made.model_copy(update={"systems": (first, first.model_copy(update={"name": "two", "training": slower}))})
    path = tmp_path / "small.toml"
    record = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    path.write_text(tomli_w.dumps(record), encoding="utf-8")
    store = open_store(tmp_path / "store", create=True)
    ground = Ground(clips().content_hash, {"official-split": ("official",)})
    keep_ground(made, ground, store)
    plan = make_plan(made, ground, store, confirm=False, only="seed=1,system=one")
    ((cell, kinds, probes),) = plan.tasks
    assert run(Task(made, cell, kinds, ground, store, None, {}, probes=probes)) == DONE
    monkeypatch.chdir(tmp_path)
    return path, store


def asked(stored, **options):
    path, store = stored
    chosen = {"systems": None, "methods": "gradient,grad-cam", "clip": None, "fold": None, "seed": None}
    chosen |= {"out": None, "scores": False, "score_clips": 4, "as_json": False}
    return explain(Request(str(path), store=options.pop("store", store.path)), **(chosen | options))


def test_the_command_draws_what_has_weights_and_says_what_has_none(stored, capsys, tmp_path):
    assert asked(stored) == 0

    said = capsys.readouterr()
    assert "Left out: two, of which the store has no weights." in said.err
    assert "official-split, fold official, seed 1" in said.out and "a validation clip" in said.out
    assert (tmp_path / "reports/small/explanation.png").read_bytes().startswith(b"\x89PNG")


def test_the_numbers_behind_the_figure_are_the_maps(stored, capsys, tmp_path):
    path, store = stored
    made = Request(str(path)).open_study()
    (key,) = store.keys()
    one = explainable(
        made, StudyCell("synthetic", "official-split", "official", "one", 1), store.load_weights(key), None
    )
    clip = one.clips.names[5]
    expected = explained(one, 5, ["gradient", "grad-cam"])

    assert asked(stored, systems="one", clip=clip, out=tmp_path / "maps.csv") == 0

    rows = list(csv.DictReader((tmp_path / "maps.csv").open(encoding="utf-8")))
    for method, saliency in expected.maps.items():
        values = [float(row["saliency"]) for row in rows if row["method"] == method]
        np.testing.assert_allclose(np.reshape(values, saliency.values.shape), saliency.values, rtol=1e-5, atol=1e-9)
    assert {row["clip"] for row in rows} == {clip} and capsys.readouterr().out.endswith("maps.csv\n")


def test_scores_are_printed_in_columns_and_as_json(stored, capsys, tmp_path):
    assert asked(stored, systems="one", scores=True, out=tmp_path / "a.svg", as_json=True) == 0
    record = json.loads(capsys.readouterr().out)

    assert (record["fold"], record["seed"], record["evidence"]) == ("official", 1, "validation")
    assert [(card["system"], card["method"], card["n_clips"]) for card in record["scores"]] == [
        ("one", "gradient", 4),
        ("one", "grad-cam", 4),
    ]
    assert asked(stored, systems="one", scores=True, out=tmp_path / "a.svg") == 0
    said = capsys.readouterr().out
    assert f"{record['scores'][1]['insertion']:.3f}" in said and "means over 4 validation clips" in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"methods": "grad-cam,lime"}, "No method of explanation is called 'lime'. Choose one of: attention,"),
        ({"systems": ","}, "--system ',' names nothing. .* without --system it is every contender"),
        ({"methods": ""}, "--method '' names nothing"),
        ({"systems": "three"}, "No system is called 'three'"),
        ({"systems": "one,two"}, "no weights of two for the fold official and the seed 1.*seed=1,system=two"),
        ({"seed": 0}, "has no weights of one, two for the fold official and the seed 0"),
        ({"seed": 9}, "--seed 9: it is none of the study's seeds. Choose one of: 0, 1"),
        ({"fold": "george"}, "--fold george: no fold of official-split is called that. Choose one of: official"),
        ({"clip": "test-voice-01/rise-0.wav"}, "No validation clip .* test clips are not opened"),
        ({"score_clips": 0}, "--score-clips 0: give 1 to"),
        ({"out": "maps.gif"}, "--out maps.gif: the ending says the format"),
        ({"out": "."}, "the ending says the format"),
        ({"store": "nowhere"}, "is no store"),
    ],
)
def test_what_cannot_be_explained_is_said_with_what_to_do(stored, options, reason):
    options = {name: Path(value) if name in ("out", "store") else value for name, value in options.items()}
    with pytest.raises(InputError, match=reason):
        asked(stored, **options)


def test_published_cells_have_no_weights_and_the_message_names_the_commands(stored, tmp_path):
    _, store = stored
    store.publish(sorted(store.keys()), tmp_path / "published")

    reason = (
        r"Published cells have none.*`trichord new my-small --from small`, `trichord run my-small.toml --only fold="
    )
    with pytest.raises(InputError, match=reason):
        asked(stored, seed=1, systems="one", store=tmp_path / "published")
