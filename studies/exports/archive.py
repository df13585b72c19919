# studies/exports/archive.py
"""A study as one file for an archive: everything that its numbers can be had from again, and nothing of the machine.

    STUDY/README.md               what is in here, and how to open it
    STUDY/CITATION.txt, .bib      what the study rests on
    STUDY/LICENCES.md             terms of the code, the recordings and this file
    STUDY/study.toml              the study, complete
    STUDY/devices/*.toml          device files of its own, where it has some
    STUDY/store/                  its cells: predictions, counts, provenance; no audio, no weights
    STUDY/report/                 the report and its tables as they were when the archive was made
    STUDY/SHA256SUMS              of every file above

The same store gives the same bytes: names are sorted, times are fixed, and what is derived is left out.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from classical_baselines.data.catalogue import known_data_set
from studies.citing import bibtex, citation_text
from studies.grid import keep_ground
from studies.origins import revisions
from studies.publishing import publish_study
from studies.report import write_report
from studies.results import StudyResults
from studies.running import Plan
from studies.specification import Study
from studies.store import Store, open_store
from studies.study_text import study_toml

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold
LEFT_OUT = ("index.sqlite",)  # derived from the cells, and of this machine's clock
RECORDINGS = "./recordings"  # where an archived study looks for a user's own folder


def archive_bytes(results: StudyResults, plan: Plan, store: Store) -> bytes:
    """The zip file of a study."""
    study = archived_study(plan.study)
    files = {
        "README.md": _readme(study, results).encode(),
        "CITATION.txt": citation_text(results).encode(),
        "CITATION.bib": bibtex(results).encode(),
        "LICENCES.md": _licences(study).encode(),
        "study.toml": study_toml(study).encode(),
    }
    for name in plan.study.device_files:
        files[f"devices/{PurePath(name).name}"] = Path(name).read_bytes()
    with TemporaryDirectory() as folder:
        inside = Path(folder)
        publish_study(plan.study, plan, store, inside / "store")
        for ground in (inside / "store" / "grounds").iterdir():
            ground.unlink()  # of the folder of this machine, where the study names one
        keep_ground(study, plan.ground, open_store(inside / "store"))
        write_report(results, inside / "report")
        for path in sorted(inside.rglob("*")):
            if path.is_file() and path.name not in LEFT_OUT:
                files[path.relative_to(inside).as_posix()] = path.read_bytes()
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return _zipped(study.name, files | {"SHA256SUMS": sums.encode()})


def archived_study(study: Study) -> Study:
    """The study as an archive holds it: no folder of this machine in it."""
    files = tuple(f"devices/{PurePath(name).name}" for name in study.device_files)
    data = study.data if study.data.folder is None else study.data.model_copy(update={"folder": RECORDINGS})
    return study.model_copy(update={"data": data, "device_files": files})


def _zipped(folder: str, files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, text)
    return content.getvalue()


def _readme(study: Study, results: StudyResults) -> str:
    code = ", ".join(revisions(results.provenances)) or "unknown"
    evidence = "test clips" if results.confirmed else "validation clips alone: no test result"
    cells = len(results.fits) + len(results.tests)
    own = "" if study.data.folder is None else f"\nIts recordings are looked for in `{RECORDINGS}`.\n"
    return f"""# {study.title}

{study.question}

{cells} cells of the study `{study.name}`, on {study.data.name}; evidence: {evidence}. Made with Trichord
{version("trichord")}; its cells were computed by revision {code}. `report/report.html`
opens in any browser; the tables beside it are what it shows.

With Trichord, in this folder:

```sh
trichord verify study.toml --store store     # is every cell what was committed?
trichord report study.toml --store store     # the report again, at the prices of that Trichord
trichord trace study.toml NUMBER --store store
```

A cell is known by the code that made it. A Trichord whose code of a system has changed takes its cells as missing,
unless `trichord recheck` finds a sample of them equal, or `--accept-code CODE` keeps them on trust; `trichord status`
lists the codes, and the report says what was kept.
No recording and no trained weight is in this file: `trichord run study.toml --store store` computes what is missing.
{own}
`sha256sum -c SHA256SUMS` checks every file.
"""


def _licences(study: Study) -> str:
    entry = None if study.data.folder else known_data_set(study.data.name)
    terms = (
        f"{entry.title}: {entry.licence}; {entry.source}. {entry.citation}"
        if entry is not None
        else "those of whoever made the study; ask them for their terms"
    )
    return f"""# Licences

- Trichord, which made these files: Apache-2.0.
- The recordings, which are not in here: {terms}.
- The predictions and counts in here were computed from those recordings; names of recordings, labels and groups are
  theirs. Whoever passes this file on keeps the attribution that their licence asks for.
"""
