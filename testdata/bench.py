"""make bench: whole runs of brood beside other runners, in pairs, as ratios.

Each pair is run in turn, A B A B, after one warm-up each; the ratio of every
pair is taken, and the median is what counts. Times are wall-clock seconds.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BROOD = os.path.abspath(sys.argv[1])
RUNS = int(os.environ.get("BENCH_RUNS", "5"))

POOL = """
import multiprocessing, sys
def echo(line):
    return line
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool, open(sys.argv[1]) as src, open(sys.argv[2], "w") as out:
        for line in pool.imap(echo, src, chunksize=1000):
            out.write(line)
"""


def seconds(argv, stdin=None):
    state = tempfile.mkdtemp(prefix="brood-bench-")
    env = dict(os.environ, BROOD_STATE=state)
    src = open(stdin, "rb") if stdin else subprocess.DEVNULL
    start = time.monotonic()
    done = subprocess.run(argv, stdin=src, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    took = time.monotonic() - start
    shutil.rmtree(state)
    if done.returncode:
        sys.exit(f"{argv[0]}: exit status {done.returncode}: {done.stderr.decode()[-500:]}")
    return took


def compare(what, records, want, a, b):
    (name_a, argv_a, in_a), (name_b, argv_b, in_b) = a, b
    times = []
    for i in range(RUNS + 1):
        pair = seconds(argv_a, in_a), seconds(argv_b, in_b)
        if i:  # the first is the warm-up
            times.append(pair)
    ratios = sorted(y / x for x, y in times)
    ta, tb = (statistics.median(t) for t in zip(*times))
    print(f"{what}\n"
          f"  {name_a:<10} {ta:8.3f} s  {records / ta:>12,.0f} records/s\n"
          f"  {name_b:<10} {tb:8.3f} s  {records / tb:>12,.0f} records/s\n"
          f"  {name_a} is {statistics.median(ratios):.2f} times as fast "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f}); wanted: {want}", flush=True)


def main():
    dir = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        path = lambda name: os.path.join(dir, name)
        with open(path("lines"), "w") as f:
            f.writelines(f"record number {i} of the set\n" for i in range(1_000_000))
        with open(path("args"), "w") as f:
            f.writelines(f"{i}\n" for i in range(20_000))
        with open(path("few"), "w") as f:
            f.writelines(f"{i}\n" for i in range(2_000))
        with open(path("one"), "w") as f:
            f.write("1\n")
        with open(path("pool.py"), "w") as f:
            f.write(POOL)
        brood = lambda *args: [BROOD, "run", *args]
        compare("1,000,000 lines through echo, ordered, ledger on, -j 2", 1_000_000, "2",
                ("brood", brood("echo", "-j", "2", path("lines"), "-o", path("out")), None),
                ("Pool.imap", [sys.executable, path("pool.py"), path("lines"), path("out")], None))
        compare("/bin/true for 20,000 records, -j 2", 20_000, "1",
                ("brood", brood("exec", "-j", "2", path("args"), "--", "/bin/true"), None),
                ("xargs", ["xargs", "-n1", "-P2", "/bin/true"], path("args")))
        compare("/bin/true for 2,000 records, -j 2", 2_000, "5",
                ("brood", brood("exec", "-j", "2", path("few"), "--", "/bin/true"), None),
                ("parallel", ["parallel", "-j2", "/bin/true"], path("few")))
        for took, n in (("1ms", 4_000), ("100us", 20_000), ("10us", 20_000), ("0s", 1_000_000)):
            with open(path("some"), "w") as f:
                f.writelines(f"record number {i} of the set\n" for i in range(n))
            pair = [(e, brood("echo", "-j", "2", "--effect", e, "--sleep", took, path("some"), "-o", path("out")), None)
                    for e in ("once", "none")]
            compare(f"{n:,} records that take {took}, intents and notes or none, -j 2", n,
                    "over 0.90 at 1ms", *pair)
        compare("one record, from start to exit", 1, "2",
                ("brood", brood("exec", path("one"), "--", "/bin/true"), None),
                ("parallel", ["parallel", "/bin/true"], path("one")))
    finally:
        shutil.rmtree(dir)


main()
