"""How many system calls a record costs, as strace counts them in the whole tree of processes."""
import os
import shutil
import subprocess
import tempfile


def parse(table):
    """The calls that strace -c has counted, by name."""
    counts = {}
    for line in table.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[3].isdigit() and fields[-1] != "total":
            counts[fields[-1]] = int(fields[3])
    return counts


def per_record(few, many, records):
    """What one more record costs: what many did and few did not, for records more of them. Less
    than a twentieth of a call is chance, or is done now and then."""
    more = {call: (many.get(call, 0) - few.get(call, 0)) / records for call in {*few, *many}}
    return {call: n for call, n in sorted(more.items(), key=lambda item: -item[1]) if n >= 0.05}


def counted(argv):
    state = tempfile.mkdtemp(prefix="brood-bench-")
    try:
        with tempfile.NamedTemporaryFile("r") as table:
            subprocess.run(["strace", "-f", "-c", "-o", table.name, *argv], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, BROOD_STATE=state))
            return parse(table.read())
    finally:
        shutil.rmtree(state)


def of_slow_records(binary, data, few=500, many=1_500):
    """Of records that take 20 ms, 10 at a time. Nothing where there is no strace."""
    if not shutil.which("strace"):
        return {}
    count = lambda n: counted([binary, "run", "echo", "--sleep", "20ms", "-j", "10", "-o", data.path("out"), data.lines(n)])
    return per_record(count(few), count(many), many - few)
