"""Accuracy by device and by city, against plain counting of names; the report's section."""

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy import stats

from studies.recording_conditions import conditions_of, device_of, has_recording_conditions
from studies.report.page import page_html
from tests.studies.synthetic_results import synthetic_results

DEVICES = ("a", "b", "s4")
CITIES = ("lyon", "milan")
MISSED = {"a": 5, "b": 3, "s4": 2}  # every so many clips


def place_of(clip):
    return f"{CITIES[clip % 2]}-{clip % 7}"


def named(one, devices=DEVICES):
    """A cell as if its clips were of scenes: of ten scenes, seven places and so many devices."""
    names = tuple(
        f"audio/scene{int(target)}-{place_of(i)}-{i}-{devices[i // 10 % len(devices)]}.wav"
        for i, target in enumerate(one.targets)
    )
    return replace(one, clip_names=names, groups=tuple(place_of(i) for i in range(len(names))))


def said(one):
    """Logits that miss every so many clips of a device."""
    missed = [i % MISSED[device_of(name)] == 0 for i, name in enumerate(one.clip_names)]
    return 99 * np.eye(10)[(one.targets + np.array(missed)) % 10]


@pytest.fixture(scope="module")
def scenes():
    results = synthetic_results()
    first = [cell for cell in results.tests if cell.protocol == "official" and cell.seed == 0]
    fits = {cell: named(results.fits[cell], DEVICES[:2]) for cell in first}
    tests = {}
    for cell in first:
        one = named(results.tests[cell])
        tests[cell] = replace(one, runs=tuple(replace(run, logits=said(one)) for run in one.runs))
    return replace(results, fits=fits, tests=tests)


def the_row(scenes):
    return next(row for row in scenes.rows if row.headline and row.protocol == "official")


def of_clips(scenes, row):
    (cell,) = [one for one in scenes.tests if one.system == row.system.name]
    one = scenes.tests[cell]
    right = np.argmax(said(one), axis=1) == one.targets
    return [
        (*name.removesuffix(".wav").split("-")[1::3], place, int(target), bool(hit))
        for name, place, target, hit in zip(one.clip_names, one.groups, one.targets, right, strict=True)
    ]  # (city, device, place, scene, right)


def test_devices_and_cities_are_counted_by_their_names(scenes):
    row = the_row(scenes)
    clips = of_clips(scenes, row)

    found = {(one.kind, one.name): one for one in conditions_of(row, scenes)}

    assert list(found) == [*(("device", one) for one in DEVICES), *(("city", one) for one in CITIES)]
    for (kind, name), one in found.items():
        own = [clip for clip in clips if clip[kind == "device"] == name]
        assert one.n_clips == len(own)
        assert one.n_places == len({place for *_, place, _, _ in own})
        by_scene = [fmean(hit for *_, scene, hit in own if scene == k) for k in {clip[3] for clip in own}]
        assert one.by_scene == pytest.approx(fmean(by_scene))
        by_place = [fmean(hit for *_, place, _, hit in own if place == p) for p in {clip[2] for clip in own}]
        assert one.accuracy.estimate == pytest.approx(fmean(by_place))


def test_a_device_is_held_against_the_reference_place_by_place(scenes):
    row = the_row(scenes)
    clips = of_clips(scenes, row)

    def by_place(device):
        own = [(place, hit) for _, one, place, _, hit in clips if one == device]
        return {where: fmean(hit for place, hit in own if place == where) for where, _ in own}

    found = {one.name: one for one in conditions_of(row, scenes) if one.kind == "device"}

    assert found["a"].less_reference is None
    for device in ("b", "s4"):
        own, reference = by_place(device), by_place("a")
        falls = [own[place] - reference[place] for place in sorted(own.keys() & reference.keys())]
        half = stats.t.ppf(0.975, len(falls) - 1) * stdev(falls) / len(falls) ** 0.5
        fall = found[device].less_reference
        assert (fall.mean, fall.n_places) == (pytest.approx(fmean(falls)), len(falls))
        assert (fall.low, fall.high) == (pytest.approx(fmean(falls) - half), pytest.approx(fmean(falls) + half))


def test_a_device_that_no_validation_clip_has_is_said_to_be_unheard(scenes):
    found = conditions_of(the_row(scenes), scenes)

    assert {one.name for one in found if not one.heard} == {"s4"}


def test_the_report_shows_devices_where_names_tell_them_alone(scenes):
    assert has_recording_conditions(scenes)
    assert not has_recording_conditions(synthetic_results())

    page = page_html(scenes)
    section = page[page.index('id="recording-conditions"') :]
    fall = next(one for one in conditions_of(the_row(scenes), scenes) if one.name == "s4").less_reference
    assert f"{100 * fall.mean:+.1f}".replace("-", "−") in section
    assert "s4" in section and "milan" in section
    assert 'id="recording-conditions"' not in page_html(synthetic_results())
