# tests/classical_baselines/data/small_sets.py
"""Data sets of a few noises in the layouts of the catalogue, written by the standard library and soundfile."""

import csv
from pathlib import Path

import numpy as np
import soundfile

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
ESC_10 = {
    "dog": 0, "rooster": 1, "rain": 10, "sea_waves": 11, "crackling_fire": 12,
    "crying_baby": 20, "sneezing": 21, "clock_tick": 38, "helicopter": 40, "chainsaw": 41,
}  # fmt: skip


def noise(path: Path, seed: int, n_samples: int = 400, rate_hz: int = 8000) -> np.ndarray:
    samples = np.random.default_rng(seed).integers(-32768, 32768, n_samples).astype(np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return samples


def table(path: Path, columns: str, rows: list[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns.split(","), *rows])


def manifest_set(folder: Path, labels, folds, groups, rate_hz: int = 16000, suffix: str = "flac") -> None:
    """A set with meta.csv: one clip per label and group; folds[i] is the fold of groups[i]."""
    rows = []
    for label in labels:
        for fold, group in zip(folds, groups, strict=True):
            name = f"audio/{label}_{group}.{suffix}"
            noise(folder / name, seed=len(rows), rate_hz=rate_hz)
            rows.append((name, label, fold, group, "more"))
    table(folder / "meta.csv", "file,label,fold_or_split,speaker_or_group,extra", rows)


def public_fsdd(folder: Path, speakers=("ann", "bob", "cleo"), takes=range(3, 7), suffix: str = "wav") -> None:
    for seed, (digit, speaker, take) in enumerate((d, s, t) for d in range(10) for s in speakers for t in takes):
        noise(folder / "recordings" / f"{digit}_{speaker}_{take}.{suffix}", seed)


def public_esc_50(folder: Path) -> None:
    rows = []
    for category, target in [*ESC_10.items(), ("vacuum_cleaner", 36)]:
        for fold in range(1, 6):
            name = f"{fold}-{1000 + target}{fold}-A-{target}.wav"
            noise(folder / "audio" / name, seed=len(rows), rate_hz=44100)
            esc10 = str(category in ESC_10)
            rows.append((name, str(fold), str(target), category, esc10, f"{1000 + target}{fold}", "A"))
    table(folder / "meta" / "esc50.csv", "filename,fold,target,category,esc10,src_file,take", rows)


def public_speech_commands(folder: Path) -> None:
    for seed, word in enumerate([*WORDS, "marvin"]):
        for number, speaker in enumerate(("00000001", "0487ba9b", "ffffffff")):
            noise(folder / word / f"{speaker}_nohash_{number}.wav", 3 * seed + number, rate_hz=16000)
    names = {
        part: [f"{word}/{speaker}" for word in (*WORDS, "marvin")]
        for part, speaker in (("validation", "0487ba9b_nohash_1.wav"), ("testing", "ffffffff_nohash_2.wav"))
    }
    for part, listed in names.items():
        (folder / f"{part}_list.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")


def data_root(root: Path) -> Path:
    """Every folder that the catalogue knows, small."""
    digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
    public_fsdd(root / "free-spoken-digit-dataset")
    public_esc_50(root / "ESC-50-master")
    manifest_set(root / "ARABIC_DIGITS", digits, ("train", "val", "test"), ("00000001", "00000002", "00000003"))
    words = (*WORDS, "silence", "unknown")
    manifest_set(root / "SPEECH_COMMANDS", words, "12345", ("0487ba9b", "12345678", "3e4", "a", "b"))
    manifest_set(root / "KEYSTROKES_ZOOM", digits + letters, "01234", ("s0", "s1", "s2", "s3", "s4"))
    return root
