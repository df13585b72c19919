"""A study of thirteen systems with made-up logits of known accuracy: something to compare, draw and report."""

from functools import cache

import numpy as np

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, CheckRecord, PictureRecord, RunRecord, StudyCell
from studies.results import StudyResults
from studies.specification import Study

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
EASE = dict(zip(SPEAKERS, (0.02, 0.06, 0.05, -0.12, 0.03, -0.04), strict=True))
LABELS = tuple(str(digit) for digit in range(10))
N_CLIPS = 60  # per speaker

MCU = ("cortex-m4", "cortex-m4+ndp9120")
LOIHI = ("cortex-m4+loihi-1", "cortex-m4+loihi-2")
QPU = ("host+superconducting-qpu",)

# name: family, role, beside, accuracy, runs of (backend, deployments, accuracy lost, flags), work per clip
SYSTEMS = {
    "linear-log-mel": ("classical", "rival", None, 0.70, [("torch-float", ("cortex-m4",), 0, "")], 2e4),
    "svm-mfcc": ("classical", "rival", None, 0.74, [("torch-float", ("cortex-m4",), 0, "")], 9e4),
    "ds-cnn": (
        *("classical", "contender", None, 0.86),
        [("torch-float", ("cmos-45nm-fp32",), 0, ""), ("int8", (*MCU, "cmos-45nm-int8"), 0.004, "headline")],
        2.6e6,
    ),
    "small-ast": ("classical", "contender", None, 0.79, [("torch-float", ("cmos-45nm-fp32", "cortex-m4"), 0, "")], 9e6),
    "convolutional-snn": (
        *("neuro", "contender", None, 0.81),
        [
            ("torch-float", (), 0, ""),
            ("loihi-emulator", LOIHI, 0.01, "headline"),
            ("loihi-lava", (), 0.01, "first few"),
        ],
        4e5,
    ),
    "convolutional-snn-twin": ("neuro", "twin", "convolutional-snn", 0.825, [("int8", MCU, 0, "")], 1.4e6),
    "dense-snn": ("neuro", "contender", None, 0.72, [("loihi-emulator", LOIHI, 0, "headline")], 1e5),
    "dense-snn-twin": ("neuro", "twin", "dense-snn", 0.73, [("int8", MCU, 0, "")], 5e5),
    "qft-hybrid": (
        *("quantum", "contender", None, 0.80),
        [("exact-states", (), 0, ""), ("aer-shots", QPU, 0.015, "headline"), ("aer-exact", (), 0, "few")],
        2e5,
    ),
    "qft-hybrid-no-circuit": ("quantum", "control", "qft-hybrid", 0.797, [("torch-float", ("cortex-m4",), 0, "")], 2e5),
    "qft-hybrid-classical-layer": (
        *("quantum", "control", "qft-hybrid", 0.81),
        [("torch-float", ("cortex-m4",), 0, "")],
        2.1e5,
    ),
    "qft-alone": ("quantum", "contender", None, 0.66, [("exact-states", (), 0, ""), ("aer-shots", QPU, 0.01, "")], 1e3),
    "residual-cnn": ("classical", "rival", None, 0.87, [("int8", MCU, 0, "")], 8e6),
}
PROTOCOLS = {"leave-one-group-out": SPEAKERS, "official": ("official",)}


def synthetic_study(seeds=(0, 1, 2)) -> Study:
    return Study.model_validate(
        {
            "schema": 1,
            "name": "spoken-digits",
            "title": "Spoken digits of unheard speakers",
            "question": "Which family tells spoken digits of a speaker that it never heard, and for how many joules?",
            "seeds": list(seeds),
            "baseline": "ds-cnn",
            "data": {"name": "fsdd", "clip_seconds": 1.008},
            "front_ends": [{"name": "log-mel", "options": {"n_mels": 32}}],
            "protocols": [{"name": "leave-one-group-out", "headline": True}, {"name": "official"}],
            "systems": [_system(name, *entry) for name, entry in SYSTEMS.items()],
        }
    )


@cache
def synthetic_results(confirmed=True, seeds=(0, 1, 2)) -> StudyResults:
    """All cells but one, which failed."""
    study = synthetic_study(seeds)
    wanted = [
        StudyCell("fsdd", protocol, fold, system, seed)
        for seed in seeds
        for protocol, folds in PROTOCOLS.items()
        for fold in folds
        for system in SYSTEMS
    ]
    failed = StudyCell("fsdd", "leave-one-group-out", "theo", "small-ast", seeds[-1])
    fits = {cell: _result(study, cell, "fit") for cell in wanted if cell != failed}
    tests = {cell: _result(study, cell, "test") for cell in wanted if cell != failed} if confirmed else {}
    return StudyResults(
        study=study,
        wanted=tuple(wanted),
        fits=fits,
        tests=tests,
        failures={(failed, "fit"): "the loss is not finite in epoch 3"},
        looks={(cell.protocol, cell.fold): 42 for cell in tests},
        provenances=(
            {
                "git": {"revision": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
                "versions": {"torch": "2.13.0", "numpy": "2.4.6", "lava-nc": None},
                "python": "3.11.2",
                "machine": {"cpu": "a processor", "n_cores": 2, "architecture": "x86_64", "system": "Linux"},
                "seed": 0,
                "data_content_hash": "c" * 64,
                "coefficients_hash": "d" * 64,
                "command": ["trichord", "run", "spoken-digits", "--confirm"],
                "started_utc": "2026-11-24T00:00:00+00:00",
                "wall_seconds": 12.5,
            },
        ),
    )


def _system(name, family, role, beside, accuracy, runs, work):
    del accuracy, work
    return {
        "name": name,
        "family": family,
        "role": role,
        "beside": beside,
        "classifier": {"name": name},
        "runs": [
            {
                "backend": {"name": backend},
                "deployments": list(deployments),
                "headline": flags == "headline",
                "first_seed_only": "first" in flags,
                "test_only": "few" in flags,
            }
            for backend, deployments, _, flags in runs
        ],
    }


def _result(study: Study, cell: StudyCell, kind: str) -> CellResult:
    family, _, _, accuracy, _, work = SYSTEMS[cell.system]
    generator = np.random.default_rng([sum(map(ord, cell.fold)), cell.seed, kind == "test"])
    own = np.random.default_rng([sum(map(ord, cell.system + cell.fold)), cell.seed, kind == "test"])
    if cell.protocol == "official":
        groups = [speaker for speaker in SPEAKERS for _ in range(N_CLIPS // 6)]
        accuracy = accuracy + (1 - accuracy) * 0.8
    else:
        place = SPEAKERS.index(cell.fold)
        groups = [cell.fold if kind == "test" else SPEAKERS[(place + 1) % 6]] * N_CLIPS
    targets = generator.integers(10, size=len(groups))
    difficulty = generator.random(len(groups))  # shared by the systems of a fold: their mistakes overlap
    chosen = study.system(cell.system).runs_for(cell.seed, study.seeds, test=kind == "test")
    lost = {backend: loss for backend, _, loss, _ in SYSTEMS[cell.system][4]}
    noise = own.normal(0, 0.12, size=len(groups))
    runs = []
    for run in chosen:
        spread = 0.3 if cell.protocol == "official" else 1.0
        share = np.array([accuracy - lost[run.backend.name] + spread * EASE[g] for g in groups])
        right = np.clip(difficulty + noise, 0, 1) < share
        logits = own.normal(0, 1, size=(len(groups), 10))
        guess = np.where(right, targets, (targets + own.integers(1, 10, size=len(groups))) % 10)
        logits[np.arange(len(groups)), guess] = logits.max(axis=1) + own.exponential(2, size=len(groups)) + 0.1
        runs.append(_run(run.backend.name, family, work, logits.astype(np.float32), cell.seed == study.seeds[0]))
    return CellResult(
        kind=kind,
        label_names=LABELS,
        clip_names=tuple(f"{cell.fold}-{kind}-{i}.wav" for i in range(len(groups))),
        groups=tuple(groups),
        targets=targets.astype(np.int64),
        clip_seconds=1.008,
        n_training_clips=240,
        runs=tuple(runs),
        training={
            "audit": {"n_training": 240, "n_test": N_CLIPS, "groups_apart": cell.protocol != "official"},
            **(_curves(own) if kind == "fit" else {}),
        },
    )


def _curves(generator):
    validation = np.sort(generator.uniform(0.4, 0.85, size=5)).tolist()
    return {
        "losses": np.sort(generator.uniform(0.2, 2.3, size=30))[::-1].tolist(),
        "validation_epochs": [6, 12, 18, 24, 30],
        "validation_accuracies": validation,
        "seconds": 11.0,
    }


def _run(backend: str, family: str, work: float, logits, first_seed: bool) -> RunRecord:
    few = backend in ("loihi-lava", "aer-exact")
    checks, pictures = (), ()
    if backend == "loihi-lava":
        details = {"n_clips": 3, "entries_compared": 51_200, "mismatches_per_layer": [0, 0]}
        checks = (CheckRecord("lava-equality", True, details),)
    if backend == "aer-exact":
        checks = (CheckRecord("aer-equality", True, {"n_clips": 20, "max_difference": 3e-9}),)
    if first_seed and not few:
        mel = np.abs(np.sin(np.outer(np.linspace(1, 4, 32), np.linspace(0, 9, 64))))
        pictures = (PictureRecord("Intensity of 0_george_0.wav", mel.astype(np.float32), ("mel", "frame"), "0 to 1"),)
        if backend == "loihi-emulator":
            raster = np.random.default_rng(8).random((200, 48)) < 0.05
            pictures += (PictureRecord("Spikes of layer 1", raster, ("neuron", "step"), "spike"),)
    return RunRecord(
        backend=backend,
        logits=logits[:3] if few else logits,
        counts=_front_end() + _network(backend, work),
        wall_seconds=0.4,
        clip_indices=(0, 1, 2) if few else None,
        checks=checks,
        pictures=pictures,
        notes={"n_parameters": int(work / 20), "family": family},
    )


def _front_end() -> OperationCounts:
    return OperationCounts.of(
        "front_end", "stft", mac_fp32=64 * 4096, transcendental_fp32=64 * 32, add_fp32=64 * 128, sram_bytes=64 * 4096
    ) + OperationCounts.of("front_end", "intensity", add_fp32=32 * 64, multiply_fp32=32 * 64)


def _network(backend: str, work: float) -> OperationCounts:
    if backend == "int8":
        return OperationCounts.of("network", "body", mac_int8=work, requantise_int32=work / 50, sram_bytes=work / 4)
    if backend.startswith("loihi"):
        return OperationCounts.of("encoder", "latency", compare_fp32=2048) + OperationCounts.of(
            *("network", "body"),
            synaptic_operations=work,
            neuron_updates_active=work / 20,
            neuron_updates_inactive=work / 15,
            spikes_generated=work / 80,
            spikes_routed=work / 60,
            spikes_in=1500,
            chip_steps=48,
            state_resets=1,
        )
    if backend.startswith("aer"):
        return OperationCounts.of("encoder", "small", mac_fp32=work) + OperationCounts.of(
            *("network", "circuit"),
            gates_1q=1024 * 900,
            gates_2q=1024 * 300,
            measurements=1024 * 8,
            shots=1024,
            machine_seconds=0.35,
        )
    return OperationCounts.of("network", "body", mac_fp32=work, sram_bytes=work * 3)
