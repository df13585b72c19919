# studies/told_code.py
"""What the code in a source folder says of itself for a study: its versions, and the clips and folds that it reads.

Asked in a process of its own with a cache of its own, so that it may be the code of another revision.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.cache import ENVIRONMENT_VARIABLE
from classical_baselines.harness.choices import InputError
from studies.code_version import CodeVersion
from studies.specification import Probes, Study
from studies.study_text import study_toml

CHANGES_NO_FIT = {"probes": Probes(), "device_files": (), "search": None}  # left out of what older code reads
TELL = """
import hashlib, json, sys
from pathlib import Path
from studies import pipeline
from studies.code_version import code_of, code_version
from studies.plugins import load_plugins
from studies.study_file import load_study

def clips_read(study, data_root):
    clips = pipeline.load_study_clips(study, data_root)
    found = hashlib.sha256()
    for name in sorted(clips.inputs):
        found.update(name.encode())
        for rows in clips.inputs[name].split(1024):
            found.update(rows.contiguous().numpy().tobytes())
    folds = [(one.name, pipeline.folds_of(study, one.name, clips)) for one in study.protocols]
    of_clips = clips.n_samples.tolist(), clips.targets.tolist(), clips.groups, clips.folds, clips.names
    found.update(repr((of_clips, clips.label_names, clips.sample_rate_hz, folds)).encode())
    return found.hexdigest()

load_plugins()
study = load_study(sys.argv[1], {})
systems = {system.name: code_version(study, system) for system in study.systems}
probing = code_of({"studies.probing"})
told = {name: (version.digest, dict(version.modules)) for name, version in systems.items()}
clips = clips_read(study, Path(sys.argv[2]) if sys.argv[2] else None) if len(sys.argv) > 2 else ""
print(json.dumps({"systems": told, "probing": (probing.digest, dict(probing.modules)), "clips": clips}))
"""


@dataclass(frozen=True)
class ToldCode:
    """What one code says of a study."""

    versions: Mapping[str, CodeVersion]  # by system
    probing: CodeVersion
    clips: str  # SHA-256 over all that it reads of the recordings, and the folds; "" where it was not asked


# Asks the code in a folder about a study; the last folder is for its files and its cache.
Tell = Callable[[Study, Path, Path], ToldCode]


@dataclass(frozen=True)
class Source:
    """A source folder, and the folder in which its processes work and keep their cache."""

    code: Path
    folder: Path

    def python(self, *words: str, task: str) -> str:
        """What a Python of this code prints; InputError says that it cannot do `task`, and why."""
        environment = {**os.environ, "PYTHONPATH": str(self.code), ENVIRONMENT_VARIABLE: str(self.folder / "cache")}
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise InputError(f"the code in {self.code.name} cannot {task}: {said[-1] if said else ''}")
        return done.stdout

    def told(self, study: Study, *data_root: str) -> ToldCode:
        """Its versions; with a data root ("" for none), the clips too."""
        whole = self.folder / "whole.toml"
        whole.write_text(study_toml(study.model_copy(update=CHANGES_NO_FIT), with_defaults=False), encoding="utf-8")
        known = json.loads(self.python("-c", TELL, str(whole), *data_root, task="read the study").splitlines()[-1])
        versions = {name: CodeVersion(*version) for name, version in known["systems"].items()}
        return ToldCode(versions, CodeVersion(*known["probing"]), known["clips"])


def tell_by_command(data_root: Path | None) -> Tell:
    """Asks it in a process of its own."""

    def tell(study: Study, code: Path, folder: Path) -> ToldCode:
        folder.mkdir(parents=True)
        return Source(code, folder).told(study, "" if data_root is None else str(data_root.resolve()))

    return tell
