"""make bench-millions: a standing run that works off ten million jobs, and what its files and its memory have become on the
way. python3 testdata/bench/millions.py BROOD [JOBS] [FORGET]

The jobs do nothing and are of 50 bytes. A feeder keeps beanstalkd, which has no binlog, at no more than 100,000 of them, so
that its memory stays the same, too. Where the run has done one, five and ten tenths of them, the sizes are taken: what the
files take on the disk, which is not their length where the beginning has been given back. Prints one line of JSON for each."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import memory
import servers
from idling import spent

AHEAD = 100_000  # jobs in the server
STEPS = 10  # tenths that are looked at


def deleted(server):
    """How many jobs the server has seen the end of."""
    head = server.say(b"stats-tube jobs\r\n")[0].split()
    if head[0] != b"OK":
        return 0
    text = server.reader.read(int(head[1]) + 2).decode()
    return next(int(line.split(":")[1]) for line in text.splitlines() if line.startswith("cmd-delete"))


def feed(port, n, ended):
    """Put the jobs in, as there is room for them."""
    server = servers.Beanstalkd(port)
    try:
        at = 0
        while at < n and not ended.is_set():
            if server.left() > AHEAD - 10_000:
                time.sleep(0.05)
                continue
            some = range(at, min(at + 10_000, n))
            server.put([b"%050d" % i for i in some])
            at = some.stop
    finally:
        server.close()


def sizes(folder):
    """MiB on the disk of what the run has, by name."""
    run, found = os.path.join(folder, "runs", "q"), {}
    for name in sorted(os.listdir(run)):
        path = os.path.join(run, name)
        if os.path.isfile(path) and not os.path.islink(path):
            found[name] = os.stat(path).st_blocks * 512 / 2**20
    return {name: round(size, 2) for name, size in found.items() if size >= 0.01}


def look(child, folder, done, since, before):
    seconds, cpu = time.monotonic() - since, spent(child.pid)
    return {"jobs": done, "jobs_per_second": round((done - before["jobs"]) / (seconds - before["at"])), "at": round(seconds, 1),
            "parent_us_per_job": round((cpu - before["cpu"]) * 1e6 / (done - before["jobs"]), 1), "cpu": round(cpu, 2),
            "rss_mib": round(memory.kib(child.pid, "status", "VmRSS") / 1024, 1),
            "pss_of_all_mib": round(sum(memory.kib(p, "smaps_rollup", "Pss") for p in memory.tree(child.pid)) / 1024, 1),
            "disk_mib": sizes(folder), "load": round(os.getloadavg()[0], 2)}


def work(brood, server, n, forget, folder):
    env = dict(os.environ, BROOD_STATE=folder)
    forgetting = ["--forget", forget] if forget != "never" else []
    child = subprocess.Popen([brood, "run", "echo", "--run", "q", "-q", "-j", "2", *forgetting, server.url], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, env=env, start_new_session=True)
    since, last = time.monotonic(), {"jobs": 0, "at": 0, "cpu": 0}
    try:
        for step in range(1, STEPS + 1):
            while (done := deleted(server)) < n * step // STEPS:
                if child.poll() is not None:
                    sys.exit(f"brood ended with {child.returncode}")
                time.sleep(0.5)
            last = look(child, folder, done, since, last)
            print(json.dumps(last), flush=True)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
    status = json.loads(subprocess.run([brood, "status", "q", "--json"], env=env, check=True, capture_output=True, text=True).stdout)
    print(json.dumps({"input": status["input"], "ok": status["ok"], "pending": status["pending"], "queue": status["queue"],
                      "disk_mib": sizes(folder)}), flush=True)


def main():
    brood, n = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000
    forget = sys.argv[3] if len(sys.argv) > 3 else "2m"
    folder, ended = tempfile.mkdtemp(prefix="brood-bench-"), threading.Event()
    try:
        with servers.beanstalkd() as server:
            feeder = threading.Thread(target=feed, args=(server.port, n, ended))
            feeder.start()
            try:
                work(brood, server, n, forget, folder)
            finally:
                ended.set()
                feeder.join()
    finally:
        shutil.rmtree(folder)


main()
