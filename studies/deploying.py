# studies/deploying.py
"""Deployable twins of a trained cell: its integer network as ONNX and as C headers, each run again before it is kept.

    weights of the store -> integer graph -> network.onnx, network.h, stream.h -> run over all clips -> compared

Compared, for every clip, bit by bit: the integer logits of onnxruntime and of the compiled headers with those behind
the run of the backend as it stands now; the inputs that the header quantises itself; the decisions; the reported logits
with those of the backend now, and, to the digits that a store keeps, with those that were committed with the cell. The
clips are the validation clips and, where the test cell is committed, its test clips: no look is opened.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.data.catalogue import known_data_set
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.twins.c_stream import c_stream_header, stream_sizes
from classical_baselines.twins.c_twin import MAIN, Sizes, c_header, sizes_of, vectors_header
from classical_baselines.twins.compiled import answers_of, c_compiler, object_bytes, stream_answers_of, vectors_pass
from classical_baselines.twins.integer_graph import IntegerGraph, integer_graph, integer_logits
from classical_baselines.twins.onnx_twin import check_onnx, onnx_logits, onnx_model
from classical_baselines.twins.streaming import stream_of
from studies.cell_files import rounded_logits
from studies.grid import KeyedCell
from studies.integer_run import integer_run
from studies.pipeline import Bench, run_on, trained_bench
from studies.provenance import git_state
from studies.results import whole_run
from studies.specification import Run, Study
from studies.spread_clips import spread_clips
from studies.store import Store

FORMATS = ("onnx", "c")
N_VECTORS = 4  # validation clips whose integers stand beside the twin
CLIPS_AT_ONCE = 256
RECORD = "twin.json"


class NotEqualError(Exception):
    """A twin, run again, does not give the integers that were reported; nothing of it is kept."""


@dataclass(frozen=True, eq=False)
class Twin:
    """The files of a twin that gave what was reported, and the record that stands among them."""

    files: Mapping[str, bytes]
    record: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class _Evidence:
    """Some clips of the cell, as the network reads them, with what is known of their logits."""

    what: str  # "validation" or "test"
    names: tuple[str, ...]
    encoded: Tensor  # [clip, ...]
    logits: NDArray[np.int32]  # [clip, class], behind the run of the backend now
    reported: NDArray[np.float32]  # [clip, class], by that run
    stored: NDArray[np.float32]  # [clip, class], committed


def deployable_twin(
    study: Study, keyed: KeyedCell, store: Store, data_root: Path | None, formats: Sequence[str]
) -> Twin:
    """The twin of a trained cell in these formats; NotEqualError where one gives another integer anywhere."""
    system = study.system(keyed.cell.system)
    run = integer_run(system)
    compiler = c_compiler() if "c" in formats else None
    if "onnx" in formats:
        check_onnx()
    bench, trained = trained_bench(study, keyed.cell, store.load_weights(keyed.fit_key), data_root)
    if not isinstance(bench.encoder, Unencoded):
        raise InputError(
            f"{system.name} reads the code {system.encoder.name!r}; a twin is made of networks that read the picture."
        )
    graph = integer_graph(trained.classifier, bench.encoder.shape(*bench.intensity.shape[1:]).grid)
    evidence = list(_evidence(bench, trained, graph, run, keyed, store))
    files: dict[str, bytes] = {}
    equality: dict[str, Any] = {"clips": {one.what: len(one.names) for one in evidence}}
    names = bench.clips.label_names
    if "onnx" in formats:
        files["network.onnx"] = onnx_model(graph, {"about": "\n".join(_about(bench, keyed))})
        for one in evidence:
            found = onnx_logits(files["network.onnx"], graph.quantised(one.encoded))
            _same(one, "network.onnx gives integer logits that the backend does not", found, one.logits)
        equality["onnxruntime"] = version("onnxruntime")
    if compiler is not None:
        files |= _c_files(graph, names, _about(bench, keyed), evidence)
        equality["compiler"] = compiler.version
    for one in evidence:
        _same(one, "the backend reports logits that its integers do not give", graph.reported(one.logits), one.reported)
        _same(one, "the committed logits are others", rounded_logits(one.reported), one.stored)
    equality["backend"] = run.backend.name
    files["test_vectors.npz"] = _vectors(graph, evidence[0])
    record = _record(bench, keyed, run, graph, files, equality)
    files[RECORD] = (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
    return Twin(files, record)


def _evidence(
    bench: Bench, trained: Trained, graph: IntegerGraph, run: Run, keyed: KeyedCell, store: Store
) -> "list[_Evidence]":
    """The validation clips, and the test clips where they were looked at before."""
    parts = [("validation", bench.fold.validation, keyed.fit_key)]
    if store.has(keyed.test_key):
        parts.append(("test", bench.fold.test, keyed.test_key))
    found = []
    for what, indices, key in parts:
        rows = list(indices)
        committed = store.load(key)
        stored = whole_run(committed, run.backend.name)
        if stored is None:
            continue  # a run that is made with test clips alone, or with the first seed alone
        clips = bench.clips.subset(rows)
        if clips.names != committed.clip_names:
            raise InputError(
                f"The {what} clips of {keyed.cell.fold} are not those of the committed cell {key[:12]}: the recordings "
                "have changed since. Name the folder that the study was run on with --data-root."
            )
        outcome = run_on(bench, trained, run.backend, bench.intensity[rows])
        encoded = bench.encoder(bench.intensity[rows], torch.Generator())
        logits = [integer_logits(trained.classifier, graph, part) for part in encoded.split(CLIPS_AT_ONCE)]
        reported = outcome.logits.float().numpy()
        found.append(_Evidence(what, clips.names, encoded, np.concatenate(logits), reported, stored.logits))
    if not found:
        raise InputError(
            f"The committed cells of {keyed.cell.system} hold no run on {run.backend.name} for this seed, so there is "
            "nothing to hold a twin against. Choose the first seed, or run the study with --confirm."
        )
    return found


def _c_files(
    graph: IntegerGraph, labels: Sequence[str], about: Sequence[str], evidence: Sequence[_Evidence]
) -> dict[str, bytes]:
    """The header with its tests, after it was compiled and run over all clips, and the tests by themselves."""
    header = c_header(graph, labels, about)
    for one in evidence:
        answers = answers_of(header, one.encoded.numpy(), len(labels))
        inputs = graph.quantised(one.encoded).reshape(len(one.names), -1)
        _same(one, "network.h quantises an input to other integers than the backend", answers.inputs, inputs)
        _same(one, "network.h gives integer logits that the backend does not", answers.logits, one.logits)
        decided = one.reported.argmax(axis=1)[:, None]
        _same(one, "network.h decides for another class than the backend", answers.classes[:, None], decided)
    files = {"network.h": header.encode()}
    stream = stream_of(graph)
    if stream is not None:
        frames = c_stream_header(stream, labels, about)
        files["stream.h"] = frames.encode()
        for one in evidence:
            last = stream_answers_of(frames, one.encoded.numpy(), len(labels)).logits[:, -1]
            _same(one, "stream.h ends with integer logits that the backend does not give", last, one.logits)
    first = evidence[0]
    rows = spread_clips(len(first.names), N_VECTORS)
    inputs = graph.quantised(first.encoded[rows])
    classes = first.reported[rows].argmax(axis=1).tolist()
    names = [f"{first.names[row]}, decided for {labels[decided]}" for row, decided in zip(rows, classes, strict=True)]
    tests = vectors_header(inputs, first.logits[rows], classes, names)
    if not vectors_pass(header, tests, MAIN):
        raise NotEqualError("main.c does not find the integers of test_vectors.h.")
    return files | {"test_vectors.h": tests.encode(), "main.c": MAIN.encode()}


def _same(evidence: _Evidence, what: str, found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Every number [clip, ...], bit by bit."""
    differs = found != expected
    if not differs.any():
        return
    clip, place = np.argwhere(differs)[0]
    n_clips = int(differs.any(axis=1).sum())
    raise NotEqualError(
        f"Not equal: {what}, on {n_clips} of {len(evidence.names)} {evidence.what} clips; the first is "
        f"{evidence.names[clip]}, with {found[clip, place]} in place {place} where {expected[clip, place]} stands."
    )


def _vectors(graph: IntegerGraph, evidence: _Evidence) -> bytes:
    """Quantised inputs and integer logits of a few clips, for any language."""
    rows = spread_clips(len(evidence.names), N_VECTORS)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        names=np.array([evidence.names[row] for row in rows]),
        inputs=graph.quantised(evidence.encoded[rows]),
        logits=evidence.logits[rows],
        classes=evidence.reported[rows].argmax(axis=1).astype(np.int32),
    )
    return buffer.getvalue()


def _about(bench: Bench, keyed: KeyedCell) -> list[str]:
    """Whose network it is, in lines whose first eight characters name what follows."""
    study, cell, system = bench.study, keyed.cell, bench.system
    git = git_state()
    revision = f", revision {git['revision'][:12]}{' with changes' * bool(git['dirty'])}" if git["revision"] else ""
    return [
        f"{system.title or system.name}: the integer network of one trained cell, of Trichord {version('trichord')}"
        f"{revision}",
        "",
        f"study   {study.name}, system {system.name}, {cell.protocol}, fold {cell.fold}, seed {cell.seed}",
        f"cell    {keyed.fit_key}",
        f"sound   {_recordings(study)}",
        f"picture {_picture(bench)}",
    ]


def _data_set(study: Study) -> DataSet | None:
    """What the catalogue knows of the recordings; None for a user's own."""
    return None if study.data.folder else known_data_set(study.data.name)


def _recordings(study: Study) -> str:
    entry = _data_set(study)
    if entry is None:
        return f"{study.data.name}, recordings of your own; weights and test vectors come of them"
    return f"{entry.title} ({study.data.name}); weights and test vectors come of recordings under {entry.licence}"


def _picture(bench: Bench) -> str:
    """How the real values that are quantised are made of a sound."""
    choice = bench.study.front_end_of(bench.system)
    options = ", ".join(f"{name} = {value}" for name, value in choice.options.items())
    made = f"{choice.name}({options}) at {bench.clips.sample_rate_hz} Hz"
    if bench.scale is not None:
        low, high = bench.scale.low_db, bench.scale.high_db
        made += f"; {low:.9g} to {high:.9g} dB become 0 to 1, and what lies beyond is clipped"
    pool = getattr(bench.encoder, "pool", (1, 1))
    return made if tuple(pool) == (1, 1) else f"{made}; means of {pool[0]} mel by {pool[1]} frames"


def _record(
    bench: Bench,
    keyed: KeyedCell,
    run: Run,
    graph: IntegerGraph,
    files: Mapping[str, bytes],
    equality: Mapping[str, Any],
) -> dict[str, Any]:
    """`twin.json`."""
    sizes: Sizes = sizes_of(graph)
    study, cell = bench.study, keyed.cell
    entry = _data_set(study)
    header = files.get("network.h")
    compiled = None if header is None else object_bytes(header.decode())
    stream = stream_of(graph) if "stream.h" in files else None
    of_stream = None if stream is None else stream_sizes(stream)
    return {
        "study": study.name,
        **asdict(cell),
        "cell_key": keyed.fit_key,
        "test_cell_key": keyed.test_key if "test" in equality["clips"] else None,
        "code_version": keyed.code_version,
        "revision": git_state(),
        "trichord": version("trichord"),
        "licence_of_recordings": None if entry is None else entry.licence,
        "backend": run.backend.model_dump(mode="json"),
        "classifier": bench.system.classifier.model_dump(mode="json"),
        "front_end": study.front_end_of(bench.system).model_dump(mode="json"),
        "sample_rate_hz": bench.clips.sample_rate_hz,
        "intensity_db": None if bench.scale is None else [bench.scale.low_db, bench.scale.high_db],
        "encoder": bench.system.encoder.model_dump(mode="json"),
        "labels": list(bench.clips.label_names),
        "input": {
            "type": "uint8",
            "axes": ["channel", "mel", "frame"],
            "shape": list(graph.entry.shape),
            "scale": graph.entry.scale,
            "zero_point": graph.entry.zero_point,
            "highest": graph.entry.n_levels,
        },
        "logits": {"type": "int32", "units": graph.readout.multipliers.astype(float).tolist()},
        "bytes": {
            **asdict(sizes),
            "flash": sizes.flash,
            "ram": sizes.ram,
            "compiled_here": compiled,
        },
        "bytes_of_stream": None
        if of_stream is None
        else {**asdict(of_stream), "flash": of_stream.flash, "ram": of_stream.ram},
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        },
        "equal": equality,
    }
