"""Each degradation covers what it says and nothing else, of every clip, alike for every system."""

import numpy as np
import pytest
import torch

from classical_baselines.data.two_senses.digit_images import digit_images
from classical_baselines.front_ends.sound_and_image import gathered, spread
from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.seeds import generator_for, seeded_globally
from classical_baselines.harness.unencoded import Unencoded
from studies.degradation import Degradation
from studies.degraded_senses import DegradedSenses, degraded
from studies.plugins import load_plugins
from studies.registries import CLASSIFIERS
from studies.specification import Study
from studies.two_senses import check_degraded_runs

N_CLIPS, N_MELS, N_FRAMES = 40, 6, 20
OWN = torch.arange(N_CLIPS) % N_FRAMES + 1  # frames that each clip has


def pictures(rows_per_pixel=2):
    generator = torch.Generator().manual_seed(0)
    sound = 0.1 + 0.8 * torch.rand(N_CLIPS, N_MELS, N_FRAMES, generator=generator)
    sound = sound * (torch.arange(N_FRAMES) < OWN[:, None, None])
    images = torch.rand(N_CLIPS, 8, 8, generator=generator) * 0.9 + 0.05
    return torch.cat([sound, spread(images, N_FRAMES, rows_per_pixel)], dim=1), images


@pytest.mark.parametrize("kind", ["noise", "occlusion", "missing"])
@pytest.mark.parametrize("sense", ["sound", "image"])
def test_the_other_sense_stays_as_it_is_and_nothing_given_is_changed(sense, kind):
    whole, _ = pictures()
    given = whole.clone()
    value = {"noise": 0.3, "occlusion": 0.5 if sense == "sound" else 3, "missing": 0.0}[kind]

    found = degraded(whole, N_MELS, Degradation(sense, kind, value))

    other = slice(N_MELS, None) if sense == "sound" else slice(None, N_MELS)
    own = slice(None, N_MELS) if sense == "sound" else slice(N_MELS, None)
    assert torch.equal(whole, given)
    assert torch.equal(found[:, other], whole[:, other])
    assert all(not torch.equal(a, b) for a, b in zip(found[:, own], whole[:, own], strict=True))
    assert float(found.min()) >= 0 and float(found.max()) <= 1


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_so_large_a_share_of_a_sounds_own_frames_is_silent_in_one_piece(share):
    whole, _ = pictures()
    found = degraded(whole, N_MELS, Degradation("sound", "occlusion", share))

    for clip, n_own in enumerate(OWN.tolist()):
        changed = [t for t in range(N_FRAMES) if not np.array_equal(found[clip, :, t], whole[clip, :, t])]
        assert len(changed) == max(1, round(share * n_own))  # Python rounds halves to even, as torch does
        assert changed == list(range(changed[0], changed[0] + len(changed)))
        assert changed[-1] < n_own
        assert not found[clip, :N_MELS, changed].any()


@pytest.mark.parametrize("side", [1, 4, 8])
def test_a_square_of_so_many_pixels_is_paper_and_lies_anywhere(side):
    whole, images = pictures()
    found = gathered(degraded(whole, N_MELS, Degradation("image", "occlusion", side))[:, N_MELS:]).numpy()

    corners = set()
    for image, before in zip(found, images.numpy(), strict=True):
        rows, columns = np.nonzero(image != before)
        assert len(rows) == side * side
        assert np.ptp(rows) == np.ptp(columns) == side - 1
        assert not image[rows, columns].any()
        corners.add((int(rows.min()), int(columns.min())))
    assert len(corners) == 1 if side == 8 else len(corners) > 8


def test_a_pixel_is_degraded_before_it_is_spread():
    whole, _ = pictures(rows_per_pixel=3)
    for degradation in (Degradation("image", "noise", 0.3), Degradation("image", "occlusion", 3)):
        rows = degraded(whole, N_MELS, degradation)[:, N_MELS:]
        assert torch.equal(rows, spread(gathered(rows), N_FRAMES, 3))
        thin = degraded(pictures(rows_per_pixel=1)[0], N_MELS, degradation)[:, N_MELS:]
        assert torch.equal(gathered(thin), gathered(rows))  # whatever the rows of a pixel


def test_noise_has_the_deviation_that_it_says_where_no_limit_is_met():
    whole = torch.full((200, N_MELS + 8, 16), 0.5)
    for sense, rows in (("sound", slice(None, N_MELS)), ("image", slice(N_MELS, None))):
        noise = degraded(whole, N_MELS, Degradation(sense, "noise", 0.1))[:, rows] - 0.5
        noise = gathered(noise) if sense == "image" else noise
        assert float(noise.std()) == pytest.approx(0.1, rel=0.03)
        assert float(noise.mean()) == pytest.approx(0, abs=0.003)


def system(sense="both", seed=0):
    rows = {"both": N_MELS + 16, "sound": N_MELS, "image": 16}[sense]
    with seeded_globally(seed, "weights"):
        network = CLASSIFIERS["linear-layer"]()().build(Unencoded().shape(rows, N_FRAMES), 10)
    whole = pictures()[0]
    shown = {"both": whole, "sound": whole[:, :N_MELS], "image": whole[:, N_MELS:]}[sense]
    return Trained(Unencoded(), network.eval(), shown), shown


@pytest.mark.parametrize("sense", ["both", "sound", "image"])
def test_the_outcome_is_the_backends_own_and_the_note_holds_what_it_says_of_degraded_pictures(sense):
    load_plugins()
    trained, shown = system(sense)
    backend = DegradedSenses(sound_rows=0 if sense == "image" else N_MELS)
    outcome = backend.run(trained, shown, generator_for(0, "backend"))

    with torch.no_grad():
        torch.testing.assert_close(outcome.logits, trained.classifier(shown))
        kept = outcome.notes["degraded_senses"]["degraded"]
        assert {one[0] for one in kept} == ({"sound", "image"} if sense == "both" else {sense})
        assert len(kept) == (10 if sense == "both" else 5)
        for of, kind, value, predicted in kept:
            picture = degraded(shown, backend.sound_rows, Degradation(of, kind, value))
            assert predicted == trained.classifier(picture).argmax(dim=1).tolist()


def test_systems_and_seeds_are_given_the_same_pictures(monkeypatch):
    load_plugins()
    given = []
    run = TorchFloat.run

    def listening(self, one, picture, *rest, **more):
        given.append(picture)
        return run(self, one, picture, *rest, **more)

    monkeypatch.setattr(TorchFloat, "run", listening)
    for seed in (0, 1):
        trained, shown = system(seed=seed)
        DegradedSenses(sound_rows=N_MELS).run(trained, shown, generator_for(seed, "backend"))

    assert len(given) == 22
    assert all(torch.equal(one, other) for one, other in zip(given[:11], given[11:], strict=True))


def test_what_cannot_be_degraded_so_is_refused():
    load_plugins()
    for options, said in (
        ({"of": "degraded-senses"}, "names itself"),
        ({"sound_rows": -1}, r"sound_rows must be 0 .* got -1"),
        ({"noise": (0.1, 0.1)}, r"noise names at most 16 values, each once; got \[0.1, 0.1\]"),
        ({"sound_occlusion": (1.5,)}, r"sound_occlusion must lie above 0 and at most at 1; got \[1.5\]"),
        ({"image_occlusion": (9,)}, r"image_occlusion must lie above 0 and at most at 8; got \[9\]"),
    ):
        with pytest.raises(InputError, match=said):
            DegradedSenses(**options)
    trained, shown = system()
    with pytest.raises(InputError, match=r"above the 7 rows of the sound stand 0, 8, 16, .* the picture has 22 rows"):
        DegradedSenses(sound_rows=7).run(trained, shown, generator_for(0, "backend"))


def study(front_end, degraded_options, own=("torch-float", {})):
    runs = [{"backend": {"name": own[0], "options": own[1]}}]
    runs.append({"backend": {"name": "degraded-senses", "options": degraded_options}})
    one = {"name": "one", "family": "classical", "classifier": {"name": "linear-layer"}, "runs": runs}
    return Study.model_validate(
        {
            "schema": 1, "name": "s", "title": "S", "question": "?", "seeds": [0], "baseline": "one",
            "data": {"name": "fsdd-images"}, "protocols": [{"name": "leave-one-group-out"}],
            "front_ends": [front_end], "systems": [one],
        }
    )  # fmt: skip


def test_what_the_backend_is_told_is_held_against_the_system_before_any_work():
    load_plugins()
    image = {"name": "sound-and-image", "options": {"only": "image"}}
    for front_end, options, said in (
        ({"name": "sound-and-image"}, {}, None),
        (image, {"sound_rows": 0}, None),
        (image, {}, r"told sound_rows = 32, and the front end 'sound-and-image' gives the sound 0"),
        ({"name": "sound-and-image"}, {"of": "int8"}, "asks 'int8' for decisions, which is no run of the system"),
        ({"name": "log-mel"}, {}, "the front end 'log-mel' shows no image beside a sound"),
    ):
        made = study(front_end, options)
        if said is None:
            check_degraded_runs(made, made.systems[0])
        else:
            with pytest.raises(InputError, match=said):
                check_degraded_runs(made, made.systems[0])


def test_hidden_pixels_of_a_real_digit_are_those_of_a_square():
    """scikit-learn's first image, a 0: no ink is left within the square and none is lost outside."""
    image = torch.from_numpy(digit_images().pixels[:1].astype(np.float32)) / 16
    found = gathered(degraded(spread(image, 16, 1), 0, Degradation("image", "occlusion", 4)))
    lost = (image - found)[0]
    rows, columns = lost.nonzero(as_tuple=True)
    assert int(rows.max() - rows.min()) < 4 and int(columns.max() - columns.min()) < 4
    assert float(lost.min()) == 0
