"""What it costs to have workers on other machines, and what it costs a run that has none. python3 testdata/bench/machines.py BROOD

BENCH_ROUNDS=3           how often
BENCH_ONCE=60000         records of effect once
BENCH_NONE=1000000       records that may be repeated
BENCH_SLOTS=16           of each of the two agents
BENCH_BASE=FILE|COMMIT   another brood, whose runs on one machine are beside this one's, in the same rounds

A coordinator without workers and two agents, each a process of its own on loopback, do the echo job: so what is measured is what
stands around a record. The processor's time is the coordinator's alone. Beside it is the same run on this machine, and the transport
alone (go test -bench Transport ./runner/remote/bus, where there is go). What a record of once costs holds only where several are in hand.
"""
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import builds
import machine
import measure
from figures import Sample, figure, paired
from measure import Refused
from memory import kib, tree
from servers import folder, free_port

MACHINES = ("a", "b")
PATIENCE = 600
START = ("version", "one record", "echo, 2 workers", "exec, 2 workers, 2,000 × true")


def number(name, otherwise):
    return int(os.environ.get(name, otherwise))


def lines(path, n):
    with open(path, "w") as f:
        f.writelines(f"{i}\n" for i in range(n))
    return path


def elsewhere(binary, source, n, effect, slots):
    """A run whose workers are on other machines: the time from the start to the end of the coordinator, and its processor's time."""
    with tempfile.TemporaryDirectory(prefix="brood-machines-") as where, contextlib.ExitStack() as agents:
        env = dict(os.environ, BROOD_STATE=os.path.join(where, "state"))
        port, out, said = free_port(), os.path.join(where, "out"), os.path.join(where, "said")
        for m in MACHINES:
            token = subprocess.run([binary, "token", "fleet", m], env=env, check=True, capture_output=True).stdout
            with open(os.path.join(where, m), "wb", opener=lambda p, f: os.open(p, f, 0o600)) as f:
                f.write(token)
            argv = [binary, "join", f"127.0.0.1:{port}", "-q", "--token-file", os.path.join(where, m), "-j", str(slots)]
            child = subprocess.Popen(argv, env=dict(env, BROOD_STATE=os.path.join(where, "of-" + m)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            agents.callback(ended, child)
        with open(said, "wb+") as err:
            argv = [binary, "run", "echo", "-q", "--run", "fleet", "--listen", f"127.0.0.1:{port}", "-j", "0", "--effect", effect, source, "-o", out]
            start = time.monotonic()
            child = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=err, stderr=err)
            timer = threading.Timer(PATIENCE, child.kill)
            timer.start()
            _, status, used = os.wait4(child.pid, 0)
            wall = time.monotonic() - start
            timer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                err.seek(0)
                raise Refused(f"exit status {child.returncode}: {err.read().decode(errors='replace')[-300:]}")
        with open(source, "rb") as f, open(out, "rb") as g:
            if f.read() != g.read():
                raise Refused("its results are not the records in their order")
        return Sample(wall, used.ru_utime + used.ru_stime)


def ended(child):
    """An agent leaves by itself when the run is done."""
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def here(binary, *args):
    """A run on this machine: the whole tree's time."""
    state = tempfile.mkdtemp(prefix="brood-machines-")
    try:
        with open(os.devnull) as nothing, tempfile.TemporaryFile() as err:
            sample, status = measure.waited([binary, *args], nothing, err, dict(os.environ, BROOD_STATE=state))
            if status:
                err.seek(0)
                raise Refused(f"{args}: exit status {status}: {err.read().decode(errors='replace')[-300:]}")
            return sample
    finally:
        shutil.rmtree(state)


def worker_memory(binary, source):
    """KiB that a worker of exec has for itself, while its command runs: what it shares with others, such as the executable, is not in it."""
    state = tempfile.mkdtemp(prefix="brood-machines-")
    child = subprocess.Popen([binary, "run", "exec", "-q", "-j", "1", source, "--", "sleep", "5"], env=dict(os.environ, BROOD_STATE=state),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            pids = tree(child.pid)
            if len(pids) >= 3:  # the run, its worker, the command
                time.sleep(0.3)
                return kib(pids[1], "smaps_rollup", "Pss_Anon")
            time.sleep(0.02)
        raise Refused("no worker began")
    finally:
        child.terminate()
        child.wait()
        shutil.rmtree(state)


def transport():
    """The bus alone, as its own benchmark has it; lines of go test."""
    if not shutil.which("go"):
        return ["go is not installed"]
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", "Transport", "-benchtime", "50000x", "./runner/remote/bus"], cwd=builds.ROOT, capture_output=True, text=True, check=False)
    return [re.sub(r"\s+", " ", line) for line in out.stdout.splitlines() if line.startswith("Benchmark")] or [out.stdout[-300:] + out.stderr[-300:]]


def far(binary, where, rounds, slots):
    for effect, n in (("once", number("BENCH_ONCE", 60_000)), ("none", number("BENCH_NONE", 1_000_000))):
        source = lines(os.path.join(where, effect), n)
        there, local = [], []
        for _ in range(rounds):
            there.append(elsewhere(binary, source, n, effect, slots))
            local.append(here(binary, "run", "echo", "-q", "-j", "2", "--effect", effect, source, "-o", os.path.join(where, "out")))
            os.remove(os.path.join(where, "out"))
        print(f"  {effect}, {n:,} records: {figure(n / s.wall for s in there)} records/s with all that shares the machine; "
              f"coordinator {figure(1e6 * s.cpu / n for s in there)} µs of processor a record, {figure(n / s.cpu for s in there)} records a second of it")
        print(f"    the same on one machine, 2 workers: {figure(n / s.wall for s in local)} records/s, {figure(1e6 * s.cpu / n for s in local)} µs of processor a record with its workers", flush=True)


def beside(binary, base, called, where, rounds):
    """What runs on one machine cost, beside another brood."""
    one, many = lines(os.path.join(where, "one"), 1), lines(os.path.join(where, "many"), number("BENCH_NONE", 1_000_000))
    some = lines(os.path.join(where, "some"), 2000)
    out = os.path.join(where, "out")
    works = {
        START[0]: (20, ["version"]), START[1]: (10, ["run", "echo", "-q", one, "-o", out]), START[2]: (1, ["run", "echo", "-q", "-j", "2", many, "-o", out]),
        START[3]: (1, ["run", "exec", "-q", "-j", "2", some, "-o", out, "--", "true"]),
    }
    found = {what: {"ours": [], "base": []} for what in works}
    kept = {"ours": [], "base": []}
    for _ in range(rounds):
        for what, (times, args) in works.items():
            order = [("ours", binary), ("base", base)]
            sums = {"ours": [], "base": []}
            for _ in range(times):
                for who, b in random.sample(order, 2):
                    sums[who].append(here(b, *args))
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(out)
            for who, all_of in sums.items():
                found[what][who].append(Sample(sum(s.wall for s in all_of) / times, sum(s.cpu for s in all_of) / times))
        for who, b in random.sample([("ours", binary), ("base", base)], 2):
            kept[who].append(worker_memory(b, one))
    print(f"\nA run on one machine, this brood : {called}, ratios of the same round")
    for what in works:
        ours, theirs = found[what]["ours"], found[what]["base"]
        print(f"  {what}: processor {paired(lambda a, b: a.cpu / b.cpu, ours, theirs)}, time {paired(lambda a, b: a.wall / b.wall, ours, theirs)}; "
              f"{figure(1000 * s.cpu for s in ours)} ms of processor")
    print(f"  memory of a worker of exec: {figure(kept['ours'])} KiB : {figure(kept['base'])} KiB", flush=True)


def main():
    binary = os.path.abspath(sys.argv[1])
    rounds, slots = number("BENCH_ROUNDS", 3), number("BENCH_SLOTS", 16)
    print(f"{builds.commit()}; load {os.getloadavg()[0]:.1f} at the start; {machine.facts()}")
    with folder() as where:
        print(f"\nA coordinator without workers, {len(MACHINES)} agents with {slots} slots, on one machine, by echo")
        far(binary, where, rounds, slots)
        print("\nThe transport alone")
        for line in transport():
            print("  " + line)
        base, called = builds.base(os.environ.get("BENCH_BASE"), where)
        if base:
            beside(binary, base, called, where, rounds)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
