# tests/studies/test_silent_clips.py
"""A silent clip that a code has no state for is refused by name before any training."""

from dataclasses import replace

import pytest

from classical_baselines.harness.choices import InputError
from studies import silent_clips
from studies.dry_run import check_study
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


def circuit(**encoder):
    return study(
        family="quantum",
        encoder={"name": "amplitude", "options": {"pool": [4, 8], **encoder}},
        classifier={"name": "qft-circuit", "options": {}},
        runs=[{"backend": {"name": "exact-states"}}],
    )


def silenced(whole, *numbers):
    waveform = whole.waveform.clone()
    waveform[list(numbers)] = 0
    return replace(whole, inputs={**whole.inputs, "waveform": waveform})


@pytest.mark.parametrize("amplitude", ["centred", "intensity", "sqrt"])
def test_silent_clips_are_refused_by_name_and_with_a_remedy(clips, amplitude):
    whole = clips()
    clips(silenced(whole, 3, 5))

    with pytest.raises(
        InputError,
        match=rf"study 'small', system 'one': 2 of {len(whole)} clips are silent .* the encoder 'amplitude' has no "
        rf"state for them: '{whole.names[3]}', '{whole.names[5]}'. Leave them out of the recordings, or give the "
        "encoder silence = 'uniform'",
    ):
        check_study(circuit(amplitude=amplitude), None)


def test_of_many_five_are_named_and_the_others_counted(clips, monkeypatch):
    monkeypatch.setattr(silent_clips, "CLIPS_AT_ONCE", 4)  # they are found in every part
    whole = clips()
    numbers = range(1, 13, 2)
    clips(silenced(whole, *numbers))

    named = ", ".join(repr(whole.names[number]) for number in list(numbers)[:5])
    with pytest.raises(InputError, match=rf"6 of {len(whole)} clips .*: {named} and 1 more\. Leave"):
        check_study(circuit(), None)


def test_where_silence_has_a_state_or_no_code_asks_for_one_it_passes(clips):
    clips(silenced(clips(), 3))

    check_study(circuit(silence="uniform"), None)
    check_study(study(), None)


def test_a_quiet_clip_is_not_silent(clips):
    whole = clips()
    waveform = whole.waveform.clone()
    waveform[3] *= 1e-4
    clips(replace(whole, inputs={**whole.inputs, "waveform": waveform}))

    check_study(circuit(), None)


def test_a_short_silent_clip_is_silent_too(clips):
    whole = clips()
    lengths = whole.n_samples.clone()
    lengths[3] = 300
    changed = replace(silenced(whole, 3), n_samples=lengths)
    clips(changed)

    with pytest.raises(InputError, match=f"1 of {len(whole)} clips are silent .*'{whole.names[3]}'"):
        check_study(circuit(), None)


def test_a_study_whose_codes_take_silence_reads_no_waveform(clips, monkeypatch):
    clips(silenced(clips(), 3))
    monkeypatch.setattr(silent_clips, "_silent", lambda _: pytest.fail("looked for silence"))

    check_study(study(), None)
