"""The section on queues of docs/benchmarks.md. It is made with the page, or by itself (BENCH_ONLY=queues): then it takes the
place of the one that the page has, says when and of what it was made, and all else stays."""
import os

from backlog import QUEUES
from figures import figure, significant

BEGIN, END = "<!-- queues of make bench-peers: begin -->", "<!-- queues of make bench-peers: end -->"
BEFORE = "\n## Memory\n"  # where it goes on a page that has none yet
TITLES = {"beanstalkd": ("beanstalkd", "BEANSTALK"), "binlog": ("beanstalkd with a binlog", None), "postgres": ("A table of PostgreSQL", "TABLE"), "mariadb": ("A table of MariaDB", None)}


def section(page, alone=False):
    """The section of what was measured, with its marks. Alone it has circumstances of its own."""
    kept = page.r.kept
    keys = [k for k in page.r.rows if k.startswith(QUEUES + "/")]
    parts = ["## Queues\n", *([circumstances(kept)] if alone else []), ABOUT if keys or kept.get("idle") else "Not measured.\n"]
    for key in keys:
        title, about = TITLES[key.removeprefix(QUEUES + "/")]
        parts.append("#" + page.peers(key, title, None, WORDS.get(about, "")))
    if kept.get("idle"):
        parts.append("### A run that waits\n\n" + WAITS + "\n\n" + waiting(page, kept["idle"]))
    return f"{BEGIN}\n" + "\n".join(parts).rstrip("\n") + f"\n{END}\n"


def circumstances(kept):
    """What the head of the page says of all others, in a line."""
    said = [f"This section was made by itself on {kept['date']} (`BENCH_ONLY={QUEUES}`)", f"brood: {kept['commit']}", kept["facts"]["processor"],
            kept["facts"]["kernel"], f"load before: {kept['facts']['load before']}"]
    if "others" in kept:
        said.append(f"others took {significant(kept['others'])} of the processors")
    lines = ["; ".join(said) + "."]
    if kept["busy"]:
        lines.append(f"**The machine was not idle** ({kept['busy']}). Times and ratios of this section are not to be quoted.")
    if kept["scale"] < 1:
        lines.append(f"**This is the short form** (`BENCH_SHORT=1`): {kept['scale']:g} of the jobs of the full one. Starts weigh more in it.")
    return " ".join(lines) + "\n"


def waiting(page, found):
    """The table of idle runs."""
    head = ["waits at", "brood", "% of a core", "over", "processes", "MiB, all together (PSS)", "MiB, the parent (RSS)", "from a put to the command: ms, median", "the slowest", "of"]
    rows = []
    for who, places in found.items():
        for where, f in places.items():
            begun = figure(1e3 * s for s in f["begun"])
            rows.append([where, page.r.called(who), significant(100 * f["share"]), f"{f['seconds']:g} s", str(f["processes"]), significant(f["pss"]), significant(f["rss"]),
                         significant(begun.mid), significant(begun.high), str(len(f["begun"]))])
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows)]) + "\n"


def spliced(text, part):
    """A page with this section in the place of the one that it had."""
    if BEGIN in text:
        head, rest = text.split(BEGIN)
        return head + part + rest.split(END)[1].removeprefix("\n")
    head, mark, rest = text.partition(BEFORE)
    if not mark:
        raise ValueError("docs/benchmarks.md has neither the marks of the section nor the head of the next one")
    return head.rstrip("\n") + "\n\n" + part + mark + rest


def write(page, docs):
    """Put the section into the page that there is."""
    path = os.path.join(docs, "benchmarks.md")
    with open(path) as f:
        before = f.read()
    with open(path, "w") as f:
        f.write(spliced(before, section(page, alone=True)))


ABOUT = """Jobs that do nothing are worked off, on the same server: `brood run echo --run q --drain-queue URL` beside loops as they are
written by hand. The jobs are there before the clock starts. Afterwards the queue must be empty, or each row done, and
`brood status` must have as many ok and nothing else. brood has its ledger on: each job, its outcome and the answer that is owed are on the
disk before the queue hears of it. The processor time is that of the program, without the server's. The servers are started for this, on
loopback, and sync as they do by default.
"""
WORDS = {
    "BEANSTALK": ("brood has 2 workers (`-j 2`). The loop in Python speaks the protocol on a socket, as its libraries do: reserve, delete, one job at a time "
                  "([beanstalk.py](../testdata/bench/queues/beanstalk.py))."),
    "TABLE": ("brood has 4 workers (`-j 4`); it claims rows and answers them in bulk, with a lease, an owner and a count of attempts, and commits twice: before the work, and after it. "
              "The loops by hand do the same without lease and owner, a row at a time or a hundred ([skiplocked](../testdata/bench/queues/skiplocked/main.go)); with the work inside the "
              "transaction there is one commit, all rows in it are done again when it breaks, and the transaction lasts as long as the work. A hundred at a time are not "
              "four jobs at a time: they have one outcome together. River ([river](../testdata/bench/queues/river/main.go)) asks for jobs every millisecond, its least; by default it is every 100."),
}
WAITS = ("`brood run exec --run idle -j 4 URL -- sh -c …`, which has done 40 jobs, 4 at a time. Then nothing comes, and the processor time of the whole tree is taken. "
         "Then jobs are put in one by one, at no beat; the time lasts from before the put until the command, a shell, has written a byte.")
