"""make bench: whole runs of brood beside other runners, in pairs, as ratios.

Each pair is run in turn, A B A B, after one warm-up each; the ratio of every
pair is taken, and the median is what counts. Times are wall-clock seconds.

With BENCH_BASE=FILE another brood takes the place of the other runners: what has a
change cost?
"""
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BROOD = os.path.abspath(sys.argv[1])
BASE = os.environ.get("BENCH_BASE")
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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def versions(what, records, args, stdin=None):
    """The same work by this brood and by another."""
    compare(what, records, "0.97", ("this", [BROOD, "run", *args], stdin), ("base", [os.path.abspath(BASE), "run", *args], stdin))


def beside_base(path):
    """What a record, a start and a message cost here and there."""
    write(path, "lines", 1_000_000, "record number {} of the set")
    write(path, "args", 10_000)
    write(path, "some", 4_000, "record number {} of the set")
    write(path, "few", 100_000, "record number {} of the set")
    write(path, "one", 1)
    with open(path("people.csv"), "w") as f:
        f.write("email,name\n")
        f.writelines(f"user{i}@d{i % 1000}.example,Name {i}\n" for i in range(5_000))
    with open(path("text.txt"), "w") as f:
        f.write("Dear {{.name}},\n\n" + "this is one of the lines of this message.\n" * 20)
    out = ["-j", "2", "-o", path("out.csv")]
    versions("1,000,000 lines through echo, text", 1_000_000, ["echo", "-j", "2", path("lines"), "-o", path("out")])
    versions("1,000,000 lines through echo, CSV", 1_000_000, ["echo", *out, path("lines")])
    versions("1,000,000 lines, once", 1_000_000, ["echo", "--effect", "once", *out, path("lines")])
    versions("100,000 lines, with --key", 100_000, ["echo", "--key", "line", *out, path("few")])
    versions("100,000 lines, of which a tenth is tried again", 100_000, ["echo", "--fail-rate", "0.1", "--backoff", "1ms", "--retries", "20", *out, path("few")])
    versions("4,000 records of 1 ms, once", 4_000, ["echo", "--effect", "once", "--sleep", "1ms", *out, path("some")])
    versions("4,000 records of 1 ms, -j 50, at most 2 of a key", 4_000, ["echo", "--sleep", "1ms", "-j", "50", "--max-per-key", "2", "--rate-by", "line=1000/s", "-o", path("out.csv"), path("some")])
    versions("/bin/true for 10,000 records", 10_000, ["exec", "-j", "2", path("args"), "--", "/bin/true"])
    versions("10,000 records to a Python program", 10_000, ["pipe", *out, path("args"), "--", sys.executable, os.path.join(os.path.dirname(__file__), "workers/upper.py")])
    versions("5,000 messages into a Maildir", 5_000, ["email", "--transport", "maildir:" + path("Maildir"), "--from", "me@x.example", "--subject", "Hello {{.name}}", "--text", path("text.txt"), *out, path("people.csv")])
    versions("one record, from start to exit", 1, ["exec", path("one"), "--", "/bin/true"])


def write(path, name, n, line="{}"):
    with open(path(name), "w") as f:
        f.writelines(line.format(i) + "\n" for i in range(n))


def mail(path):
    """Mail of 1 kB to Postfix' smtp-sink: brood composes each message, and keeps its ledger of
    what must be sent once; smtp-source sends the same bytes again and again."""
    postfix = os.path.join(os.path.dirname(BROOD), "tools/mail/postfix/usr")
    os.environ["LD_LIBRARY_PATH"] = os.path.join(postfix, "lib/postfix")
    program = lambda name: os.path.join(postfix, "sbin", name)
    n = 20_000
    with open(path("people.csv"), "w") as f:
        f.write("email,name\n")
        f.writelines(f"user{i}@d{i % 1000}.example,Name {i}\n" for i in range(n))
    with open(path("text.txt"), "w") as f:
        f.write("Dear {{.name}},\n\n" + "this is one of the lines that make up the kilobyte of this message.\n" * 12)
    address = f"127.0.0.1:{free_port()}"
    sink = subprocess.Popen([program("smtp-sink"), *(["-u", "nobody"] if os.getuid() == 0 else []), address, "1000"])
    try:
        for _ in range(100):
            try:
                socket.create_connection(tuple(address.split(":"))).close()
                break
            except OSError:
                time.sleep(0.05)
        for sessions in ("2", "8"):
            compare(f"{n:,} messages of 1 kB to smtp-sink; brood -j 2, smtp-source with {sessions} connections", n, "0.33",
                    ("brood", [BROOD, "run", "email", "-j", "2", "--transport", "smtp://" + address, "--tls", "never",
                               "--rate-by", "0", "--max-per-key", "0", "--breaker", "0", "--max-per-connection", "0",
                               "--from", "me@x.example", "--subject", "Hello {{.name}}", "--text", path("text.txt"),
                               "-o", path("sent.csv"), path("people.csv")], None),
                    ("smtp-source", [program("smtp-source"), "-d", "-m", str(n), "-l", "1000", "-s", sessions,
                                     "-f", "me@x.example", "-t", "you@d.example", address], None))
    finally:
        sink.kill()
        sink.wait()
        del os.environ["LD_LIBRARY_PATH"]


def main():
    dir = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        path = lambda name: os.path.join(dir, name)
        if BASE:
            return beside_base(path)
        write(path, "lines", 1_000_000, "record number {} of the set")
        write(path, "args", 20_000)
        write(path, "few", 2_000)
        write(path, "one", 1)
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
        mail(path)
        for took, n in (("1ms", 4_000), ("100us", 20_000), ("10us", 20_000), ("0s", 1_000_000)):
            write(path, "some", n, "record number {} of the set")
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
