"""brood --ssh beside GNU parallel --sshlogin, over the same two sshds on loopback. python3 testdata/bench/ssh.py BROOD

BENCH_N=2000     how many commands
BENCH_ROUNDS=3   how often

It prints seconds and ratios of rounds, for commands that do nothing and for files that go there and come back; and
then what each does when one of the hosts dies in the middle, with what was done counted outside.
"""
import collections
import contextlib
import getpass
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import measure
from figures import paired
from measure import Entry, Refused, Row
from servers import folder, free_port, program, running

HERE = os.path.dirname(os.path.abspath(__file__))
SLOTS = 2  # of each host
HOSTS = ("one", "two")
BROOD, PARALLEL, MASTER = "brood --ssh", "GNU parallel -S", "GNU parallel -S -M"

# An sshd of root's wants a user and a folder. It has its own process numbers, so that it can die as a machine does.
MACHINE = """set -e
cp /etc/passwd "$1.passwd"
grep -q ^sshd: /etc/passwd || echo sshd:x:59022:65534::/run/sshd:/bin/false >>"$1.passwd"
mount --bind "$1.passwd" /etc/passwd
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
shift
exec "$@"
"""


def sshd():
    here = os.path.join(HERE, "../../bin/tools/ssh/openssh-server/usr/sbin/sshd")
    return next((p for p in (program("sshd"), "/usr/sbin/sshd", os.path.abspath(here)) if p and os.path.exists(p)), None)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


class World:
    """Two hosts, each an sshd with a home directory of its own, and how they are reached."""

    def __init__(self, path):
        self.path, self.ports, self.servers = path, {}, {}
        self.config = os.path.join(path, "ssh_config")
        self.key("id")
        known, config = "", ""
        for name in HOSTS:
            port = self.ports[name] = free_port()
            os.makedirs(os.path.join(path, name), exist_ok=True)
            write(os.path.join(path, name + ".conf"), f"""Port {port}
ListenAddress 127.0.0.1
HostKey {self.key(name + ".key")}
AuthorizedKeysFile {path}/id.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
MaxStartups 200
SetEnv HOME={path}/{name} XDG_CACHE_HOME= XDG_STATE_HOME=
""")
            with open(os.path.join(path, name + ".key.pub")) as f:
                known += f"[127.0.0.1]:{port} {f.read()}"
            config += f"Host {name}\n\tHostName 127.0.0.1\n\tPort {port}\n"
        write(os.path.join(path, "known_hosts"), known)
        write(self.config, config + f"""Host *
	User {getpass.getuser()}
	IdentityFile {path}/id
	IdentitiesOnly yes
	IdentityAgent none
	UserKnownHostsFile {path}/known_hosts
""")
        self.logins = write(os.path.join(path, "logins"), "".join(f"{SLOTS}/ssh -F {self.config} {name}\n" for name in HOSTS))
        # GNU parallel makes no master connections for logins with a command of their own.
        self.named = write(os.path.join(path, "named"), "".join(f"{SLOTS}/{name}\n" for name in HOSTS))

    def key(self, name):
        path = os.path.join(self.path, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path

    def home(self, name):
        return os.path.join(self.path, name)

    def answers(self, name):
        return subprocess.run(["ssh", "-F", self.config, "-o", "BatchMode=yes", name, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0

    def start(self, name):
        config = os.path.join(self.path, name + ".conf")
        argv = [sshd(), "-D", "-E", os.path.join(self.path, name + ".log"), "-f", config]
        if os.getuid() == 0:
            argv = ["unshare", "-m", "--propagation", "private", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", MACHINE, "sh", config, *argv]
        stack = contextlib.ExitStack()
        stack.enter_context(running(argv, lambda: self.answers(name), signal.SIGKILL))
        self.servers[name] = stack

    def kill(self, name):
        self.servers.pop(name).close()

    def __enter__(self):
        for name in HOSTS:
            self.start(name)
        return self

    def __exit__(self, *_):
        for name in list(self.servers):
            self.kill(name)


def parallel(world, *args, master=False):
    over = ["-M", "--ssh", f"ssh -F {world.config}", "--slf", world.named] if master else ["--slf", world.logins]
    return ["parallel", "-k", *over, *args]


def brood(world, binary, *args):
    return [binary, "run", "exec", "--run", "ssh", "-j", "0", "--ssh-login-file", world.logins, *args]


def shell(argv, out):
    return ["sh", "-c", 'exec "$@" > "$0"', out, *argv]


def numbers(path, n):
    return write(path, "".join(f"{i}\n" for i in range(n)))


def commands(world, binary, n):
    """Commands that do nothing."""
    out, source = os.path.join(world.path, "out"), numbers(os.path.join(world.path, "numbers"), n)
    return Row("commands", f"{n:,} commands echo {{}}", [
        Entry(who, shell(argv, out), n, stdin=source, out=out, same=source) for who, argv in (
            (BROOD, brood(world, binary, "--", "echo", "{}")),
            (PARALLEL, parallel(world, "echo", "{}")),
            (MASTER, parallel(world, "echo", "{}", master=True)))])


def files(world, binary, n):
    """Files of 4 KiB that go there and come back."""
    local = os.path.join(world.path, "local")
    os.makedirs(local, exist_ok=True)
    names = [f"f{i}" for i in range(n)]
    for name in names:
        write(os.path.join(local, name), name * (4096 // len(name)) + "\n")
    source = write(os.path.join(world.path, "names"), "".join(name + "\n" for name in names))

    def before():
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(local, name + ".up"))

    def after(_):
        for name in names:
            with open(os.path.join(local, name)) as f, open(os.path.join(local, name + ".up")) as g:
                if f.read().upper() != g.read():
                    raise Refused(f"{name}.up is not what it should be")
        left = [f for host in HOSTS for _, _, found in os.walk(world.home(host)) for f in found if f.startswith("f")]
        if left:
            raise Refused(f"left there: {left[:3]}")

    does = "tr a-z A-Z < {} > {}.up"
    there = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", local]
    return Row("files", f"{n:,} files there and back", [
        Entry(who, there + argv, n, stdin=source, before=before, after=after) for who, argv in (
            (BROOD, brood(world, binary, "--transfer", "{}", "--return", "{}.up", "--cleanup", "--shell", "--", does)),
            (PARALLEL, parallel(world, "--transfer", "--return", "{}.up", "--cleanup", does)),
            (MASTER, parallel(world, "--transfer", "--return", "{}.up", "--cleanup", does, master=True)))])


def rounds(row, count):
    """Each entry once a round, in an order drawn by lot."""
    found = {e.name: {"samples": []} for e in row.entries}
    for _ in range(count):
        for entry in random.sample(row.entries, len(row.entries)):
            if "missing" in found[entry.name]:
                continue
            try:
                found[entry.name]["samples"].append(measure.run(entry))
            except Refused as why:
                found[entry.name]["missing"] = str(why)
    return found


def show(row, found):
    print(f"\n{row.what}, {len(HOSTS)} hosts with {SLOTS} slots")
    ours = [] if "missing" in found[BROOD] else found[BROOD]["samples"]
    for entry in row.entries:
        if "missing" in found[entry.name]:
            print(f"  {entry.name:20} {found[entry.name]['missing']}")
            continue
        samples = found[entry.name]["samples"]
        line = f"  {entry.name:20} {paired(lambda s: s.wall, samples)} s, here {paired(lambda s: s.cpu, samples)} s of processor"
        if ours and entry.name != BROOD:
            line += f"; brood takes 1/{paired(lambda a, b: b.wall / a.wall, ours, samples)} of the time, 1/{paired(lambda a, b: b.cpu / a.cpu, ours, samples)} of the processor"
        print(line, flush=True)


def dying(world, binary, n):
    """One host dies when a fifth was done."""
    effects = os.path.join(world.path, "effects")
    source = numbers(os.path.join(world.path, "numbers"), n)
    does = f"echo {{}} >> {effects}; sleep 0.02; echo {{}}"
    print(f"\n{n:,} commands of 20 ms, the host two dies when a fifth has begun, and does not come back")
    for who, argv in ((BROOD, brood(world, binary, "--shell", "--", does)), (PARALLEL, parallel(world, does)), (PARALLEL + " --retries 3", parallel(world, "--retries", "3", does))):
        write(effects, "")
        state = tempfile.mkdtemp(dir=world.path)
        out = os.path.join(state, "out")
        begun, over = time.monotonic(), threading.Event()

        def watch(over=over):
            while not over.wait(0.02):
                with open(effects) as f:
                    if sum(1 for _ in f) >= n // 5:
                        world.kill("two")
                        return
        with open(source) as stdin, open(out, "w") as stdout, open(os.path.join(state, "err"), "w+") as err:
            watcher = threading.Thread(target=watch)
            watcher.start()
            try:
                status = subprocess.run(argv, stdin=stdin, stdout=stdout, stderr=err, env=dict(os.environ, BROOD_STATE=state), timeout=600, check=False).returncode
            except subprocess.TimeoutExpired:
                status = "none after 600 s"
            over.set()
            watcher.join()
            took = time.monotonic() - begun
            err.seek(0)
            last = err.read().strip().splitlines()[-1:]
        with open(effects) as f:
            done = collections.Counter(line.strip() for line in f)
        with open(out) as f:
            results = sum(1 for _ in f)
        print(f"  {who:32} {took:.1f} s, exit status {status}; begun {len(done):,} of {n:,}, twice {sum(c > 1 for c in done.values()):,}, results {results:,}; {last}", flush=True)
        if "two" not in world.servers:
            world.start("two")


def main():
    binary = os.path.abspath(sys.argv[1])
    if not sshd() or not program("parallel"):
        sys.exit("ssh.py: it takes sshd and parallel: make test-tools")
    n, count = int(os.environ.get("BENCH_N", "2000")), int(os.environ.get("BENCH_ROUNDS", "3"))
    measure.LIMIT = 3600  # GNU parallel makes two connections a second and more, but not many more
    with folder() as path, World(path) as world:
        for row in (commands(world, binary, n), files(world, binary, n // 4)):
            show(row, rounds(row, count))
        if os.getuid() == 0:
            dying(world, binary, n)


if __name__ == "__main__":
    main()
