"""make bench-peers: brood beside other runners, in whole processes. python3 testdata/bench BROOD

BENCH_BASE=FILE|COMMIT  another brood beside this one, in the same rounds
BENCH_SHORT=1           a tenth of the records and of the time
BENCH_ANYWAY=1          also where the machine has other work; the page says so
BENCH_ONLY=REGEXP       only rows whose key matches, and no page: for work on brood
BENCH_ONLY=queues       only the section on queues, which takes the place of the one that the page has
BENCH_FROM=FILE         measure nothing: the page of the samples of an earlier run
"""
import datetime
import json
import os
import re
import shutil
import sys
import tempfile

import backlog
import builds
import idling
import machine
import memory
import queue_page
import syscalls
from data import Data
from measure import measure
from page import Page, write
from results import Results
from names import BASE, BROOD
from works import Works

FULL = {"scale": 1.0, "budget": 35, "least": 3, "patience": 120, "idle": 30}
SHORT = {"scale": 0.1, "budget": 1.5, "least": 3, "patience": 10, "idle": 10}


def say(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)


def idle(patience):
    why = machine.idle(patience, say)
    if why:
        say(f"this machine is not idle: {why}. Where two programs share it with others the one with more processes wins.")
        if not os.environ.get("BENCH_ANYWAY"):
            sys.exit("bench-peers: end the other work, or set BENCH_ANYWAY=1 for a page that says so")
    return why


def measured(works, settings, kept, keep, only):
    """Measure row by row, and keep what there is after each."""
    for row in works.queues() if only == backlog.QUEUES else works.rows():
        if only and not re.search(only, row.key):
            continue
        say(row.what)
        entries = measure(row, settings["budget"], settings["least"], say)
        kept["rows"][row.key] = {"what": row.what, "entries": entries}
        keep(kept)
    broods = works.broods()
    if not only or only == backlog.QUEUES:
        say("runs that wait")
        kept["idle"] = {who: idling.of(binary, settings["idle"]) for who, binary in broods}
        keep(kept)
    if not only:
        say("system calls of a record")
        kept["syscalls"] = {who: syscalls.of_slow_records(binary, works.data)
                            for who, binary in broods}
        say("memory")
        kept["memory"] = {who: memory.of(binary, works.data, works.n(1_000_000), works.n(50_000)) for who, binary in broods}


def session(brood, raw, only):
    """All that is measured, which is kept in a file on the way."""
    def keep(kept):
        with open(raw, "w") as f:
            json.dump(kept, f, indent=1)

    tools = os.path.join(os.path.dirname(brood), "tools")
    settings = SHORT if os.environ.get("BENCH_SHORT") else FULL
    folder = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        builds.limits(os.path.join(tools, "bench"), say)
        builds.river(os.path.join(tools, "bench"), say)
        other, called = builds.base(os.environ.get("BENCH_BASE"), folder)
        kept = {"commit": builds.commit(), "base": called, "scale": settings["scale"], "rows": {},
                "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"), "busy": idle(settings["patience"]), "facts": machine.facts()}
        others = machine.Others()
        measured(Works(Data(folder), brood, other, tools, settings["scale"]), settings, kept, keep, only)
        kept["others"] = others.share()
        keep(kept)
        return kept
    finally:
        shutil.rmtree(folder)


def main():
    brood = os.path.abspath(sys.argv[1])
    only, earlier = os.environ.get("BENCH_ONLY"), os.environ.get("BENCH_FROM")
    if earlier:
        with open(earlier) as f:
            kept = json.load(f)
    else:
        raw = os.path.join(os.path.dirname(brood), "bench-queues.json" if only == backlog.QUEUES else "bench-peers.json")
        kept = session(brood, raw, only)
        say(f"all samples are in {raw}")
    page = Page(Results(kept))
    docs = os.path.join(builds.ROOT, "docs")
    if only == backlog.QUEUES:
        queue_page.write(page, docs)
    elif only:
        print("\n".join(page.peers(key, key, None, "") for key in kept["rows"]))
    else:
        write(page, docs, os.path.join(builds.ROOT, "README.md"))
    wrong = [f"{key}: {e['missing']}" for key, row in kept["rows"].items() for who, e in row["entries"].items()
             if who.startswith(BROOD) and "missing" in e and "has no flag" not in e["missing"]]
    if wrong:
        sys.exit("bench-peers: brood did not do its work:\n" + "\n".join(wrong))


main()
