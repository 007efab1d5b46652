"""Queues that are worked off: the rows, and who does the work. The jobs do nothing; they are in the queue before the clock
starts, and afterwards it is looked at what has become of them."""
import json
import os
import subprocess
import sys

import servers
from measure import Entry, Refused, Row

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "queues")
QUEUES = "queues"  # before the keys of its rows, and what BENCH_ONLY is for these alone
SLOTS = 4  # of brood at a table, and as many connections has a peer

# The same table for all, with the index that brood queue check advises.
POSTGRES = """DROP TABLE IF EXISTS jobs;
CREATE TABLE jobs (id bigint PRIMARY KEY, name text NOT NULL, status text NOT NULL DEFAULT 'new', attempts int NOT NULL DEFAULT 0,
	owner text, lease_until timestamptz);
INSERT INTO jobs (id, name) SELECT n, lpad(n::text, 50, '0') FROM generate_series(1, {n}) AS n;
CREATE INDEX ON jobs (status, id);
VACUUM ANALYZE jobs;
CHECKPOINT;
"""
MARIADB = """DROP TABLE IF EXISTS jobs;
CREATE TABLE jobs (id bigint PRIMARY KEY, name varchar(100) NOT NULL, status varchar(20) NOT NULL DEFAULT 'new', attempts int NOT NULL DEFAULT 0,
	owner varchar(200), lease_until datetime(6), KEY (status, id)) ENGINE=InnoDB;
INSERT INTO jobs (id, name) SELECT seq, lpad(seq, 50, '0') FROM seq_1_to_{n};
ANALYZE TABLE jobs;
"""
RIVER = "DO $$ BEGIN IF to_regclass('river_job') IS NOT NULL THEN TRUNCATE river_job; END IF; END $$;"


def bodies(n):
    """Jobs of 50 bytes."""
    return [b"%050d" % i for i in range(n)]


def ended(text, n):
    """Whether a status, as JSON, is of a run that has done n jobs and has none left."""
    status = json.loads(text)
    rest = {k: status[k] for k in ("failed", "skipped", "unknown", "pending") if status[k]}
    owed = {k: status["queue"][k] for k in ("owed", "lost", "gone") if status["queue"][k]}
    if status["ok"] != n or rest or owed:
        raise Refused(f"brood status has ok {status['ok']} of {n}, {rest or owed or 'and nothing else'}")


def has(*names):
    return all(servers.program(name) for name in names)


class Backlog:
    """The rows of queues. Broods are names and programs; tools has what was built for this."""

    def __init__(self, broods, tools, n):
        self.broods, self.tools, self.n = broods, tools, n

    def rows(self):
        if has("beanstalkd"):
            with servers.beanstalkd() as server:
                yield self.beanstalk(server, "beanstalkd", "beanstalkd, without a binlog", self.n(40_000))
            with servers.beanstalkd(binlog=True) as server:
                yield self.beanstalk(server, "binlog", "beanstalkd with a binlog that is synced at each change", self.n(5_000))
        if has("initdb", "postgres", "psql", "pg_isready"):
            with servers.postgres() as server:
                yield self.postgres(server, self.n(5_000))
        if has("mariadbd", "mariadb-install-db", "mariadb"):
            with servers.mariadb() as server:
                yield self.mariadb(server, self.n(5_000))

    def ours(self, url, slots, n, before, empty):
        def entry(who, binary):
            def after(state):
                empty()
                ended(subprocess.run([binary, "status", "q", "--json"], env=dict(os.environ, BROOD_STATE=state), check=True, capture_output=True, text=True).stdout, n)
            return Entry(who, [binary, "run", "echo", "--run", "q", "--drain-queue", "-j", str(slots), url], n, before=before, after=after)
        return [entry(who, binary) for who, binary in self.broods]

    def beanstalk(self, server, key, where, n):
        n += n % 2
        before = lambda: server.put(bodies(n))

        def empty(_state=None):
            if server.left():
                raise Refused(f"{server.left()} jobs are left")
        loop = f"{sys.executable} {os.path.join(SCRIPTS, 'beanstalk.py')} 127.0.0.1 {server.port} jobs"
        return Row(f"{QUEUES}/{key}", f"{n:,} jobs of 50 bytes in {where}", self.ours(server.url, 2, n, before, empty) + [
            Entry("Python, a loop", ["sh", "-c", f"exec {loop} {n}"], n, before=before, after=empty),
            Entry("Python, 2 of them", ["sh", "-c", f"{loop} {n // 2} & {loop} {n // 2} & wait"], n, before=before, after=empty),
        ])

    def table(self, server, n, make):
        """What comes before and after a run at a table."""
        def after(_state=None):
            counts = [server.sql(f"SELECT count(*) FROM jobs{where};") for where in ("", " WHERE status = 'ok'")]
            if counts != [str(n)] * 2:
                raise Refused(f"{counts[1]} of {counts[0]} rows are ok, not {n}")
        return {"before": lambda: server.sql(make.format(n=n)), "after": after}

    def postgres(self, server, n):
        table = self.table(server, n, POSTGRES)
        hand = lambda *args: [os.path.join(self.tools, "skiplocked"), server.url, "jobs", str(SLOTS), *args]
        server.sql("CREATE DATABASE river;")
        url, program = server.database("river"), os.path.join(self.tools, "river")

        def put():
            server.sql(RIVER, "river")
            subprocess.run([program, "put", url, str(n)], check=True, stdout=subprocess.DEVNULL)
            server.sql("VACUUM ANALYZE river_job; CHECKPOINT;", "river")

        def completed(_state=None):
            got = server.sql("SELECT count(*) FROM river_job WHERE state = 'completed';", "river")
            if got != str(n):
                raise Refused(f"{got} jobs are completed, not {n}")
        return Row(f"{QUEUES}/postgres", f"{n:,} rows of a table of PostgreSQL", self.ours(server.url + "?table=jobs", SLOTS, n, table["before"], table["after"]) + [
            Entry(f"SKIP LOCKED, {SLOTS} connections", hand("1"), n, **table),
            Entry(f"SKIP LOCKED, {SLOTS} connections, work inside the transaction", hand("1", "within"), n, **table),
            Entry(f"SKIP LOCKED, {SLOTS} connections, 100 at a time", hand("100"), n, **table),
            Entry(f"SKIP LOCKED, {SLOTS} connections, 100 inside the transaction", hand("100", "within"), n, **table),
            Entry(f"River, {SLOTS} workers", [program, "work", url, str(n), str(SLOTS)], n, before=put, after=completed),
        ])

    def mariadb(self, server, n):
        table = self.table(server, n, MARIADB)

        def before():
            if subprocess.run(["php", "-r", "exit(extension_loaded('pdo_mysql') ? 0 : 1);"], check=False).returncode:
                raise Refused("not installed")
            table["before"]()
        php = lambda batch: Entry(f"PHP, {SLOTS} processes" + (f", {batch} at a time" if batch > 1 else ""),
                                  ["php", os.path.join(SCRIPTS, "mariadb.php"), "127.0.0.1", str(server.port), "root", "test", "jobs", str(SLOTS), str(batch)],
                                  n, before=before, after=table["after"])
        return Row(f"{QUEUES}/mariadb", f"{n:,} rows of a table of MariaDB",
                   self.ours(server.url + "?table=jobs", SLOTS, n, table["before"], table["after"]) + [php(1), php(100)])
