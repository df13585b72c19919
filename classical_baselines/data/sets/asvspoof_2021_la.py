# classical_baselines/data/sets/asvspoof_2021_la.py
"""ASVspoof 2021, logical access: speech that passed telephone codecs, to test systems trained on that of 2019.

    ASVspoof2021_LA_eval/flac/                            the clips of 2021; those of the phase eval are the test part
    ASVspoof2021_LA_eval/keys/LA/CM/trial_metadata.txt    its keys; or in keys/CM/, or either beside the folder
    LA/                                                   ASVspoof 2019 LA: its training and development (val) parts

The set has no training part of its own. The keys are published apart from the clips (LA-keys-full.tar.gz).

Source: X. Liu et al., IEEE/ACM Transactions on Audio, Speech and Language Processing 31 (2023), 2507-2522.
"""

from pathlib import Path

from classical_baselines.data.manifest import Manifest, ManifestError
from classical_baselines.data.sets.asvspoof_2019_la import ASVSPOOF_2019_LA
from classical_baselines.data.sets.asvspoof_trials import KEYS, manifest_of_trials, trials_of_2019, trials_of_2021
from classical_baselines.data.sets.data_set import DataSet

METADATA = ("keys/LA/CM/trial_metadata.txt", "keys/CM/trial_metadata.txt")


def logical_access_2021(folder: Path) -> Manifest:
    """Train and val of 2019, test of 2021; the folder of the manifest is the one that holds both sets."""
    root = folder.parent
    earlier = next((name for name in ASVSPOOF_2019_LA.folders if (root / name).is_dir()), None)
    if earlier is None:
        raise ManifestError(
            f"{folder} is a test part; systems are trained on ASVspoof 2019 LA, and {root} has no folder "
            f"{' or '.join(ASVSPOOF_2019_LA.folders)}. Put it there: {ASVSPOOF_2019_LA.source}."
        )
    keys = next((path / name for path in (folder, root) for name in METADATA if (path / name).is_file()), None)
    if keys is None:
        raise ManifestError(
            f"{folder} has no {' or '.join(METADATA)}, and neither has {root}: the keys are published apart from the "
            "clips. Unpack LA-keys-full.tar.gz (www.asvspoof.org) there."
        )
    before = trials_of_2019(root / earlier, ("train", "val"), under=f"{earlier}/")
    return manifest_of_trials(root, [*before, *trials_of_2021(keys, f"{folder.name}/flac")])


ASVSPOOF_2021_LA = DataSet(
    title="ASVspoof 2021, logical access, trained on that of 2019",
    folders=("ASVspoof2021_LA_eval",),
    layout=logical_access_2021,
    sample_rate_hz=16000,
    clip_seconds=4.0,
    protocols=("official-split",),
    label_names=KEYS,
    licence="Open Data Commons Attribution 1.0",
    citation=(
        "X. Liu et al., ASVspoof 2021: Towards Spoofed and Deepfake Speech Detection in the Wild, IEEE/ACM "
        "Transactions on Audio, Speech and Language Processing 31 (2023), 2507-2522"
    ),
    source="zenodo.org/records/4837263, with LA-keys-full.tar.gz of www.asvspoof.org and LA.zip of ASVspoof 2019",
    warnings=(
        "Test clips passed codecs and telephone lines that no training clip did: that is the task.",
        "Clips of the phases progress and hidden_track are left out: published scores are of the phase eval.",
        "Its test speakers and attacks are those of the evaluation part of 2019: nothing may be chosen on that part.",
        "Nine in ten clips are spoof: report EER, and min t-DCF where scores of the speaker verification are at hand.",
    ),
)
