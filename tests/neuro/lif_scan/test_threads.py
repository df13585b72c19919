# tests/neuro/lif_scan/test_threads.py
import os
import threading

import pytest
import torch

from neuro.lif_scan.threads import WORTH_A_THREAD, shared_out


@pytest.fixture(params=[1, 2, 3])
def n_threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_item_is_worked_on_once_by_as_many_threads_as_torch_may_use(n_threads):
    done, threads = [0] * 10, set()
    met = threading.Barrier(n_threads)

    def work(first, end):
        met.wait(timeout=10)  # which all shares reach together, or none passes
        threads.add(threading.get_ident())
        for item in range(first, end):
            done[item] += 1

    shared_out(work, 10, WORTH_A_THREAD)

    assert done == [1] * 10
    assert len(threads) == n_threads
    assert threading.get_ident() in threads


@pytest.mark.usefixtures("n_threads")
def test_little_work_stays_in_the_thread_that_asks():
    shares = []
    shared_out(lambda first, end: shares.append((first, end, threading.get_ident())), 10, 1)

    assert shares == [(0, 10, threading.get_ident())]


@pytest.mark.parametrize("failing", [0, 5], ids=["in the calling thread", "in another"])
def test_a_share_that_fails_is_heard_of_when_all_have_ended(failing):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    ended = []

    def work(first, end):
        ended.append(first)
        if first == failing:
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        shared_out(work, 10, WORTH_A_THREAD)
    torch.set_num_threads(before)

    assert sorted(ended) == [0, 5]


# Where processes cannot fork, nothing is inherited that could go wrong; CI is Linux, where this runs.
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_has_threads_of_its_own():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    done = []
    shared_out(lambda first, end: done.append(end - first), 10, WORTH_A_THREAD)

    child = os.fork()
    if child == 0:  # without threads of its own, this would wait for ever
        here = []
        shared_out(lambda first, end: here.append(end - first), 10, WORTH_A_THREAD)
        os._exit(0 if sorted(here) == [5, 5] else 1)
    _, status = os.waitpid(child, 0)
    torch.set_num_threads(before)

    assert os.waitstatus_to_exitcode(status) == 0
    assert sorted(done) == [5, 5]
