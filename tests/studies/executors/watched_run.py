# tests/studies/executors/watched_run.py
"""A command, and everything that its processes do with sockets, seen from two sides.

from within     every Python process, the cells' and Ray's own included, loads an audit hook that notes each
                `bind`, `connect`, `sendto` and name look-up before it happens
from without    the kernel's table of the open sockets of every process that descends from the command, Ray's C++
                servers included, read again and again; and which of these processes are left when it has ended
"""

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent.parent
MARK = "TRICHORD_TEST_MARK"  # every descendant inherits it
HOOK = """
import os, sys
def _note(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.sendto"):
        address = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[:1]
    else:
        return
    if isinstance(address, tuple):
        with open(os.environ["TRICHORD_TEST_SOCKETS"], "a") as file:
            print(event, address[0], sys.argv[:2], file=file)
sys.addaudithook(_note)
"""
LOOPBACK = ("127.", "::1", "::ffff:127.", "localhost")


def is_loopback(address: str) -> bool:
    return address.startswith(LOOPBACK)


@dataclass
class Watched:
    """What was seen of a command."""

    code: int
    output: str
    errors: str
    n_python_calls: int  # of the socket functions, whatever the address
    n_sockets: int  # internet sockets in the kernel's table, each counted once
    outward: list[str]  # what goes beyond the loopback address
    left: list[str] = field(default_factory=list)  # processes that outlive the command


def watched(folder: Path, arguments: list[str], patience_seconds: float = 10.0, **environment: str) -> Watched:
    """Run `python ARGUMENTS` in `folder`, watched."""
    mark = uuid.uuid4().hex
    hook = folder / f"hook-{mark[:8]}"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    log = hook / "sockets"
    log.touch()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": f"{hook}{os.pathsep}{ROOT}",
            "NO_COLOR": "1",
            MARK: mark,
            "TRICHORD_TEST_SOCKETS": str(log),
        }
        | environment,
        stdin=subprocess.DEVNULL,
        stdout=(hook / "output").open("w"),  # files, not pipes: a process that outlives the command would hold them
        stderr=(hook / "errors").open("w"),
    )
    seen: set[tuple[str, str, str]] = set()
    while process.poll() is None:
        for one in descendants(mark):
            seen |= _sockets(one)
        time.sleep(0.1)
    calls = log.read_text().splitlines()
    outward = [call for call in calls if not is_loopback(call.split()[1])]
    outward += [" ".join(one) for one in seen if not all(is_loopback(a) for a in one[1:] if a)]
    return Watched(
        process.returncode,
        (hook / "output").read_text(),
        (hook / "errors").read_text(),
        len(calls),
        len(seen),
        outward,
        left_after(mark, patience_seconds),
    )


def descendants(mark: str) -> list[psutil.Process]:
    """Every process that inherited the mark, wherever it stands in the tree."""
    found = []
    for one in psutil.process_iter():
        try:
            if one.environ().get(MARK) == mark and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except psutil.Error:
            continue
    return found


def left_after(mark: str, seconds: float = 10.0) -> list[str]:
    """The marked processes that are still there after some seconds."""
    until = time.monotonic() + seconds
    while (left := descendants(mark)) and time.monotonic() < until:
        time.sleep(0.1)
    return [json.dumps(_command(one)) for one in left]


def _command(one: psutil.Process) -> list[str]:
    try:
        return [str(one.pid), *one.cmdline()[:3]]
    except psutil.Error:
        return []


def _sockets(one: psutil.Process) -> set[tuple[str, str, str]]:
    """(name, local address, remote address) of every internet socket that the process holds."""
    try:
        return {
            (one.name(), c.laddr.ip if c.laddr else "", c.raddr.ip if c.raddr else "")
            for c in one.net_connections("inet")
        }
    except psutil.Error:
        return set()
