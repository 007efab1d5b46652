"""brood beside what else geocodes tables: csvgeocode of npm and a script with geopy, on the same rows and
the same server, which takes 20 ms for an answer. python3 testdata/bench/geocoders.py BROOD [ROWS]

Each is run to its end, and once more with kill -9 in the middle and then as its user goes on: by
brood resume, or from the beginning. The server's log tells who asked what. Prints a table in Markdown.
"""
import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CSVGEOCODE = os.path.join(ROOT, "bin/tools/csvgeocode/node_modules/.bin/csvgeocode")
PYTHON = "/usr/bin/python3"  # Debian's own, which has geopy
RATE = 50


def table(path, n):
    """n rows of which each tenth is an address that was there before."""
    with open(os.path.join(ROOT, "testdata/cities.csv"), newline="") as f:
        towns = [row["name"] for row in csv.DictReader(f) if row["name"].isascii() and "," not in row["name"] and "'" not in row["name"]]
    rows = []
    for i in range(n):
        rows.append(rows[i // 2] if i % 10 == 9 else f"{i % 90 + 1} Main Street, {towns[i % len(towns)]}")
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["id", "address"])
        out.writerows(enumerate(rows, 1))
    return len(set(rows))


@contextlib.contextmanager
def server(binary, log):
    """The test geocoder; ends with its standard input."""
    argv = [binary, "-until-eof", "-latency", "20ms", "-log", log, "-cities", os.path.join(ROOT, "testdata/cities.csv")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        try:
            yield p.stdout.readline().strip()
        finally:
            p.stdin.close()
            p.wait()


def arrivals(log):
    with contextlib.suppress(FileNotFoundError), open(log) as f:
        return [json.loads(line) for line in f if line.endswith("\n")]
    return []


def busiest(all_):
    most, first = 0, 0
    for i, a in enumerate(all_):
        while a["at"] - all_[first]["at"] >= 10**9:
            first += 1
        most = max(most, i - first + 1)
    return most


def start(argv, state):
    return subprocess.Popen(argv, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(os.environ, BROOD_STATE=state))


def finish(p, what):
    said = p.communicate()[1]
    if p.returncode:
        sys.exit(f"{what}: status {p.returncode}: {said}")


def filled(path):
    """How many rows of a result have a point."""
    with contextlib.suppress(FileNotFoundError), open(path, newline="") as f:
        return sum(1 for row in csv.DictReader(f) if (row.get("geo_lat") or row.get("lat") or "").strip())
    return 0


class Peer:
    def __init__(self, name, argv, again=None):
        self.name, self.argv, self.again = name, argv, again or argv


def peers(brood, url, source, out):
    host = url.removeprefix("http://")
    brood_run = [brood, "run", "geocode", "--provider", "nominatim", "--base-url", url + "/nominatim", "--own-server", "--address", "address",
                 source, "-o", out, "--run", "table", "--quiet"]
    resume = [brood, "resume", "table", "--quiet"]
    if os.path.exists(CSVGEOCODE):
        yield Peer("csvgeocode 2.3.1", [CSVGEOCODE, source, out, "--handler", "osm", "--delay", "0", "--url", url + "/nominatim/search?format=json&q={{address}}"])
    if subprocess.run([PYTHON, "-c", "import geopy"], check=False, capture_output=True).returncode == 0:
        yield Peer("geopy, RateLimiter", [PYTHON, os.path.join(HERE, "peers/geopy_table.py"), host + "/nominatim", source, out, str(RATE)])
    yield Peer(f"brood, {RATE} requests/s", [*brood_run, "--request-rate", str(RATE)], resume)
    yield Peer("brood, no limit", brood_run, resume)


def whole(peer, log, state):
    """One run to its end: seconds, and what came."""
    before = len(arrivals(log))
    begun = time.monotonic()
    finish(start(peer.argv, state), peer.name)
    return time.monotonic() - begun, arrivals(log)[before:]


def killed(peer, log, state, out, n):
    """A run that is killed after a quarter of its requests, and what comes until all is done."""
    before = len(arrivals(log))
    p = start(peer.argv, state)
    while len(arrivals(log)) - before < n // 4 and p.poll() is None:
        time.sleep(0.02)
    os.killpg(p.pid, signal.SIGKILL)
    p.communicate()
    left, asked = filled(out), len(arrivals(log)) - before
    finish(start(peer.again, state), peer.name + ", again")
    came = arrivals(log)[before:]
    twice = sum(c - 1 for c in Counter(a["question"].lower() for a in came).values() if c > 1)
    return asked, left, len(came), twice


def main():
    brood, n = os.path.abspath(sys.argv[1]), int((sys.argv[2:] or ["2000"])[0])
    with tempfile.TemporaryDirectory(prefix="brood-geocoders-") as folder:
        binary, log = os.path.join(folder, "geocoder"), os.path.join(folder, "log")
        subprocess.run(["go", "build", "-o", binary, "./testdata/geocoder"], cwd=ROOT, check=True)
        source = os.path.join(folder, "rows.csv")
        distinct = table(source, n)
        print(f"{n:,} rows, {distinct:,} distinct addresses; the server takes 20 ms; load {os.getloadavg()[0]:.1f} at the beginning\n")
        print("| | seconds | requests | most in a second | rows filled | killed after (requests) | rows kept | requests in all | of them for what had been asked |")
        print("|---|---|---|---|---|---|---|---|---|")
        with server(binary, log) as url:
            for i, name in enumerate([p.name for p in peers(brood, url, source, "")]):
                out = os.path.join(folder, f"out{i}.csv")
                peer = list(peers(brood, url, source, out))[i]
                took, came = whole(peer, log, os.path.join(folder, f"state{i}a"))
                rows = filled(out)
                os.remove(out)
                asked, left, total, twice = killed(peer, log, os.path.join(folder, f"state{i}b"), out, n)
                if filled(out) != rows:
                    sys.exit(f"{name}: {filled(out)} rows after it was killed, {rows} before")
                print(f"| {name} | {took:.1f} | {len(came):,} | {busiest(came)} | {rows:,} | {asked:,} | {left:,} | {total:,} | {twice:,} |", flush=True)


if __name__ == "__main__":
    main()
