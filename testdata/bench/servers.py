"""The servers of queues, as brood and its peers are measured at them: started on loopback in a folder of their own, with what
they do by default about the disk, and ended."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds for a server to be there
SLOW = "/usr/lib/postgresql/*/bin"  # where Debian has PostgreSQL's own programs


def program(name):
    """Where a program is; None if it is not there."""
    found = shutil.which(name) or next(iter(sorted(glob.glob(os.path.join(SLOW, name)), reverse=True)), None)
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def folder(account=None):
    path = tempfile.mkdtemp(prefix="brood-queue-", dir="/tmp" if account else None)
    try:
        if account:
            shutil.chown(path, account)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(argv, ready, stop=signal.SIGTERM, account=None):
    """A server while it is needed. ready says whether it answers."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=account, start_new_session=True)
    try:
        end = time.monotonic() + PATIENCE
        while not ready():
            if child.poll() is not None or time.monotonic() > end:
                raise OSError(f"{os.path.basename(argv[0])} does not start")
            time.sleep(0.05)
        yield
    finally:
        child.send_signal(stop)
        child.wait()


def quiet(*argv, stdin=None, **options):
    """What a program prints. It must succeed."""
    return subprocess.run(argv, input=stdin, check=True, capture_output=True, text=True, **options).stdout


class Beanstalkd:
    """beanstalkd with one tube, and what is asked of it."""

    def __init__(self, port):
        self.port, self.url = port, f"beanstalk://127.0.0.1:{port}/jobs"
        self.sock = self.reader = None

    def say(self, text, answers=1):
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 10)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reader = self.sock.makefile("rb")
            self.say(b"use jobs\r\n")
        self.sock.sendall(text)
        return [self.reader.readline() for _ in range(answers)]

    def up(self):
        try:
            return bool(self.say(b"peek-ready\r\n"))
        except OSError:
            self.sock = None
            return False

    def put(self, bodies):
        """Put jobs in, a thousand in a breath."""
        for at in range(0, len(bodies), 1000):
            some = bodies[at:at + 1000]
            got = self.say(b"".join(b"put 1024 0 60 %d\r\n%s\r\n" % (len(b), b) for b in some), len(some))
            if not all(line.startswith(b"INSERTED") for line in got):
                raise OSError(f"beanstalkd: {got[0]!r}")

    def close(self):
        self.reader.close()
        self.sock.close()

    def left(self):
        """How many jobs it has, whatever their state."""
        head = self.say(b"stats-tube jobs\r\n")[0].split()
        if head[0] != b"OK":
            return 0
        text = self.reader.read(int(head[1]) + 2).decode()
        return sum(int(line.split(":")[1]) for line in text.splitlines() if line.startswith(
            ("current-jobs-ready", "current-jobs-reserved", "current-jobs-delayed", "current-jobs-buried")))


@contextlib.contextmanager
def beanstalkd(binlog=False):
    """With a binlog each change is on the disk before it is answered."""
    with folder() as path:
        server = Beanstalkd(free_port())
        log = ["-b", path, "-f", "0"] if binlog else []
        with running([program("beanstalkd"), "-l", "127.0.0.1", "-p", str(server.port), *log], server.up):
            try:
                yield server
            finally:
                server.close()


class Postgres:
    def __init__(self, port):
        self.port = port
        self.url = self.database("postgres")

    def database(self, name):
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, text, database="postgres"):
        return quiet("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.database(database), stdin=text).strip()

    def up(self):
        return subprocess.run([program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0


@contextlib.contextmanager
def postgres():
    account = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    with folder(account) as path:
        server, owner = Postgres(free_port()), account if os.getuid() == 0 else None
        data = os.path.join(path, "data")
        quiet(program("initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", user=owner, cwd=path)
        with running([program("postgres"), "-D", data, "-p", str(server.port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={path}"],
                     server.up, signal.SIGINT, owner):
            yield server


class MariaDB:
    def __init__(self, port):
        self.port, self.url = port, f"mysql://root@127.0.0.1:{port}/test"

    def argv(self):
        return ["mariadb", "--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", str(self.port), "-u", "root", "-N", "-B", "test"]

    def sql(self, text):
        return quiet(*self.argv(), stdin=text).strip()

    def up(self):
        return subprocess.run([*self.argv(), "-e", "SELECT 1"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def mariadb():
    with folder() as path:
        server, data = MariaDB(free_port()), os.path.join(path, "data")
        account = ["--user=root"] if os.getuid() == 0 else []
        quiet(program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-name-resolve", *account)
        os.makedirs(os.path.join(data, "test"), exist_ok=True)
        with running([program("mariadbd"), "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1", f"--port={server.port}",
                      f"--socket={path}/s", f"--pid-file={path}/pid", "--skip-name-resolve", *account], server.up):
            yield server
