"""What does not go with clips of two senses, refused before any work.

An image stands behind the window of each sound (`data/two_senses/image_behind.py`). A front end that shows it would
take the last samples of any other clip for pixels. Front ends of sound stop at a clip's own end, and so does noise at a
ratio; what plays faster, filters or scales the whole window would change the image too. An image that stands beside
recordings of two parts of a fold would let a system know it again.
"""

from typing import Any

from classical_baselines.augment import Augmentation
from classical_baselines.data.splits import Fold
from classical_baselines.data.two_senses.pairing import image_of
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from studies.degraded_senses import NAME, DegradedSenses
from studies.registries import build
from studies.specification import Study, System

OF_THE_WINDOW = ("low_pass_hz", "gain_db")  # probes
OF_BANDS = ("frequency_warp", "frequency_offset")  # of augmentation: they carry rows of one sense into the other


def are_of_two_senses(clips: Clips) -> bool:
    """Whether an image stands behind each sound: such clips name it."""
    return image_of(clips.names[0]) is not None


def check_senses_of_front_end(name: str, front_end: Any, clips: Clips) -> None:
    """Refuse a front end that shows an image where there is none."""
    if getattr(front_end, "reads_image", False) and not are_of_two_senses(clips):
        raise InputError(
            f"the front end {name!r} shows the image behind a sound, and these clips have none. Choose another front "
            "end, or clips of two senses: fsdd-images."
        )


def check_probes_of_senses(study: Study, clips: Clips) -> None:
    """Refuse probes that would change the image with the sound."""
    asked = [name for name in OF_THE_WINDOW if getattr(study.probes, name)]
    if asked and are_of_two_senses(clips):
        raise InputError(
            f"study {study.name!r}: probes.{asked[0]} changes the whole window, and would change the image behind the "
            "sound. Leave it out; noise (snr_db) reaches the sound alone."
        )


def check_augmentation_of_senses(system: System, augmentation: Augmentation, front_end: Any, clips: Clips) -> None:
    """Refuse sound that is varied with an image behind it, and bands that move where an image stands above them."""
    if not are_of_two_senses(clips):
        return
    if augmentation.waveform_copies or set(augmentation.speeds or ()) - {1.0}:
        raise InputError(
            f"the augmentation of {system.name!r} varies the sound (speeds, waveform_copies), and would change the "
            "image behind it. Leave these out; shifts and masks of the picture vary both."
        )
    moving = [name for name in OF_BANDS if getattr(augmentation, name)]
    if moving and getattr(front_end, "only", "") == "both":
        raise InputError(
            f"the augmentation of {system.name!r} moves bands ({moving[0]}), and would carry the sound into the image "
            "above it. Leave it out, or choose a front end that shows one of them."
        )


def check_images_apart(protocol: str, folds: list[Fold], clips: Clips) -> None:
    """Refuse a split in which an image stands in two parts of a fold."""
    if not are_of_two_senses(clips):
        return
    image = [image_of(name) for name in clips.names]
    for fold in folds:
        part_of: dict[int | None, str] = {}
        for part, rows in (("train", fold.train), ("validation", fold.validation), ("test", fold.test)):
            for row in rows:
                if part_of.setdefault(image[row], part) != part:
                    raise InputError(
                        f"protocol {protocol!r}, fold {fold.name!r}: image {image[row]} stands in {part_of[image[row]]}"
                        f" and, beside {clips.names[row]!r}, in {part}. Choose a protocol that keeps speakers whole, "
                        "as leave-one-group-out."
                    )


def check_degraded_runs(study: Study, system: System) -> None:
    """What a run on `degraded-senses` is told, held against the system: the backend that decides must be a run of it
    too, as the key of a cell holds the code of the backends that its runs name; and where the sound ends."""
    for run in system.runs:
        if run.backend.name != NAME:
            continue
        backend: DegradedSenses = build("backend", run.backend)
        build("backend", backend.backend)
        if backend.backend not in [other.backend for other in system.runs]:
            raise InputError(
                f"the backend {NAME!r} asks {backend.of!r} for decisions, which is no run of the system with these "
                "options. Add that run: the key of a cell holds the code of the backends that its runs name."
            )
        choice = study.front_end_of(system)
        front_end = build("front end", choice)
        if not getattr(front_end, "reads_image", False):
            raise InputError(
                f"the backend {NAME!r} degrades a sound and an image, and the front end {choice.name!r} shows no image "
                "beside a sound. Choose sound-and-image."
            )
        n_rows = 0 if front_end.only == "image" else front_end.n_mels
        if backend.sound_rows != n_rows:
            raise InputError(
                f"the backend {NAME!r} is told sound_rows = {backend.sound_rows}, and the front end {choice.key!r} "
                f"gives the sound {n_rows}. Give it that."
            )
