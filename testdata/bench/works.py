"""What is measured: every row of the page, and who does its work."""
import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time

from backlog import Backlog
from measure import Entry, Row
from names import ALONE, BASE, BROOD, CAPTURE, CAT, PARALLEL, PIPES, SPAWN, STARTS, WIDE

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
POSTFIX = "mail/postfix/usr"  # below the tools, where testdata/install.sh puts it
UPPER = os.path.join(HERE, "..", "workers", "upper.py")

IN_FLIGHT = [1, 2, 10, 100, 500, 1000]
SIZES = [10, 100, 1_000, 10_000, 100_000, 1 << 20]
TAKES = {"0s": 1_000_000, "10us": 20_000, "100us": 20_000, "1ms": 4_000}


class Works:
    """The rows, in the order in which they are measured. scale makes all of them smaller."""

    def __init__(self, data, brood, base, tools, scale):
        self.data, self.brood, self.base, self.tools, self.scale = data, brood, base, tools, scale
        self.growth = [n for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if n <= 10_000_000 * scale]

    def n(self, full, least=10):
        return max(least, int(full * self.scale))

    def ours(self, records, *args, name="", **check):
        """The entries of both broods, or of the one there is; name stands behind theirs."""
        return [Entry(who + name, [binary, "run", *args], records, **check) for who, binary in self.broods()]

    def broods(self):
        return [(BROOD, self.brood)] + ([(BASE, self.base)] if self.base else [])

    def python(self, script, *args):
        return [sys.executable, os.path.join(PEERS, script), *args]

    def out(self, name="out"):
        return self.data.path(name)

    def rows(self):
        yield from self.small()
        yield self.commands()
        yield self.pipe()
        yield from self.mail()
        yield from self.http()
        yield from self.in_flight()
        yield self.workers()
        yield self.lines()
        yield self.csv()
        yield from self.grown()
        yield from self.sizes()
        yield from self.keys()
        yield from self.once()
        yield from self.queues()

    def queues(self):
        return Backlog(self.broods(), os.path.join(self.tools, "bench"), self.n).rows()

    def small(self):
        one = self.data.numbers(1)
        yield Row("one", "one record, start to exit", self.ours(1, "exec", one, "--", "/bin/true") + [
            Entry("GNU parallel", ["parallel", "/bin/true"], 1, stdin=one),
            Entry("xargs", ["xargs", "-n1", "/bin/true"], 1, stdin=one),
        ])
        yield Row("help", "`brood --help`", [Entry(who, [binary, "--help"], 1) for who, binary in
                  ((BROOD, self.brood), (BASE, self.base)) if binary])

    def commands(self):
        n, few = self.n(10_000), self.n(1_000)
        src = self.data.numbers(n)
        return Row("commands", f"/bin/true for {n:,} records, 2 at a time", self.ours(n, "exec", "-j", "2", src, "--", "/bin/true") + [
            Entry("xargs -n1 -P2", ["xargs", "-n1", "-P2", "/bin/true"], n, stdin=src),
            Entry("xjobs -j 2", ["xjobs", "-j", "2", "-v", "0", "/bin/true"], n, stdin=src),
            Entry("fd -x -j 2", [found("fdfind", "fd"), "-u", "-j", "2", "-t", "f", ".", self.data.files(n), "-x", "/bin/true"], n),
            Entry("GNU parallel -j2", ["parallel", "-j2", "/bin/true"], few, stdin=self.data.numbers(few)),
            Entry(SPAWN, [self.tool("spawn"), str(n), "2", "/bin/true"], n),
            Entry(CAPTURE, [self.tool("spawn"), "-c", str(n), "2", "/bin/true"], n),
        ])

    def pipe(self):
        n, some = self.n(100_000), self.n(20_000)
        src, out = self.data.lines(n), self.out("out.jsonl")
        done = {"out": out, "lines": n}
        once = ["pipe", "-j", "2", "-o", out]
        program = ["--", sys.executable, UPPER]
        halves = " & ".join(f"{sys.executable} {UPPER} < {self.data.requests(n, part, 2)} > {self.out(f'half{part}')}" for part in (0, 1))
        return Row("pipe", f"{n:,} records to a Python program that answers each line at once, 2 of them",
                   self.ours(n, *once, src, *program, **done) +
                   self.ours(n, *once, "--effect", "none", src, *program, name=", effect none", **done) + [
            Entry("Pool, chunksize 1", self.python("pool.py", "upper", "1", src, out), n, **done),
            Entry("futures, chunksize 1", self.python("futures.py", "upper", "1", self.data.lines(some), out), some, out=out, lines=some),
            Entry("GNU parallel --pipe", ["sh", "-c", f"parallel -k -j2 --pipe {sys.executable} {UPPER} > {out}"], n,
                  stdin=self.data.requests(n), **done),
            Entry(ALONE, ["sh", "-c", f"{sys.executable} {UPPER} > {out}"], n, stdin=self.data.requests(n), **done),
            Entry("two of them alone", ["sh", "-c", f"{halves} & wait"], n),
        ])

    def mail(self):
        """brood composes each message, and keeps its ledger of what must be sent once; smtp-source
        sends the same bytes again and again."""
        n = self.n(20_000)
        if not os.path.exists(os.path.join(self.tools, POSTFIX, "sbin/smtp-sink")):
            return
        with smtp_sink(os.path.join(self.tools, POSTFIX)) as (address, source):
            args = ["email", "--transport", "smtp://" + address, "--tls", "never", "--rate-by", "0", "--max-per-key", "0",
                    "--breaker", "0", "--max-per-connection", "0", "--from", "me@x.example", "--subject", "Hello {{.name}}",
                    "--text", self.data.text(), "-o", self.out("sent.csv"), self.data.people(n)]
            for sessions in ("2", "8"):
                yield Row(f"mail/{sessions}", f"{n:,} messages of 1 kB to smtp-sink, {sessions} connections",
                          self.ours(n, *args, "-j", sessions, out=self.out("sent.csv"), lines=n + 1) +
                          [Entry("smtp-source", [*source, "-d", "-m", str(n), "-l", "1000", "-s", sessions,
                                                 "-f", "me@x.example", "-t", "you@d.example", address], n)])

    def http(self):
        """hey and ab ask for the same URL again and again and keep nothing; brood for another one each
        time, with a column of the answer, and the ledger."""
        n = self.n(50_000, least=400)
        if not os.path.exists(self.tool("answers")):
            return
        with answers(self.tool("answers")) as address:
            out = self.out("answers.csv")
            args = ["http", "-j", "200", "--column", "path=.path", "-o", out, "--url", f"http://{address}/n/{{line}}"]
            done = {"out": out, "lines": n + 1}
            src, one = self.data.numbers(n), f"http://{address}/n/1"
            yield Row("http", f"{n:,} requests to a Go server on the same machine, 200 at a time",
                      self.ours(n, *args, src, **done) + self.ours(n, *args, "-d", "n={line}", src, name=", POST, once", **done) + [
                Entry("hey", ["hey", "-n", str(n // 200 * 200), "-c", "200", one], n // 200 * 200),
                Entry("ab -k", ["ab", "-q", "-k", "-n", str(n), "-c", "200", one], n),
            ])

    def in_flight(self):
        each = max(10, int(100 * min(1, 2 * self.scale)))
        for j in IN_FLIGHT:
            if j == 1000 and self.scale < 1:
                return  # the starts alone would take longer than all else of the short form
            yield Row(f"inflight/{j}", f"{j * each:,} records of 20 ms, {j:,} at a time", list(self.sleeping(j, j * each)))

    def sleeping(self, j, n):
        def brood(records, *args, name=""):
            out = self.out("out")
            src = self.data.lines(records)
            return self.ours(records, "echo", "--sleep", "20ms", "-j", str(j), *args, "-o", out, src, name=name, out=out, same=src)
        yield from brood(n)
        yield Entry(PIPES, [self.tool("pipes"), "sleep", str(j), str(n), "20ms"], n)
        if j >= 100:
            yield dataclasses.replace(brood(n, "--per-worker", str(j // 10))[0], name=WIDE)
        if j == 100:  # what a record costs is what is left without the starts
            yield from brood(j, name=STARTS)
            yield Entry(PIPES + STARTS, [self.tool("pipes"), "sleep", str(j), str(j), "20ms"], j)

    def workers(self):
        """A worker's start, as the difference between many and one, each with a record that lasts
        until all have begun."""
        src = lambda n: ["echo", "--sleep", "200ms", "-j", str(n), "-o", self.out(), self.data.lines(n)]
        return Row("workers", "50 workers with a record each, and 1", self.ours(50, *src(50)) + self.ours(1, *src(1), name=STARTS))

    def lines(self):
        n, some, few = self.n(1_000_000), self.n(100_000), self.n(2_000)
        out = self.out()
        src, part, bit = map(self.data.lines, (n, some, few))
        check = lambda same: {"out": out, "same": same}
        return Row("lines", f"{n:,} lines that come back in order, 2 workers",
                   self.ours(n, "echo", "-j", "2", "-o", out, src, **check(src)) + [
            Entry("Pool, chunksize 1000", self.python("pool.py", "lines", "1000", src, out), n, **check(src)),
            Entry("Pool, chunksize 1", self.python("pool.py", "lines", "1", part, out), some, **check(part)),
            Entry("futures, chunksize 1000", self.python("futures.py", "lines", "1000", src, out), n, **check(src)),
            Entry("futures, chunksize 1", self.python("futures.py", "lines", "1", self.data.lines(some // 5), out), some // 5, **check(self.data.lines(some // 5))),
            Entry("PHP pcntl, a fork each", ["php", os.path.join(PEERS, "pcntl.php"), "lines", bit, out], few, **check(bit)),
            Entry("Ruby parallel", ["ruby", os.path.join(PEERS, "parallel.rb"), "lines", part, out], some, **check(part)),
            Entry(PARALLEL, ["sh", "-c", f"parallel -k -j2 --pipe cat > {out}"], n, stdin=src, **check(src)),
            Entry(PIPES, [self.tool("pipes"), "lines", "2", src, out], n, **check(src)),
            Entry(CAT, ["sh", "-c", f"cat {src} > {out}"], n, **check(src)),
        ])

    def csv(self):
        n, some, few = self.n(1_000_000), self.n(100_000), self.n(2_000)
        out = self.out("out.csv")
        src, part, bit = map(self.data.rows, (n, some, few))
        check = lambda lines: {"out": out, "lines": lines + 1}
        return Row("csv", f"{n:,} rows of a CSV with a quoted field that come back with their outcome, 2 workers",
                   self.ours(n, "echo", "-j", "2", "-o", out, src, **check(n)) + [
            Entry("Pool, chunksize 1000", self.python("pool.py", "csv", "1000", src, out), n, **check(n)),
            Entry("Pool, chunksize 1", self.python("pool.py", "csv", "1", part, out), some, **check(some)),
            Entry("futures, chunksize 1000", self.python("futures.py", "csv", "1000", part, out), some, **check(some)),
            Entry("PHP pcntl, a fork each", ["php", os.path.join(PEERS, "pcntl.php"), "csv", bit, out], few, **check(few)),
            Entry("Ruby parallel", ["ruby", os.path.join(PEERS, "parallel.rb"), "csv", part, out], some, **check(some)),
            Entry("GNU parallel --pipe --header : cat", ["sh", "-c", f"parallel -k -j2 --pipe --header : tail -n +2 > {out}"], n,
                  stdin=src, out=out, lines=n),
            Entry(CAT, ["sh", "-c", f"cat {src} > {out}"], n, **check(n)),
        ])

    def grown(self):
        for n in self.growth:
            src, out = self.data.lines(n), self.out()
            check = {"out": out, "same": src}
            entries = self.ours(n, "echo", "-j", "2", "-o", out, src, **check)
            entries.append(Entry("Pool, chunksize 1000", self.python("pool.py", "lines", "1000", src, out), n, **check))
            if n <= 100_000:
                entries.append(Entry("Pool, chunksize 1", self.python("pool.py", "lines", "1", src, out), n, **check))
            entries.append(Entry(PARALLEL, ["sh", "-c", f"parallel -k -j2 --pipe cat > {out}"], n, stdin=src, **check))
            entries.append(Entry(CAT, ["sh", "-c", f"cat {src} > {out}"], n, **check))
            yield Row(f"growth/{n}", f"{n:,} lines", entries)

    def sizes(self):
        """A file of at most 64 MiB in each size of record, and at most a million of them."""
        for size in SIZES:
            n = max(2, min(self.n(1_000_000), self.n(64 << 20) // size))
            src, out = self.data.long(n, size), self.out()
            check = {"out": out, "same": src}
            chunk = str(max(1, min(1000, (1 << 20) // size)))
            yield Row(f"size/{size}", f"{n:,} lines of {size:,} bytes", self.ours(n, "echo", "-j", "2", "-o", out, src, **check) + [
                Entry("Pool, chunks of up to 1 MiB", self.python("pool.py", "lines", chunk, src, out), n, **check),
                Entry(CAT, ["sh", "-c", f"cat {src} > {out}"], n, **check),
            ])

    def keys(self):
        n = self.n(1_000_000)
        out = self.out()
        for name, src in (("distinct", self.data.lines(n)), ("each twice", self.data.twice(n))):
            keyed = {"out": out, "lines": n if name == "distinct" else n // 2}
            yield Row(f"keys/{name}", f"{n:,} lines, {name}",
                      self.ours(n, "echo", "-j", "2", "-o", out, src) +
                      self.ours(n, "echo", "-j", "2", "--key", "line", "-o", out, src, name=", --key line", **keyed) + [
                Entry("awk '!seen[$0]++'", ["sh", "-c", f"awk '!seen[$0]++' {src} > {out}"], n, **keyed),
                Entry("sort -u", ["sh", "-c", f"sort -u {src} > {out}"], n, **keyed),
            ])

    def once(self):
        for took, full in TAKES.items():
            n = self.n(full)
            args = ["echo", "-j", "2", "--sleep", took, "-o", self.out(), self.data.lines(n)]
            yield Row(f"once/{took}", f"{n:,} records that take {took}", self.ours(n, *args) + self.ours(n, *args, "--effect", "once", name=", once"))

    def tool(self, name):
        return os.path.join(self.tools, "bench", name)


def found(*names):
    """The first of these programs that there is: Debian calls fd fdfind."""
    return next(filter(shutil.which, names), names[0])


@contextlib.contextmanager
def smtp_sink(postfix):
    """Postfix' server that takes everything: its address, and the program that writes to it."""
    os.environ["LD_LIBRARY_PATH"] = os.path.join(postfix, "lib/postfix")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % s.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    server = subprocess.Popen([os.path.join(postfix, "sbin/smtp-sink"), *user, address, "1000"])
    try:
        await_listener(address)
        yield address, [os.path.join(postfix, "sbin/smtp-source")]
    finally:
        server.kill()
        server.wait()
        del os.environ["LD_LIBRARY_PATH"]


@contextlib.contextmanager
def answers(program):
    """A server that answers every request with its path, as JSON: its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % s.getsockname()[1]
    server = subprocess.Popen([program, address])
    try:
        await_listener(address)
        yield address
    finally:
        server.kill()
        server.wait()


def await_listener(address):
    host, port = address.split(":")
    for _ in range(200):
        try:
            socket.create_connection((host, port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise OSError(f"nobody listens at {address}")
