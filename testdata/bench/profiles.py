"""make profiles: where the processor's time of a run goes, in parent, workers and what they start,
by perf; written into docs/performance.md. python3 testdata/bench/profiles.py BROOD

BROOD must have its symbols (a build without -s -w).
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

import builds
from data import Data
from page import table
from works import POSTFIX, UPPER, smtp_sink

BEGIN, END = "<!-- profiles: begin -->", "<!-- profiles: end -->"
ROLES = ("parent", "workers", "programs")
LEAST = 0.02  # of all samples: what is less is not worth a line

# The parts, each with what names it in a stack, from the innermost frame outwards. The first that
# matches any frame is the part: a page fault of the collector is the collector's.
PARTS = [
    ("initialisation of packages", r"runtime\.doInit"),
    ("start of Go's runtime", r"runtime\.(schedinit|rt0_go|newproc|check|args|osinit)\b"),
    ("garbage collection", r"runtime\.(gcBgMarkWorker|gcAssist|gcStart|gcDrain|bgsweep|bgscavenge|gcMark|GC\b|gcSweep|deductSweepCredit)"),
    ("Go's scheduler", r"runtime\.(schedule|findRunnable|sysmon|park_m|mstart1?|goschedImpl|startm|wakep|ready|stopm|notesleep|notewakeup|futexwakeup|exitsyscall|entersyscall|reentersyscall)\b"),
    ("memory", r"runtime\.(mallocgc|growslice|makeslice|newobject)"),
]
OF = {" of pipes": r"(anon_)?pipe_", " of files": r"ext4_|xfs_|btrfs_|shmem_", " of sockets": r"sock_|tcp_"}
KERNEL = [
    ("starting and ending processes", r"^(__x64_sys_|__do_sys_)(clone3?|v?fork|execve(at)?|exit_group|exit|wait4|waitid)$|^do_exit$|^ret_from_fork|^do_group_exit$|^bprm_execve$"),
]


def part(frames):
    """Where a sample belongs; frames are pairs of symbol and file, the innermost first."""
    symbols = [symbol for symbol, _ in frames]
    for name, pattern in PARTS:
        if any(re.match(pattern, s) for s in symbols):
            return name
    for name, pattern in KERNEL:
        if any(re.match(pattern, s) for s in symbols):
            return name
    if frames and "kernel" in frames[0][1]:
        return "kernel: " + call_of(symbols)
    for symbol in symbols:
        if (package := package_of(symbol)) and not re.match(r"(runtime|internal|syscall|sync|main)\b", package):
            return package
    return "Go's runtime, other" if any(s.startswith("runtime.") for s in symbols) else "their own code"


def call_of(symbols):
    """What the kernel was asked for, and of what; or what has interrupted."""
    if any("page_fault" in s for s in symbols):
        return "page faults"
    for symbol in symbols:
        if call := re.match(r"(?:__(?:x64|do|se)_sys_|ksys_)(\w+)$", symbol):
            name = {"mmap_pgoff": "mmap", "pread64": "read", "pwrite64": "write"}.get(call[1], call[1])
            return name + next((of for of, pattern in OF.items() if name in ("read", "write") and any(re.match(pattern, s) for s in symbols)), "")
    return "interrupts, switches between processes and the rest"


def package_of(symbol):
    """The package of a Go function, and nothing for what has none."""
    found = re.match(r"((?:[\w.~-]+/)*[\w~-]+)\.[\w(]", symbol)
    if not found:
        return None
    package = found[1]
    return "SQLite" if package.startswith("modernc.org/") else package


def role(comm, brood):
    """Who a process is by its name: workers are started through /proc/self/exe."""
    if comm == "exe":
        return "workers"
    return "parent" if comm == brood[:15] else "programs"


def samples(script):
    """The samples that perf script prints: comm, and frames."""
    for block in script.split("\n\n"):
        head, *lines = block.strip("\n").split("\n")
        if not head.strip():
            continue
        frames = [m.groups() for m in (re.match(r"\s*[0-9a-f]+ (.+?) \((.*)\)$", line) for line in lines) if m]
        yield head.strip().rsplit(None, 1)[0], [(re.sub(r"\.abi0$", "", s), file) for s, file in frames]


def shares(script, brood):
    """Shares of all samples, by part and role."""
    count = collections.Counter((part(frames), role(comm, brood)) for comm, frames in samples(script))
    total = sum(count.values())
    return {key: n / total for key, n in count.items()}, total


def told(found):
    """A table of the parts that matter, those that take most first."""
    by_part = collections.Counter()
    for (name, _), share in found.items():
        by_part[name] += share
    roles = [r for r in ROLES if any(who == r for _, who in found)]
    percent = lambda x: f"{100 * x:.1f}" if x >= 0.0005 else ""
    rows = [[name, *(percent(found.get((name, r), 0)) for r in roles), percent(share)] for name, share in by_part.most_common() if share >= LEAST]
    left = [sum(s for (name, who), s in found.items() if who == r and by_part[name] < LEAST) for r in roles]
    rows.append(["less than 2 % each", *map(percent, left), percent(sum(left))])
    rows.append(["**all**", *(percent(sum(s for (_, who), s in found.items() if who == r)) for r in roles), "100"])
    return table(["part", *roles, "all"], rows)


def recorded(argv, data):
    """What perf saw of a command and of all that it started."""
    state = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        env = dict(os.environ, BROOD_STATE=state)
        subprocess.run(["perf", "record", "-q", "-F", "1999", "-g", "-o", data, "--", *argv], check=True, env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.run(["perf", "script", "-i", data, "-F", "comm,pid,ip,sym,dso"], check=True, capture_output=True, text=True).stdout
    finally:
        shutil.rmtree(state)


def cases(brood, data, tools):
    """What is looked at: a title, and a command."""
    out = data.path("out.csv")
    run = [brood, "run"]
    yield "Fast lines: 2,000,000 through echo, 2 workers", [*run, "echo", "-j", "2", "-o", data.path("out"), data.lines(2_000_000)]
    yield "Slow records: 10,000 of 20 ms, 100 at a time, a process each", [*run, "echo", "--sleep", "20ms", "-j", "100", "-o", data.path("out"), data.lines(10_000)]
    if b"--per-worker" in subprocess.run([*run, "echo", "--help-all"], capture_output=True).stdout:
        yield "The same, 500 at a time in 10 processes", [*run, "echo", "--sleep", "20ms", "-j", "500", "--per-worker", "50", "-o", data.path("out"), data.lines(50_000)]
    yield "exec: /bin/true for 5,000 records, 2 at a time", [*run, "exec", "-j", "2", data.numbers(5_000), "--", "/bin/true"]
    yield "pipe: 50,000 records to a Python program, 2 of them", [*run, "pipe", "-j", "2", "-o", out, data.lines(50_000), "--", sys.executable, UPPER]
    with smtp_sink(os.path.join(tools, POSTFIX)) as (address, _):
        yield "Mail: 10,000 of 1 kB, 2 connections", [
            *run, "email", "-j", "2", "--transport", "smtp://" + address, "--tls", "never", "--rate-by", "0", "--max-per-key", "0",
            "--breaker", "0", "--max-per-connection", "0", "--from", "me@x.example", "--subject", "Hello {{.name}}",
            "--text", data.text(), "-o", out, data.people(10_000)]
    one = f"for i in $(seq 50); do {brood} run exec {data.numbers(1)} -- /bin/true; done"
    yield "One record, start to exit, 50 times", ["sh", "-c", one]


def main():
    brood = os.path.abspath(sys.argv[1])
    folder = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        said = [f"{builds.commit()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}; shares of the processor's time in %.\n"]
        for title, argv in cases(brood, Data(folder), os.path.join(builds.ROOT, "bin/tools")):
            print(title, file=sys.stderr)
            found, total = shares(recorded(argv, os.path.join(folder, "perf.data")), os.path.basename(brood))
            said.append(f"### {title}\n\n{total:,} samples.\n\n{told(found)}")
    finally:
        shutil.rmtree(folder)
    path = os.path.join(builds.ROOT, "docs/performance.md")
    with open(path) as f:
        head, rest = f.read().split(BEGIN)
    with open(path, "w") as f:
        f.write(f"{head}{BEGIN}\n" + "\n".join(said) + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
