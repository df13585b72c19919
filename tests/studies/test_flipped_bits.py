"""`verify` finds every single flipped bit, whichever file of a store it is in."""

import random

from studies.store import open_store
from tests.studies.faulty_disk import FaultyDisk
from tests.studies.test_store_faults import DROPPED, GROUND, NEW, STUDY, commit, keep_ground

N_FLIPS = 1000


def test_verify_finds_each_of_a_thousand_random_single_bit_flips(tmp_path):
    import torch

    store = open_store(tmp_path, create=True, disk=FaultyDisk(at=10**9))
    keep_ground(STUDY, GROUND, store)
    store.add_earlier_looks([DROPPED])
    commit(store, NEW[0], "fit")
    commit(store, NEW[0], "test")
    weights = {"w": torch.arange(64.0)}
    description = store.description(NEW[0].fit_key)
    store.commit("0" * 64, description, store.load(NEW[0].fit_key), {"wall_seconds": 1.5}, weights)
    store.record_attempt(NEW[1].fit_key, {"fold": "anna"}, "it failed", "Traceback")
    store.save_measurement({"joules": 0.25})
    store.save_recheck({"old_code": "a", "new_code": "b"})
    store.save_drawing("fake", "space", 0, {"learning_rate": 0.002})
    store.write_index()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert store.verify() == []
    assert {path.name for path in files} >= {
        *("MANIFEST.sha256", "cell.json", "provenance.json", "result.json", "predictions.npz", "exhibits.npz"),
        *("weights.safetensors", "store.json", "earlier_looks.json", "index.sqlite"),
    }
    contents = {path: path.read_bytes() for path in files}
    generator = random.Random(20260)
    for number in range(N_FLIPS):
        path = files[number % len(files)] if number < N_FLIPS // 2 else generator.choice(files)
        bit = generator.randrange(8 * len(contents[path]))
        flipped = bytearray(contents[path])
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert store.verify() != [], f"bit {bit} of {path.relative_to(tmp_path)}"
        path.write_bytes(contents[path])
    assert store.verify() == []
