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

# The classes as their publishers' tables have them, written down apart from the readers.
ESC_50_CATEGORIES = (
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow", "rain", "sea_waves",
    "crackling_fire", "crickets", "chirping_birds", "water_drops", "wind", "pouring_water", "toilet_flush",
    "thunderstorm", "crying_baby", "sneezing", "clapping", "breathing", "coughing", "footsteps", "laughing",
    "brushing_teeth", "snoring", "drinking_sipping", "door_wood_knock", "mouse_click", "keyboard_typing",
    "door_wood_creaks", "can_opening", "washing_machine", "vacuum_cleaner", "clock_alarm", "clock_tick",
    "glass_breaking", "helicopter", "chainsaw", "siren", "car_horn", "engine", "train", "church_bells",
    "airplane", "fireworks", "hand_saw",
)  # fmt: skip
URBAN_CLASSES = [
    "air_conditioner",
    "car_horn",
    "children_playing",
    "dog_bark",
    "drilling",
    "engine_idling",
    "gun_shot",
    "jackhammer",
    "siren",
    "street_music",
]
THE_35_WORDS = (
    *WORDS, "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "bed", "bird", "cat", "dog",
    "happy", "house", "marvin", "sheila", "tree", "wow", "backward", "forward", "follow", "learn", "visual",
)  # fmt: skip
SCENES = [
    "airport",
    "bus",
    "metro",
    "metro_station",
    "park",
    "public_square",
    "shopping_mall",
    "street_pedestrian",
    "street_traffic",
    "tram",
]


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


def public_esc_50(folder: Path, n_samples: int = 400) -> None:
    rows = []
    numbers = {category: number for number, category in enumerate(ESC_50_CATEGORIES)} | ESC_10
    for category, target in numbers.items():
        for fold in range(1, 6):
            name = f"{fold}-{1000 + target}{fold}-A-{target}.wav"
            noise(folder / "audio" / name, seed=len(rows), n_samples=n_samples, rate_hz=44100)
            esc10 = str(category in ESC_10)
            rows.append((name, str(fold), str(target), category, esc10, f"{1000 + target}{fold}", "A"))
    table(folder / "meta" / "esc50.csv", "filename,fold,target,category,esc10,src_file,take", rows)


def public_urbansound8k(folder: Path) -> None:
    """One slice of each class in each fold, and two of each siren."""
    rows = []
    for number, name in enumerate(URBAN_CLASSES):
        for fold in range(1, 11):
            fs_id = 10000 + 100 * number + fold
            for piece in range(2 if name == "siren" else 1):
                file = f"{fs_id}-{number}-0-{piece}.wav"
                noise(folder / "audio" / f"fold{fold}" / file, seed=len(rows), rate_hz=22050)
                rows.append((file, str(fs_id), "0.0", "0.4", "1", str(fold), str(number), name))
    table(folder / "metadata" / "UrbanSound8K.csv", "slice_file_name,fsID,start,end,salience,fold,classID,class", rows)


def public_35_words(folder: Path, *, with_lists: bool = True) -> None:
    """Each word by three speakers; the part of each by the publisher's rule was computed by hand (see the tests)."""
    parts = {"004ae714": None, "a69b9b3e": "validation", "bb05582b": "testing"}
    for seed, word in enumerate(THE_35_WORDS):
        for number, speaker in enumerate(parts):
            noise(folder / word / f"{speaker}_nohash_{number}.wav", 3 * seed + number, rate_hz=16000)
    noise(folder / "_background_noise_" / "pink_noise.wav", 999, rate_hz=16000)
    for number, (speaker, part) in enumerate(parts.items()):
        if part and with_lists:
            names = "".join(f"{word}/{speaker}_nohash_{number}.wav\n" for word in THE_35_WORDS)
            (folder / f"{part}_list.txt").write_text(names, encoding="utf-8")


def public_heart_sounds(folder: Path) -> None:
    """Six databases of two normal hearts and one abnormal one."""
    for seed, database in enumerate("abcdef"):
        lines = []
        for number, label in enumerate(("-1", "1", "-1"), start=1):
            noise(folder / f"training-{database}" / f"{database}000{number}.wav", 3 * seed + number, rate_hz=2000)
            lines.append(f"{database}000{number},{label}\r\n")
        (folder / f"training-{database}" / "REFERENCE.csv").write_text("".join(lines), encoding="utf-8", newline="")


def public_lungs(folder: Path, parts: dict[str, str] | None = None) -> None:
    """A recording per patient and part ("101": "train"; "156": "train test"), with a cycle of each label."""
    parts = parts or {**{str(patient): "train" for patient in range(101, 111)}, "201": "test", "202": "test"}
    lines = []
    for patient, given in parts.items():
        for number, part in enumerate(given.split(), start=1):
            name = f"{patient}_{number}b1_Al_sc_Meditron"
            noise(folder / f"{name}.wav", seed=len(lines), rate_hz=4000, n_samples=400)
            flags = ("0\t0", "1\t0", "0\t1", "1\t1")
            cycles = [f"{0.02 * k:.3f}\t{0.02 * k + 0.02:.3f}\t{flag}\n" for k, flag in enumerate(flags)]
            (folder / f"{name}.txt").write_text("".join(cycles), encoding="utf-8")
            lines.append(f"{name}\t{part}\n")
    (folder / "ICBHI_challenge_train_test.txt").write_text("".join(lines), encoding="utf-8")


def public_spoofs_2019(folder: Path) -> None:
    """Two speakers a part; each speaks once bona fide and once by the attack of the part."""
    parts = (("train", "trn", "T", "A01"), ("dev", "trl", "D", "A02"), ("eval", "trl", "E", "A17"))
    for number, (part, kind, letter, attack) in enumerate(parts):
        lines = []
        for clip in range(4):
            name = f"LA_{letter}_{1000000 + clip}"
            noise(folder / f"ASVspoof2019_LA_{part}" / "flac" / f"{name}.flac", 10 * number + clip, rate_hz=16000)
            made = "- bonafide" if clip % 2 == 0 else f"{attack} spoof"
            lines.append(f"LA_00{number}{clip // 2} {name} - {made}\n")
        path = folder / "ASVspoof2019_LA_cm_protocols" / f"ASVspoof2019.LA.cm.{part}.{kind}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")


def public_spoofs_2021(folder: Path) -> None:
    """Two clips of the phase eval, one of each other phase; the keys lie in the folder."""
    clips = (("A07 spoof notrim", "eval"), ("bonafide bonafide notrim", "eval"), ("A08 spoof notrim", "progress"))
    lines = []
    for number, (made, phase) in enumerate((*clips, ("A09 spoof trim", "hidden_track"))):
        name = f"LA_E_{9000000 + number}"
        noise(folder / "flac" / f"{name}.flac", 50 + number, rate_hz=16000)
        lines.append(f"LA_0099 {name} alaw ita_tx {made} {phase}\n")
    path = folder / "keys" / "LA" / "CM" / "trial_metadata.txt"
    path.parent.mkdir(parents=True)
    path.write_text("".join(lines), encoding="utf-8")


def public_scenes(folder: Path, n_samples: int = 400) -> None:
    """Each scene at three places of training (devices a and b) and one of test; a clip of device s1 is in no list."""
    known, train, test = [], [], []
    for number, scene in enumerate(SCENES):
        for place, city in enumerate(("lisbon", "milan", "paris", "vienna")):
            identifier = f"{city}-{10 * number + place}"
            for device in ("a", "b", *(["s1"] if city == "milan" else [])):
                file = f"audio/{scene}-{identifier}-{place}-{device}.wav"
                noise(folder / file, seed=len(known), n_samples=n_samples, rate_hz=44100)
                known.append(f"{file}\t{scene}\t{identifier}\t{device}\n")
                if device != "s1":
                    (test if city == "vienna" else train).append(f"{file}\t{scene}\n")
    (folder / "evaluation_setup").mkdir()
    lists = {"fold1_train": train, "fold1_evaluate": test}
    for name, lines in lists.items():
        text = "filename\tscene_label\n" + "".join(lines)
        (folder / "evaluation_setup" / f"{name}.csv").write_text(text, encoding="utf-8")
    text = "filename\tscene_label\tidentifier\tsource_label\n" + "".join(known)
    (folder / "meta.csv").write_text(text, encoding="utf-8")


def impulse_responses(folder: Path) -> None:
    """Five sets of decaying noise, later at the far ear: three circles in steps of 5 degrees, and two front halves."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(("ari_nh2", "ari_nh898", "fhk_ku100", "surrey_anechoic", "surrey_roomA")):
        azimuth = np.arange(0, 360, 5)
        if name.startswith("surrey"):
            azimuth = azimuth[(azimuth <= 90) | (azimuth >= 270)]
        noise = np.random.default_rng(seed).standard_normal((len(azimuth), 2, 24))
        noise[:, 1] = noise[:, 0] + 0.2 * noise[:, 1]
        later = np.round(8 * np.sin(np.radians(azimuth))).astype(int)  # samples, of the right ear
        ir = np.zeros((len(azimuth), 2, 36), dtype=np.float32)
        for of_both, one, delay in zip(ir, noise * np.exp(-np.arange(24) / 4), later, strict=True):
            of_both[0, max(0, -delay) : max(0, -delay) + 24] = one[0]
            of_both[1, max(0, delay) : max(0, delay) + 24] = one[1]
        still = np.zeros(len(azimuth), dtype=np.float32)
        np.savez(folder / f"{name}.npz", ir=ir, azimuth=azimuth.astype(np.float32), elevation=still, fs=np.int64(16000))


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
    public_urbansound8k(root / "UrbanSound8K")
    public_35_words(root / "speech_commands_v0.02")
    public_heart_sounds(root / "challenge-2016")
    public_lungs(root / "ICBHI_final_database")
    public_spoofs_2019(root / "LA")
    public_spoofs_2021(root / "ASVspoof2021_LA_eval")
    public_scenes(root / "TAU-urban-acoustic-scenes-2020-mobile-development")
    impulse_responses(root / "SPATIAL_HRIR")
    speakers = tuple(f"{number:08d}" for number in range(1, 25))  # 18 known ones and six others (`data/speakers.py`)
    manifest_set(root / "ARABIC_DIGITS", digits, ("train", "val", "test") * 8, speakers)
    words = (*WORDS, "silence", "unknown")
    voices = ("0487ba9b", "12345678", "3e4", *(f"{number:x}" for number in range(10, 37)))  # 24 known and six others
    manifest_set(root / "SPEECH_COMMANDS", words, "12345" * 6, voices)
    manifest_set(root / "KEYSTROKES_ZOOM", digits + letters, "01234", ("s0", "s1", "s2", "s3", "s4"))
    return root
