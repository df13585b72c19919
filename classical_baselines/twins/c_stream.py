# classical_baselines/twins/c_stream.py
"""A causal network as a C99 header that takes one frame at a time, and can decide after each.

    trichord_start(&stream);
    trichord_frame(&stream, frame);                  for every frame
    class = trichord_decide(&stream, logits);        after any of them

After the last frame of a clip the logits are those of `network.h` on the whole clip; after t frames they are what the
backend reports for a clip of these t frames. All state stands in the caller's `trichord_stream`.
"""

from collections.abc import Sequence
from dataclasses import replace

from classical_baselines.twins.c_text import array, banner, comment, constant, identifier
from classical_baselines.twins.c_twin import (
    Sizes,
    arithmetic,
    call_of,
    labels_table,
    mantissa_and_shift,
    opening,
    quantised,
    sizes_of,
    tables,
    units_table,
)
from classical_baselines.twins.integer_graph import Convolution, Layer, Maps, sources_of
from classical_baselines.twins.scratch import scratch_of
from classical_baselines.twins.streaming import Stream

LARGEST_SUM_PER_FRAME = 255


def stream_sizes(stream: Stream) -> Sizes:
    """The bytes of the twin; what is kept between frames counts as scratch."""
    sizes = sizes_of(stream.frame)
    kept = sum(window.n_bytes for window in stream.windows.values())
    counters = 4 * (stream.mean.source.shape[0] + 1)
    return replace(sizes, multipliers=sizes.multipliers + 5 * stream.n_frames, scratch=sizes.scratch + kept + counters)


def c_stream_header(stream: Stream, labels: Sequence[str], about: Sequence[str]) -> str:
    """The header; `about` are the lines of its head comment that say whose network this is."""
    sizes = stream_sizes(stream)
    graph, entry, n_channels = stream.frame, stream.frame.entry, stream.mean.source.shape[0]
    head = [
        *about,
        "",
        "A frame at a time: trichord_start, then trichord_frame for every frame, and trichord_decide whenever a "
        f"decision is wanted, after 1 to {stream.n_frames} frames.",
        "",
        f"flash   {sizes.flash} bytes of constant arrays ({sizes.weights} of weights, {sizes.biases} of biases, "
        f"{sizes.multipliers} of multipliers), and the code",
        f"RAM     {sizes.ram} bytes: {sizes.scratch} of trichord_stream, past frames included, {sizes.input} of a "
        f"frame, {sizes.logits} of logits; and the stack of a few calls",
        f"frame   uint8 [channel {entry.shape[0]}], the mel bands; an integer from 0 to {entry.n_levels} stands for "
        f"(integer - {entry.zero_point}) * {entry.scale:.9g}, and trichord_quantised makes it of that value",
        "logits  int32 [class]; a reported logit is the integer times a unit of its class (trichord_units)",
        "",
        "Include it in one source file, without network.h beside it. It needs C99 and nothing else, and allocates "
        "nothing.",
    ]
    parts = [
        comment(head),
        opening("TRICHORD_STREAM_H"),
        f"#define TRICHORD_FRAME_INPUTS {sizes.input}\n#define TRICHORD_N_FRAMES {stream.n_frames}\n"
        f"#define TRICHORD_N_CLASSES {len(labels)}\n",
        labels_table(labels),
        *arithmetic(graph, "remember", "accumulate"),
        banner("layers"),
        *(tables(layer) for layer in _with_windows(stream)),
        tables(graph.readout),
        _running_mean(stream),
        units_table(graph.readout),
        banner("the network"),
        quantised(entry),
        _state(stream, n_channels),
        _functions(stream, n_channels),
        "#endif\n",
    ]
    return "\n".join(parts)


def _with_windows(stream: Stream) -> list[Layer]:
    """The layers of a frame before the mean, those that look back reading their windows."""
    return [
        replace(layer, source=stream.windows[layer.name])
        if isinstance(layer, Convolution) and layer.name in stream.windows
        else layer
        for layer in stream.frame.layers[:-2]
    ]


def _running_mean(stream: Stream) -> str:
    mean, name = stream.mean, identifier(stream.mean.name)
    pairs = [
        mantissa_and_shift(stream.mean_multiplier(n), LARGEST_SUM_PER_FRAME * n) for n in range(1, stream.n_frames + 1)
    ]
    fields: dict[str, int | str] = {
        "channels": mean.source.shape[0],
        "in_zero": mean.source.zero_point,
        "out_zero": mean.result.zero_point,
        "out_levels": mean.result.n_levels,
        "mantissas": f"{name}_mantissas",
        "shifts": f"{name}_shifts",
    }
    return "\n".join(
        [
            array("int32_t", f"{name}_mantissas", [[mantissa for mantissa, _ in pairs]]),
            array("uint8_t", f"{name}_shifts", [[shift for _, shift in pairs]]),
            constant("trichord_running_mean", mean.name, fields),
        ]
    )


def _state(stream: Stream, n_channels: int) -> str:
    windows = "".join(
        f"    uint8_t {identifier(name)}[{maps.n_bytes}]; /* the last {maps.shape[2]} frames */\n"
        for name, maps in stream.windows.items()
    )
    scratch = max(1, scratch_of(stream.frame).n_bytes)
    return (
        f"typedef struct {{\n{windows}    int32_t sums[{n_channels}]; /* of the last layer, over the frames so far */\n"
        f"    int32_t n_frames;\n    uint8_t scratch[{scratch}];\n}} trichord_stream;\n"
    )


def _functions(stream: Stream, n_channels: int) -> str:
    places = scratch_of(stream.frame).places
    graph = stream.frame

    windows = {id(maps): f"stream->{identifier(name)}" for name, maps in stream.windows.items()}

    def at(maps: Maps) -> str:
        if id(maps) in windows:
            return windows[id(maps)]
        return "frame" if maps is graph.entry else f"scratch + {places[maps.name]}"

    calls = []
    for layer, of_frame in zip(_with_windows(stream), graph.layers[:-2], strict=True):
        if layer is not of_frame:
            (window,), (newest,) = sources_of(layer), sources_of(of_frame)
            n_channels_in, _, n_frames = window.shape
            calls.append(f"trichord_remember({at(window)}, {n_channels_in}, {n_frames}, {at(newest)});")
        calls.append(call_of(layer, at))
    calls.append(f"trichord_accumulate(&{identifier(stream.mean.name)}, {at(stream.mean.source)}, stream->sums);")
    cleared = [
        f"for (int i = 0; i < {maps.n_bytes}; i++)\n        stream->{identifier(name)}[i] = {maps.zero_point};"
        for name, maps in stream.windows.items()
    ]
    cleared.append(f"for (int i = 0; i < {n_channels}; i++)\n        stream->sums[i] = 0;")
    mean = identifier(stream.mean.name)
    means = f"stream->scratch + {places[stream.mean.result.name]}"
    clear, body = ("\n".join(f"    {line}" for line in lines) for lines in (cleared, calls))
    return f"""\
/* Before the first frame: silence lies behind it. */
static inline void trichord_start(trichord_stream *stream)
{{
{clear}
    stream->n_frames = 0;
}}

/* Takes the next frame, TRICHORD_FRAME_INPUTS integers; what comes after TRICHORD_N_FRAMES of them is not heard. */
static inline void trichord_frame(trichord_stream *stream, const uint8_t *frame)
{{
    uint8_t *const scratch = stream->scratch;
    if (stream->n_frames >= TRICHORD_N_FRAMES)
        return;
    stream->n_frames++;
{body}
}}

/* The decision on the frames so far: `logits` is given TRICHORD_N_CLASSES integers. Returns the class, an index into
   trichord_labels; -1 where there was no frame yet. */
static inline int trichord_decide(trichord_stream *stream, int32_t *logits)
{{
    if (stream->n_frames == 0)
        return -1;
    trichord_average_so_far(&{mean}, stream->sums, stream->n_frames, {means});
    trichord_read_out(&{identifier(graph.readout.name)}, {means}, logits);
    return trichord_decision(logits, trichord_units, TRICHORD_N_CLASSES);
}}
"""
