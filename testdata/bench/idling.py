"""What a standing run takes while nothing comes, and how soon it begins what does."""
import contextlib
import os
import random
import select
import shutil
import signal
import subprocess
import tempfile
import time

import memory
import servers
from backlog import POSTGRES, has
from measure import Refused

SLOTS = 4
PUTS = 20  # jobs that arrive one by one, each when nothing else is there
PATIENCE = 30  # seconds for a job to begin

TRIGGER = """CREATE FUNCTION brood_jobs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('brood_jobs', ''); RETURN NULL; END $$;
CREATE TRIGGER brood_jobs AFTER INSERT ON jobs FOR EACH STATEMENT EXECUTE PROCEDURE brood_jobs();
"""


def spent(pid):
    """Seconds of processor that the threads of a process have had, to the nanosecond."""
    total = 0
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat") as f:
                total += int(f.read().split()[0])
    return total / 1e9


class Bell:
    """A pipe with a name. The command of a job writes to it, and so says that it has begun."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "begun")
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def heard(self):
        """Wait until a command has begun."""
        if not select.select([self.fd], [], [], PATIENCE)[0]:
            raise OSError(f"no command began within {PATIENCE} s")
        os.read(self.fd, 1)

    def close(self):
        os.close(self.fd)


def standing(brood, url, put, seconds, puts=PUTS):
    """A run with some workers: what it takes in so many seconds in which nothing comes, and how long it lasts from a put until
    the command has begun and a shell has written a byte."""
    folder = tempfile.mkdtemp(prefix="brood-bench-")
    bell, said = Bell(folder), os.path.join(folder, "said")
    with open(said, "wb") as err:
        child = subprocess.Popen([brood, "run", "exec", "--run", "idle", "-j", str(SLOTS), "--no-append", url, "--", "sh", "-c", f"printf x > {bell.path}; sleep 0.02"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, env=dict(os.environ, BROOD_STATE=folder), start_new_session=True)
    try:
        for _ in range(10 * SLOTS):
            put()
        for _ in range(10 * SLOTS):
            bell.heard()
        time.sleep(2)  # answers are given, and the last commit is done
        found = rested(child.pid, seconds)
        found["begun"] = [begun(put, bell) for _ in range(puts)]
        return found
    except OSError as why:
        with open(said) as f:
            raise Refused(f"{why}: {f.read()[-300:]}") from why
    finally:
        bell.close()
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        shutil.rmtree(folder)


def rested(pid, seconds):
    """The share of a processor, and MiB, of a process and all that come of it."""
    all = memory.tree(pid)
    start, before = time.monotonic(), {p: spent(p) for p in all}
    time.sleep(seconds)
    used = sum(spent(p) - before.get(p, 0) for p in memory.tree(pid))
    return {"share": used / (time.monotonic() - start), "processes": len(all), "seconds": seconds,
            "pss": sum(memory.kib(p, "smaps_rollup", "Pss") for p in all) / 1024,
            "rss": memory.kib(pid, "status", "VmRSS") / 1024}


def begun(put, bell):
    """Seconds from before a put until its command has begun. They come at no beat."""
    time.sleep(random.uniform(0.1, 0.5))
    start = time.monotonic()
    put()
    bell.heard()
    return time.monotonic() - start


@contextlib.contextmanager
def inserting(server):
    """How a row is put into a table of PostgreSQL by a connection that stays."""
    psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", server.url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    count = [1_000_000]

    def put():
        count[0] += 1
        psql.stdin.write(f"INSERT INTO jobs (id, name) VALUES ({count[0]}, 'a row');\n")
        psql.stdin.flush()
    try:
        yield put
    finally:
        psql.stdin.close()
        psql.wait()


def of(brood, seconds, puts=PUTS):
    """What is found, by the server that is waited at."""
    found = {}
    if has("beanstalkd"):
        with servers.beanstalkd() as server:
            found["beanstalkd"] = standing(brood, server.url, lambda: server.put([b"a job"]), seconds, puts)
    if has("initdb", "postgres", "psql", "pg_isready"):
        with servers.postgres() as server:
            server.sql(POSTGRES.format(n=1) + "DELETE FROM jobs;" + TRIGGER)
            with inserting(server) as put:
                found["a table of PostgreSQL with the trigger"] = standing(brood, server.url + "?table=jobs", put, seconds, puts)
    return found
