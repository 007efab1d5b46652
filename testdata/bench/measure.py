"""How a program is run and looked at: alone, from its start to its exit, in rounds with those it
is measured beside."""
import contextlib
import filecmp
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from figures import Sample

LIMIT = 120  # seconds, after which a run is stopped: this page is about less


@dataclass
class Entry:
    """A program that does the work of a row."""

    name: str
    argv: list
    records: int
    stdin: str | None = None
    out: str | None = None  # where its results are, which are looked at after each run
    same: str | None = None  # the file that they must equal, or else
    lines: int | None = None  # how many lines they must have
    before: Callable | None = None  # what is done before the clock starts
    after: Callable | None = None  # what looks at what was done, and refuses it; it is given the state directory


@dataclass
class Row:
    """Programs that do the same work."""

    key: str
    what: str
    entries: list = field(default_factory=list)


class Refused(Exception):
    """A program is not there, does not know a flag, or did not do its work."""


def run(entry):
    """Run a program once, in a new state directory, and check what it has done."""
    if not shutil.which(entry.argv[0]):
        raise Refused("not installed")
    if entry.out:
        with contextlib.suppress(FileNotFoundError):
            os.remove(entry.out)
    if entry.before:
        entry.before()
    state = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        with open(entry.stdin or os.devnull, "rb") as src, tempfile.TemporaryFile() as err:
            sample, status = waited(entry.argv, src, err, dict(os.environ, BROOD_STATE=state))
            err.seek(0)
            said = err.read().decode(errors="replace").strip()
        if status:
            raise Refused(f"exit status {status}: {said[-300:]}")
        check(entry)
        if entry.after:
            entry.after(state)
    finally:
        shutil.rmtree(state)
    return sample


def waited(argv, src, err, env):
    """The time, and what wait4 says of the whole tree. It is ended at LIMIT with all its group."""
    start = time.monotonic()
    child = subprocess.Popen(argv, stdin=src, stdout=subprocess.DEVNULL, stderr=err, env=env, start_new_session=True)
    timer = threading.Timer(LIMIT, os.killpg, (child.pid, signal.SIGKILL))
    timer.start()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    timer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    if wall >= LIMIT:
        raise Refused(f"more than {LIMIT} s")
    return Sample(wall, used.ru_utime + used.ru_stime), child.returncode


def check(entry):
    """Whether the results are what they must be: a program that is fast at nothing is no peer."""
    if entry.same and not filecmp.cmp(entry.same, entry.out, shallow=False):
        raise Refused("its results are not the records in their order")
    if entry.lines is not None:
        with open(entry.out, "rb") as f:
            got = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
        if got != entry.lines:
            raise Refused(f"{got} lines of results, not {entry.lines}")


def rounds_for(seconds, budget, least, most=15):
    """How often a round that takes this long is run: as often as the budget has room for, within
    bounds."""
    return max(least, min(most, int(budget / max(seconds, 1e-6))))


def measure(row, budget, least, say=lambda text: None, once=run):
    """Run all entries of a row in rounds, each once a round, in an order drawn by lot, so that
    each two of them are a pair of every round. The first round warms up, and counts for nothing
    but how many others there is time for.

    The answer is, by name: records, and samples or why there are none."""
    found = {e.name: {"records": e.records, "samples": []} for e in row.entries}
    alive = list(row.entries)

    def around(count):
        for entry in random.sample(alive, len(alive)):
            try:
                sample = once(entry)
            except Refused as why:
                found[entry.name] = {"records": entry.records, "missing": str(why)}
                alive.remove(entry)
                say(f"{entry.name}: {why}")
            else:
                if count:
                    found[entry.name]["samples"].append(sample)

    start = time.monotonic()
    around(count=False)
    for _ in range(rounds_for(time.monotonic() - start, budget, least)):
        around(count=True)
    return found
