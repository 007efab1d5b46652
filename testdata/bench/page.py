"""docs/benchmarks.md, the charts beside it, and the lines of the README that quote it. All of it is
made here of what was measured; nothing is edited by hand."""
import os
import re

import charts
import queue_page
from figures import significant
from names import ALONE, BASE, BROOD, CAPTURE, CAT, PARALLEL, PIPES, SPAWN, WIDE
from works import IN_FLIGHT, SIZES, TAKES

BEGIN, END = "<!-- figures of make bench-peers: begin -->", "<!-- figures of make bench-peers: end -->"
NOTHING = "—"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows)]) + "\n"


def ms(f):
    return f"{type(f)(*(x * 1e3 for x in f))} ms"


def us(f):
    return f"{type(f)(*(x * 1e6 for x in f))} µs"


def seconds(f):
    return f"{f} s"


def median(f, unit=""):
    return significant(f.mid) + unit


class Page:
    def __init__(self, results):
        self.r = results
        self.broods = [BROOD] + ([BASE] if results.base else [])
        self.made = self.pictures()

    def shown(self, name, words):
        """A picture, if there was anything to draw."""
        return f"\n![{words}](benchmarks/{name}.svg)\n" if name in self.made else ""

    def text(self):
        return "\n".join([HEAD, self.circumstances(), self.in_short(), self.costs(), self.limits(),
                          self.peers("commands", "Commands", "commands", COMMANDS),
                          self.peers("lines", "Lines", "lines", LINES),
                          self.peers("csv", "CSV", "csv", CSV),
                          self.peers("pipe", "Programs that stay", None, PIPE),
                          self.mail(), self.peers("http", "HTTP", None, HTTP), self.in_flight(), self.growth(), self.sizes(), self.keys(), self.once(),
                          queue_page.section(self), self.memory(), self.syscalls(), self.not_measured()]).rstrip("\n") + "\n"

    def cell(self, make, key, *names, otherwise=NOTHING):
        return make() if self.r.has(key, *names) else otherwise

    # What the page begins with.

    def circumstances(self):
        k = self.r.kept
        lines = [f"- {name}: {value}" for name, value in k["facts"].items()]
        lines.append(f"- brood: {k['commit']}" + (f"; beside it, in the same rounds: {self.r.base}" if self.r.base else ""))
        if "others" in k:
            lines.append(f"- while it ran, others took {significant(k['others'])} of the machine's processors on average")
        if k["busy"]:
            lines.append(f"- **The machine was not idle** ({k['busy']}). Times and ratios of this page are not to be quoted.")
        if k["scale"] < 1:
            lines.append(f"- **This is the short form** (`BENCH_SHORT=1`): {k['scale']:g} of the records of the full one. Starts weigh more in it.")
        return "\n".join(lines) + "\n"

    def in_short(self):
        return "## In short\n\n" + self.quoted() + "\n"

    def quoted(self):
        """What the README repeats word for word."""
        r, rows = self.r, []
        def row(what, key, names, make):
            if r.has(key, BROOD, *names):
                rows.append([what, *make()])
        row("lines through `echo`, in order", "lines", ["Pool, chunksize 1000"], lambda: (
            median(r.rate("lines", BROOD), "/s"), f"{median(r.faster('lines', BROOD, 'Pool, chunksize 1000'))} × Python's Pool with chunks of 1,000"))
        row("CSV, results as CSV", "csv", ["Pool, chunksize 1000"], lambda: (
            median(r.rate("csv", BROOD), "/s"), f"{median(r.faster('csv', BROOD, 'Pool, chunksize 1000'))} × the same"))
        row("`/bin/true`, 2 at a time", "commands", ["xargs -n1 -P2", SPAWN], lambda: (
            median(r.rate("commands", BROOD), "/s"), f"{median(r.faster('commands', BROOD, 'xargs -n1 -P2'))} × xargs, {median(r.faster('commands', BROOD, SPAWN))} × {SPAWN}"))
        row("a Python program that stays, 2 of them", "pipe", ["Pool, chunksize 1"], lambda: (
            median(r.rate("pipe", BROOD), "/s"), f"{median(r.faster('pipe', BROOD, 'Pool, chunksize 1'))} × Pool with one record at a time"))
        row("mail of 1 kB, composed and sent once, 2 connections", "mail/2", ["smtp-source"], lambda: (
            median(r.rate("mail/2", BROOD), "/s"), f"{median(r.faster('mail/2', BROOD, 'smtp-source'))} × smtp-source, which sends the same bytes each time"))
        row("one record, start to exit", "one", ["GNU parallel", "xargs"], lambda: (
            median(scaled(r.wall("one", BROOD), 1e3), " ms"),
            f"GNU parallel {median(scaled(r.wall('one', 'GNU parallel'), 1e3))} ms, xargs {median(scaled(r.wall('one', 'xargs'), 1e3))} ms"))
        row("100 records of 20 ms at a time", "inflight/100", [PIPES], lambda: (
            median(r.rate("inflight/100", BROOD), "/s"), f"{median(r.faster('inflight/100', BROOD, PIPES))} × {PIPES}"))
        for words, found in r.kept.get("memory", {}).get(BROOD, {}).items():
            if "csv" in words and found:
                rows.append([f"memory, {words}, 2 workers", f"{significant(found['all'])} MiB", f"{significant(found['parent'])} MiB the parent alone"])
        head = ["work", "brood", "beside it"]
        note = "Measured on a machine that had other work as well: not to be quoted.\n\n" if r.kept["busy"] else ""
        return f"{BEGIN}\n{note}{table(head, rows)}{END}\n"

    def costs(self):
        r = self.r
        head = ["work"] + [r.called(b) for b in self.broods] + ["beside it"]
        rows = []
        def row(what, key, make, beside, also=()):
            rows.append([what] + [self.cell(lambda: make(b), key, b, *(b + a for a in also), otherwise=brief(r.why_not(key, b))) for b in self.broods] + [beside])
        for j in (10, 100, 500):
            key = f"inflight/{j}"
            if key in r.rows:
                row(r.what(key), key, lambda b: seconds(r.wall(key, b)),
                    f"{PIPES} {self.cell(lambda: seconds(r.wall(key, PIPES)), key, PIPES)}; ideal {r.records(key) / j * 0.02:.2f} s")
        if r.has("inflight/500", WIDE):
            rows.append(["the same in 10 processes, `--per-worker 50`", f"{seconds(r.wall('inflight/500', WIDE))}, {r.cores('inflight/500', WIDE)} cores",
                         *[NOTHING] * (len(self.broods) - 1), f"ideal {r.records('inflight/500') / 500 * 0.02:.2f} s"])
        elif "inflight/500" in r.rows:
            rows.append(["the same in 10 processes, `--per-worker 50`", brief(r.why_not("inflight/500", WIDE)), *[NOTHING] * (len(self.broods) - 1), ""])
        row("processor time of such a record at -j 100, without the starts", "inflight/100", lambda b: us(r.cpu_of_one_more("inflight/100", b)),
            f"{PIPES} " + self.cell(lambda: us(r.cpu_of_one_more("inflight/100", PIPES)), "inflight/100", PIPES, PIPES + ", starts"), also=[", starts"])
        calls = r.kept.get("syscalls", {})
        rows.append(["system calls of such a record", *(f"{sum(calls[b].values()):.1f}" if calls.get(b) else NOTHING for b in self.broods), "a read and a write on each side: 4"])
        if "commands" in r.rows:
            row(r.what("commands"), "commands", lambda b: seconds(r.wall("commands", b)), self.beside("commands", "xargs -n1 -P2", SPAWN, CAPTURE))
        if "pipe" in r.rows:
            row(r.what("pipe"), "pipe", lambda b: seconds(r.wall("pipe", b)), self.beside("pipe", "Pool, chunksize 1", ALONE, "two of them alone"))
        if "mail/2" in r.rows:
            row(r.what("mail/2"), "mail/2", lambda b: seconds(r.wall("mail/2", b)), self.beside("mail/2", "smtp-source"))
        row("one record, start to exit", "one", lambda b: ms(r.wall("one", b)),
            ", ".join(f"{n} {self.cell(lambda: ms(r.wall('one', n)), 'one', n)}" for n in ("GNU parallel", "xargs")))
        row("`brood --help`", "help", lambda b: ms(r.wall("help", b)), "")
        row("processor time of a worker's start and first record", "workers", lambda b: ms(r.cpu_of_one_more("workers", b)), "", also=[", starts"])
        return "## What a record costs\n\n" + table(head, rows)

    def beside(self, key, *names):
        return ", ".join(f"{n} {self.cell(lambda: seconds(self.r.wall(key, n)), key, n, otherwise=brief(self.r.why_not(key, n)))}" for n in names)

    # Programs beside each other.

    def peers(self, key, title, chart, about):
        r = self.r
        if key not in r.rows:
            return f"## {title}\n\nNot measured.\n"
        rows = []
        for name in r.names(key):
            if not r.has(key, name):
                rows.append([r.called(name), f"{r.records(key, name):,}", brief(r.why_not(key, name)), "", "", ""])
                continue
            rows.append([r.called(name), f"{r.records(key, name):,}", seconds(r.wall(key, name)), median(r.rate(key, name)), median(scaled(r.cpu(key, name), 1e6)),
                         str(r.faster(key, BROOD, name)) if name != BROOD and r.has(key, BROOD) else NOTHING])
        picture = self.shown(chart, f"{title}: records a second")
        return (f"## {title}\n\n{r.what(key)}; {len(r.samples(key, BROOD)) if r.has(key, BROOD) else 0} rounds. {about}\n{picture}\n"
                + table(["program", "records", "time", "records/s", "µs of processor a record", "brood is × as fast"], rows))

    def mail(self):
        return "\n".join(self.peers(f"mail/{s}", f"Mail, {s} connections", None, MAIL if s == "2" else "") for s in ("2", "8"))

    # Growth.

    def grid(self, keys, names, make, first):
        r = self.r
        keys = [k for k in keys if k in r.rows]
        names = [n for n in names if any(n in r.rows[k]["entries"] for k in keys)]
        if not keys:
            return "Not measured.\n"
        return table([first] + [r.called(n) for n in names] + ["rounds"], [
            [r.what(k)] + [self.cell(lambda: make(k, n), k, n, otherwise=brief(r.why_not(k, n)) if n in r.rows[k]["entries"] else NOTHING) for n in names]
            + [str(len(r.samples(k, BROOD)) if r.has(k, BROOD) else 0)] for k in keys])

    def in_flight(self):
        keys = [f"inflight/{j}" for j in IN_FLIGHT]
        return (f"## 1 to 1,000 at a time\n\n{IN_FLIGHT_TEXT}\n{self.shown('inflight', 'Share of what is possible')}\n"
                + self.grid(keys, [BROOD, BASE, WIDE, PIPES], lambda k, n: seconds(self.r.wall(k, n)), "records")
                + "\nProcessors that were busy, on average:\n\n"
                + self.grid(keys, [BROOD, BASE, WIDE, PIPES], lambda k, n: median(self.r.cores(k, n)), "records"))

    def growth(self):
        keys = [k for k in self.r.rows if k.startswith("growth/")]
        names = [BROOD, BASE, "Pool, chunksize 1000", "Pool, chunksize 1", PARALLEL, CAT]
        return (f"## Growth with records\n\n{GROWTH}\n{self.shown('growth', 'Records a second')}\n"
                + self.grid(keys, names, lambda k, n: str(self.r.rate(k, n)), "records/s of"))

    def sizes(self):
        return (f"## Size of a record\n\n{SIZE}\n{self.shown('size', 'MB a second')}\n"
                + self.grid([f"size/{s}" for s in SIZES], [BROOD, BASE, "Pool, chunks of up to 1 MiB", CAT],
                            lambda k, n: str(megabytes(self.r, k, n)), "MB/s of"))

    def keys(self):
        return ("## Keys\n\n" + KEYS + "\n\n" + self.grid(["keys/distinct", "keys/each twice"], [
            BROOD, BROOD + ", --key line", BASE + ", --key line", "awk '!seen[$0]++'", "sort -u"], lambda k, n: seconds(self.r.wall(k, n)), "lines"))

    def once(self):
        return ("## Once\n\n" + ONCE + "\n\n" + self.grid([f"once/{t}" for t in TAKES], [BROOD, BROOD + ", once", BASE, BASE + ", once"],
                lambda k, n: seconds(self.r.wall(k, n)) + ("" if "," not in n else f", {self.share_of_none(k, n)} of the speed"), "records"))

    def share_of_none(self, key, name):
        none = name.removesuffix(", once")
        return median(self.r.faster(key, name, none)) if self.r.has(key, none) else NOTHING

    def memory(self):
        found = self.r.kept.get("memory", {})
        if not found:
            return "## Memory\n\nNot looked at.\n"
        rows = [[words] + [f"{significant(of[words]['parent'])}, {significant(of[words]['all'])}" if of[words] else NOTHING for of in found.values()]
                for words in next(iter(found.values()))]
        return "## Memory\n\n" + MEMORY + "\n\n" + table(["work"] + [self.r.called(b) for b in found], rows)

    def syscalls(self):
        calls = self.r.kept.get("syscalls", {})
        if not calls:
            return "## System calls\n\nNot counted.\n"
        names = sorted({c for counts in calls.values() for c in counts}, key=lambda c: -max(counts.get(c, 0) for counts in calls.values()))
        return ("## System calls\n\n" + CALLS + "\n\n" + table(["call"] + [self.r.called(b) for b in calls], [
            [f"`{c}`"] + [f"{counts.get(c, 0):.2f}" for counts in calls.values()] for c in names]))

    def not_measured(self):
        gone = sorted({(self.r.called(n), brief(self.r.why_not(k, n))) for k in self.r.rows for n in self.r.names(k) if not self.r.has(k, n)})
        return "## Not measured\n\n" + ("\n".join(f"- {n}: {why}" for n, why in gone) if gone else "Nothing is missing.") + "\n"

    # Pictures.

    def limits(self):
        return self.shown("limits", "Speed as a share of the limit")

    def pictures(self):
        """The charts by the names of their files."""
        r, made = self.r, {}
        shares = []
        for what, key, limit in (("10 of 20 ms at a time", "inflight/10", PIPES), ("100 at a time", "inflight/100", PIPES), ("500 at a time", "inflight/500", PIPES),
                                 ("/bin/true", "commands", SPAWN), ("a Python program", "pipe", "two of them alone"), ("mail", "mail/2", "smtp-source")):
            for i, b in enumerate(self.broods):
                if r.has(key, b, limit):
                    shares.append((what if i == 0 else r.called(b), 100 * r.faster(key, b, limit).mid, i))
        if shares:
            made["limits"] = charts.bars("Speed in % of the limit",
                                         f"{PIPES}, {SPAWN}, two programs alone, smtp-source" + (f"; grey: {r.called(BASE)}" if r.base else ""), shares)
        for key, title in (("lines", "Lines"), ("csv", "Rows of CSV"), ("commands", "/bin/true")):
            items = [(r.called(n), r.rate(key, n).mid, colour(n)) for n in r.names(key) if r.has(key, n)] if key in r.rows else []
            if items:
                made[key] = charts.bars(f"{title}: records a second, 2 workers", "logarithmic: each rule is ten times the one before", items, log=True)
        made.update(self.curves())
        return made

    def curves(self):
        r, made = self.r, {}
        def series(names, keys, x, y):
            found = [(r.called(n), [(x(k), y(k, n)) for k in keys if r.has(k, n)], colour(n)) for n in names]
            return [s for s in found if s[1]]
        growth = [k for k in r.rows if k.startswith("growth/")]
        found = series([BROOD, BASE, "Pool, chunksize 1000", "Pool, chunksize 1", PARALLEL, CAT], growth, number, lambda k, n: r.rate(k, n).mid)
        if found:
            made["growth"] = charts.lines("Growth: lines a second", "both axes are logarithmic", found, across="lines in the file")
        found = series([BROOD, BASE, WIDE, PIPES], [f"inflight/{j}" for j in IN_FLIGHT], number,
                       lambda k, n: 100 * r.records(k, n) / number(k) * 0.02 / r.wall(k, n).mid)
        if found:
            made["inflight"] = charts.lines("Records of 20 ms: % of the possible", "100 is a run in which nothing but the 20 ms takes time", found, log_y=False, across="records at a time")
        found = series([BROOD, BASE, "Pool, chunks of up to 1 MiB", CAT], [f"size/{s}" for s in SIZES], number, lambda k, n: megabytes(r, k, n).mid)
        if found:
            made["size"] = charts.lines("Size of a record: MB a second", "both axes are logarithmic", found, across="bytes of a record")
        return made


def scaled(f, by):
    return type(f)(*(x * by for x in f))


def megabytes(r, key, name):
    return scaled(r.rate(key, name), number(key) / 1e6)


def number(key):
    return int(key.split("/")[1])


def colour(name):
    """Ours, the brood beside it, limits, and peers, which differ where lines cross."""
    return {BROOD: 0, BASE: 1, PIPES: 2, CAT: 2, SPAWN: 2, CAPTURE: 2, WIDE: 3, PARALLEL: 3, "Pool, chunksize 1": 5}.get(name, 4)


def brief(why):
    """The first line of what a program said."""
    return re.sub(r"^exit status \d+: brood: ", "", why.splitlines()[0])[:80].replace("|", "\\|")


def quote(readme, block):
    """The README with these figures in the place of those that it had."""
    head, rest = readme.split(BEGIN)
    return head + block.rstrip("\n") + rest.split(END)[1]


def write(page, docs, readme):
    with open(os.path.join(docs, "benchmarks.md"), "w") as f:
        f.write(page.text())
    os.makedirs(os.path.join(docs, "benchmarks"), exist_ok=True)
    for name, picture in page.made.items():
        with open(os.path.join(docs, "benchmarks", name + ".svg"), "w") as f:
            f.write(picture)
    with open(readme) as f:
        before = f.read()
    with open(readme, "w") as f:
        f.write(quote(before, page.quoted()))


HEAD = """# Benchmarks

This page is written by `make bench-peers`, whole; what stands here by hand is lost. Whole
processes are measured, from their start to their exit, each with all that it waits for. In every
row all programs run once a round, in an order drawn by lot, after a round that only warms up; so each two
of them are a pair of every round. Times are medians, with the smallest and the largest in brackets;
ratios are those within a round, and the median of them. There are as many rounds as fit into the time of a row,
three at least. The results of every run are looked at: those of a peer have to be the same records in the same
order. A peer that would take minutes has fewer records (the column says how many), and what is
compared then is records a second, its start included. brood has its ledger on, and syncs what it
has done to the disk; its peers keep nothing.
"""
COMMANDS = ("The loops in C start processes by `posix_spawn` and wait for them; brood, like the second loop, keeps what a "
            "command prints. fd takes the names from a folder. ([spawn.c](../testdata/bench/spawn.c))")
LINES = ("Who only starts commands (xargs, xjobs, fd) stands under [commands](#commands). `--pipe cat` and cat take no record apart; "
         "bare Go pipes are blocks of 64 KiB that go to two children and back ([pipes.go](../testdata/bench/pipes.go)). "
         "The other peers are in [testdata/bench/peers](../testdata/bench/peers).")
CSV = "A row comes back with its number and its status; `--pipe` and cat only pass bytes on."
PIPE = ("The program is [upper.py](../testdata/workers/upper.py), which reads a line of JSON and answers it at once. Pool and futures call the same as a "
        "function. GNU parallel gives a new program each block of 1 MiB; alone it reads all requests from a file.")
MAIL = ("brood composes each message from a template, sends it once, intent and outcome on the disk; smtp-source sends the same bytes again and again. "
        "Both write to Postfix' smtp-sink on the same machine.")
HTTP = ("brood asks for another URL each time, reads the answer as JSON, writes a row for it and keeps its ledger; hey (Go) and ab (C) ask for the "
        "same one again and again, and keep nothing.")
IN_FLIGHT_TEXT = ("Each record takes 20 ms in which nothing is computed, as when a server is asked. There is a process for each record in hand, or "
                  "(`--per-worker`) ten for all. Bare Go pipes: a parent with children that read, sleep and write, and nothing else. Starts are counted.")
GROWTH = "Lines through `echo`, in order, 2 workers. Pool with a chunksize of 1 ends at 100,000."
SIZE = "Lines through `echo`, 2 workers; files of up to 64 MiB."
KEYS = "`--key line`: a second record with the same key is skipped. awk and sort do only that."
ONCE = "What the intents and notes of a `once` job cost, 2 workers. The records of the first row take no time at all."
MEMORY = ("MiB at the most: of the parent alone, and of all its processes together, pages that they share counted once. Looked at every 0.05 s "
          "in a run of its own, which is not timed.")
CALLS = ("Counted by strace in the whole tree, for one record of 20 ms more, 10 at a time: what 1,500 records need and 500 do not, for each. strace slows what it "
         "looks at, so calls that depend on time (futex, nanosleep) are more or fewer without it.")
