# tests/studies/executors/test_watched_run.py
"""The watch sees what it is there for: otherwise a run that it finds nothing in would prove nothing."""

from tests.studies.executors.watched_run import watched

OUTWARD = """
import multiprocessing, socket, time
def call():
    outgoing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    outgoing.connect(("192.0.2.1", 9))  # an address of nobody; a datagram socket sends nothing by this
    open_to_all = socket.create_server(("0.0.0.0", 0))
    time.sleep(1)
multiprocessing.get_context("forkserver").Process(target=call).start()
"""


def test_a_process_below_the_command_that_looks_outward_is_seen_from_within_and_from_without(tmp_path):
    (tmp_path / "outward.py").write_text(
        OUTWARD.replace("multiprocessing.get", "if __name__ == '__main__': multiprocessing.get")
    )
    seen = watched(tmp_path, ["outward.py"])

    assert seen.code == 0, seen.errors
    assert any(call.startswith("socket.connect 192.0.2.1") for call in seen.outward)
    assert any(call.startswith("socket.bind 0.0.0.0") for call in seen.outward)
    assert any(one.endswith(" 0.0.0.0 ") for one in seen.outward)
    assert any(one.endswith(" 192.0.2.1") and not one.startswith("socket") for one in seen.outward)


def test_a_process_that_outlives_the_command_is_seen(tmp_path):
    (tmp_path / "leaves.py").write_text(
        "import subprocess\nsubprocess.Popen(['sleep', '12'], start_new_session=True)\n"
    )
    seen = watched(tmp_path, ["leaves.py"], patience_seconds=0.5)

    assert len(seen.left) == 1
    assert "sleep" in seen.left[0]
    assert seen.outward == []
