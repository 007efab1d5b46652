"""How much memory a run takes in all: the parent's peak, and what the whole tree has at a time."""
import os
import shutil
import subprocess
import tempfile
import time

EVERY = 0.05  # seconds between two looks


def tree(root):
    """The processes that come of one, itself among them."""
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                parent = int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(int(pid))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def kib(pid, file, field):
    """A number of a process, and 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/{file}") as f:
            return next((int(line.split()[1]) for line in f if line.startswith(field + ":")), 0)
    except OSError:
        return 0


def peak(argv):
    """MiB: the most that the parent had in memory, and the most that all had at once, each page
    that several share counted once (PSS). Looked at while it runs, so it is not timed."""
    state = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env=dict(os.environ, BROOD_STATE=state))
        parent = all = 0
        while child.poll() is None:
            parent = max(parent, kib(child.pid, "status", "VmHWM"))
            all = max(all, sum(kib(pid, "smaps_rollup", "Pss") for pid in tree(child.pid)))
            time.sleep(EVERY)
    finally:
        shutil.rmtree(state)
    if child.returncode:
        return None
    return {"parent": parent / 1024, "all": all / 1024}


def works(data, n, flight):
    """What is looked at: words, and arguments of brood."""
    for form in ("txt", "csv", "jsonl"):
        for size in (n, 10 * n):
            yield f"{size:,} lines, results as .{form}", ["echo", "-j", "2", "-o", data.path("out." + form), data.lines(size)]
    slow = ["echo", "--sleep", "20ms", "-j", "500", "-o", data.path("out.txt"), data.lines(flight)]
    yield f"{flight:,} records of 20 ms, 500 at a time, a process each", slow
    yield "the same in 10 processes", [*slow, "--per-worker", "50"]


def of(brood, data, n, flight):
    return {words: peak([brood, "run", *args]) for words, args in works(data, n, flight)}
