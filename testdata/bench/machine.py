"""The machine that is measured on: what it is, and whether it has anything else to do."""
import multiprocessing
import os
import platform
import resource
import subprocess
import time

SPIN = 0.3  # seconds for which each processor is looked at
SHARE = 0.95  # of a processor that a spin must get
LOAD = 0.25  # for each processor: the load average that counts as idle


def spin(_=None):
    """The share of a processor that a process gets which wants all of it."""
    start, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < SPIN:
        pass
    return (time.process_time() - used) / (time.perf_counter() - start)


def shares():
    """The same of as many processes as there are processors."""
    n = os.cpu_count()
    with multiprocessing.Pool(n) as pool:
        pool.map(abs, range(n))  # they have started
        return pool.map(spin, range(n), chunksize=1)


def busy(loads, shares, processors):
    """Why the machine is not idle, in words; empty if it is."""
    why = []
    if loads[0] > LOAD * processors:
        why.append(f"the load of the last minute was {loads[0]:.2f}")
    if min(shares) < SHARE:
        why.append(f"a process that only computes got {min(shares):.0%} of a processor")
    return " and ".join(why)


def idle(patience, say):
    """Wait for the load to go down, as what was built a moment ago is in it, and say why the
    machine is not idle."""
    end = time.monotonic() + patience
    while os.getloadavg()[0] > LOAD * os.cpu_count() and time.monotonic() < end:
        say(f"the load is {os.getloadavg()[0]:.2f}: waiting")
        time.sleep(min(10, patience))
    return busy(os.getloadavg(), shares(), os.cpu_count())


class Others:
    """What others took of the machine while this process and its children ran."""

    def __init__(self):
        self.start, self.before, self.own = time.monotonic(), ticks(), own()

    def share(self):
        """Processors that were not idle and not ours, on average, the host's steal among them."""
        busy = (ticks() - self.before) / os.sysconf("SC_CLK_TCK")
        return max(0.0, busy - (own() - self.own)) / (time.monotonic() - self.start)


def ticks():
    """The time of all processors but what they idled or waited, in ticks."""
    with open("/proc/stat") as f:
        user, nice, system, _idle, _wait, irq, soft, steal = map(int, f.readline().split()[1:9])
    return user + nice + system + irq + soft + steal


def own():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def facts():
    """What is said of the machine: two runs of it can be compared if these are the same."""
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) >> 20
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{memory} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": filesystem(os.environ.get("TMPDIR", "/tmp")),
        "Go": said("go", "version").removeprefix("go version "),
        "Python": platform.python_version(),
        "load before": " ".join(f"{x:.2f}" for x in os.getloadavg()),
    }


def filesystem(path):
    return said("stat", "-f", "-c", "%T", path)


def said(*argv):
    """What a program printed; nothing if it is not there."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
