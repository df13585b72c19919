"""A cell says what it was computed by, on, from and with, and nothing of where."""

import getpass
import os
import platform
import socket
import subprocess

import torch

from studies.provenance import SOURCE, measured, provenance, without_paths


def test_it_has_revision_versions_machine_threads_seed_and_data():
    found = provenance({"studies.pipeline": "ab" * 32}, 7, "c0ffee", ["trichord", "run", "--store=/home/somebody/x"])
    found |= measured("2026-01-01T00:00:00+00:00", 1.5)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=SOURCE, capture_output=True, text=True, check=False)

    assert found["git"]["revision"] == (head.stdout.strip() or None)
    assert (
        found["versions"]["torch"] == torch.__version__.partition("+")[0]
        or found["versions"]["torch"] == torch.__version__
    )
    assert found["python"] == platform.python_version()
    assert found["machine"]["n_cores"] == len(os.sched_getaffinity(0))
    assert found["machine"]["memory_bytes"] > 2**28
    assert found["machine"]["gpus"] == [] or torch.cuda.is_initialized()
    assert found["threads"]["torch"] == torch.get_num_threads()
    assert (found["seed"], found["data_content_hash"], found["wall_seconds"]) == (7, "c0ffee", 1.5)
    assert found["code_modules"] == {"studies.pipeline": "ab" * 8}
    assert found["peak_rss_bytes"] > 2**20


def test_it_names_no_host_no_user_and_no_folder():
    command = ["/opt/somewhere/trichord", "run", "/home/somebody/study.toml", "--store=~/secret/x"]
    text = str(provenance({}, 0, "c0ffee", command))

    assert not any(word in text for word in ("/home", "/opt", "somebody", "secret", str(SOURCE)))
    assert "study.toml" in text
    assert without_paths("--data-root=C:\\Users\\me\\data") == "--data-root=data"
    for name in (socket.gethostname(), getpass.getuser()):
        assert name == "root" or len(name) < 4 or name not in text
