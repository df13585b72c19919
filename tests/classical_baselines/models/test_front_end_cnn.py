"""A learnt front end before a CNN: the fixed control equals log-mel and the CNN; masks are for training alone."""

import pytest
import torch

from classical_baselines.front_ends.front_end_operations import count_fourier
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.waveform import Waveform
from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.front_end_cnn import FRONT_ENDS, FrontEndCnn, masked
from classical_baselines.models.residual_cnn import ResidualCnn

SAMPLES = EncodedShape("intensity", (1, 4000))
SMALL = {
    "log-mel": {},
    "leaf": {"n_filters": 8},
    "efficient-leaf": {"n_filters": 8, "n_groups": 2},
    "differentiable-stft": {"windows": "frame", "learn_hop": True},
    "multi-resolution": {"windows": (100, 400)},
}
DS_CNN = {"stem_width": 8, "widths": (8, 8), "strides": (1, 2)}


def clips(n=4):
    return 0.2 * torch.randn(n, 4000, generator=torch.Generator().manual_seed(0))


def built(front_end, seed=0, **options):
    torch.manual_seed(seed)
    options = {"front_end_options": SMALL[front_end], "body_options": DS_CNN, **options}
    return FrontEndCnn(8000, front_end, **options).build(SAMPLES, 5)


@pytest.mark.parametrize(("body", "options"), [("ds-cnn", DsCnn), ("residual-cnn", ResidualCnn)])
def test_the_control_is_the_log_mel_front_end_and_the_same_body(body, options):
    network = built("log-mel", body=body, body_options={}).eval()
    apart = options().build(EncodedShape("intensity", (32, 32)), 5)
    apart.load_state_dict(network.body.state_dict())
    levels = LogMel()(clips(), torch.full((4,), 4000), 8000)

    logits = network(Waveform()(clips(), torch.full((4,), 4000), 8000))

    torch.testing.assert_close(logits, apart.eval()(1 + levels / 50), atol=1e-4, rtol=1e-4)
    assert network.n_parameters() == apart.n_parameters()


@pytest.mark.parametrize("front_end", sorted(FRONT_ENDS))
def test_its_cost_is_that_of_its_front_end_and_its_body(front_end):
    network = built(front_end).eval()
    counts = classifier_operations(network, clips()[:, None])
    picture = network.front_end(clips(1))
    of_front_end = count_modules(network.front_end, clips(1))
    of_body = count_modules(
        network.body,
        picture if network.front_end.n_channels == 1 else picture.unflatten(1, (-1, network.front_end.n_bands)),
    )

    assert counts.stages() == ("network",)
    for operation in ("mac_fp32", "add_fp32", "multiply_fp32", "compare_fp32", "transcendental_fp32"):
        assert counts.total(operation) == of_front_end.total(operation) + of_body.total(operation)
    if front_end == "log-mel":
        of_fourier = sum(
            n
            for (_, layer, operation), n in counts
            if operation == "sram_bytes" and layer in {"front_end.fourier", "front_end.butterflies"}
        )
        assert of_fourier == count_fourier(256, 32).total("sram_bytes")


@pytest.mark.parametrize("front_end", ["efficient-leaf", "multi-resolution"])
def test_a_picture_of_two_channels_goes_into_a_stem_that_reads_two(front_end):
    options = SMALL[front_end] | ({"fusion": "channels"} if front_end == "multi-resolution" else {})
    network = built(front_end, front_end_options=options).eval()
    picture = network.front_end(clips())
    stem = network.body.stem.convolution
    first, second = picture.chunk(2, dim=1)

    assert stem.weight.shape == (8, 2, 5, 5)
    maps = sum(
        torch.nn.functional.conv2d(part[:, None], stem.weight[:, [i]], None, stem.stride, stem.padding)
        for i, part in enumerate((first, second))
    )
    expected = torch.relu(network.body.stem.norm(maps))
    seen = []
    network.body.stem.register_forward_hook(lambda module, inputs, output: seen.append(output))
    network(clips()[:, None])
    torch.testing.assert_close(seen[0], expected, atol=1e-4, rtol=1e-4)


def test_masks_hide_one_stretch_of_bands_and_of_frames_of_each_clip():
    torch.manual_seed(0)
    pictures = torch.ones(50, 2, 20, 30)

    hidden = masked(pictures, 6, 9) == 0

    assert torch.equal(hidden[:, 0], hidden[:, 1])
    bands = hidden[:, 0].all(dim=2)
    frames = hidden[:, 0].all(dim=1)
    assert torch.equal(hidden[:, 0], bands[:, :, None] | frames[:, None, :])
    for rows, widest in ((bands, 6), (frames, 9)):
        widths = rows.sum(dim=1)
        assert widths.max() == widest and widths.min() == 0
        starts = (rows.int().diff(dim=1) == 1).sum(dim=1) + rows[:, 0]
        assert starts.max() == 1
    assert pictures.all()
    assert masked(pictures, 0, 0) is pictures


def test_masks_are_for_training_alone_and_follow_the_seed_of_the_training():
    network = built("log-mel", body_options=DS_CNN | {"dropout": 0.0}, frequency_mask_bands=20, time_mask_frames=20)
    plain = built("log-mel", body_options=DS_CNN | {"dropout": 0.0})
    encoded = clips()[:, None]

    assert torch.equal(network.eval()(encoded), plain.eval()(encoded))
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(network.train()(encoded))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"front_end": "mel"}, "No learnt front end is called 'mel'. Choose one of: differentiable-stft, efficient"),
        ({"front_end_options": {"n_filter": 8}}, "front end 'leaf' has no option 'n_filter'"),
        ({"front_end_options": {"n_filters": "8"}}, "front end 'leaf': n_filters should be a valid integer"),
        ({"body": "cnn"}, "No body is called 'cnn'"),
        ({"body_options": {"bits": 8}}, "has no integer form"),
        ({"sample_rate_hz": 0}, "sample_rate_hz must lie in 1"),
        ({"time_mask_frames": -1}, "time_mask_frames must lie in 0"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        FrontEndCnn(**{"sample_rate_hz": 8000, "front_end": "leaf"} | options)


def test_a_picture_is_refused():
    with pytest.raises(InputError, match="front-end-cnn reads samples"):
        FrontEndCnn(8000).build(EncodedShape("intensity", (32, 64)), 5)
