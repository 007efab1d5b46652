"""The loop of a worker for "brood run pipe", so that nobody writes it by hand:

    import brood_worker as brood

    @brood.worker
    def handle(record):
        if not record["mail"]:
            raise brood.Fail("there is no address")
        return {"sent": send(record["mail"])}

    brood run pipe list.csv -o out.csv --columns sent -- python3 that.py

The function is called for each record, and what it returns is the result: a dict, or None. It may
take a second argument, the request: id, seq, attempt, key. What it raises says what became of the record:

    Retry(why, after=SECONDS)     try it again later
    Fail(why)                     it fails for good
    Skip(why)                     there is nothing to do
    Throttle(why, after=SECONDS)  everybody is to slow down; costs no try
    Abort(why)                    something is wrong with all of it: stop the run
    Unknown(why)                  it may have been done, or not

with kind="word" as a class of its own. Any other exception is Unknown, with its traceback in the
log: nobody can tell how far the function has come. Brood tries such a record again where its effect
allows that, and holds it otherwise.

print() and whatever else writes to standard output go to the log, with what the function starts: the
answers have a way of their own. With worker(threads=8), and brood run pipe --per-worker 8, eight
records are in hand at a time.

One file, no dependency, Python 3.8 or newer. It speaks version 1 of the protocol: jobs/pipe.
"""
import functools
import inspect
import json
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

__all__ = ["worker", "serve", "Retry", "Fail", "Skip", "Throttle", "Abort", "Unknown"]

VERSION = "1"


class Verdict(Exception):
    """What became of a record, other than that it is ok."""

    status = ""

    def __init__(self, why="", after=None, kind=None, result=None):
        super().__init__(why)
        self.why, self.after, self.kind, self.result = str(why), after, kind, result


class Retry(Verdict):
    status = "retry"


class Fail(Verdict):
    status = "failed"


class Skip(Verdict):
    status = "skipped"


class Throttle(Verdict):
    status = "throttle"


class Abort(Verdict):
    status = "abort"


class Unknown(Verdict):
    status = "unknown"


def worker(handle=None, *, threads=1):
    """Make a function the worker of this program, and serve, if it is the one that was started.

    It stands over the last function, as nothing behind it comes to be before the input has ended."""
    if handle is None:
        return functools.partial(worker, threads=threads)
    if handle.__module__ == "__main__":
        serve(handle, threads=threads)
    return handle


def serve(handle, threads=1):
    """Answer requests until there are no more, several at a time if there are several threads."""
    version = os.environ.get("BROOD_PIPE", VERSION)
    if version != VERSION:
        print(f"brood_worker.py speaks version {VERSION} of the protocol, and brood version {version}: get the one that belongs to it", file=sys.stderr)
        sys.exit(78)
    whole = takes_request(handle)
    answers, requests = take_streams()
    lock = threading.Lock()

    def work(line):
        answer = ask(handle, whole, line)
        with lock:
            answers.write(answer)
            answers.flush()

    try:
        if threads <= 1:
            for line in requests:
                work(line)
            return
        room = threading.Semaphore(2 * threads)  # what is read ahead
        failed = []

        def one(line):
            try:
                work(line)
            except BaseException as e:  # the answer could not be written, or the program is to end
                failed.append(e)
            finally:
                room.release()

        with ThreadPoolExecutor(threads) as pool:
            for line in requests:
                room.acquire()
                if failed:
                    break
                pool.submit(one, line)
        if failed:
            raise failed[0]
    except BrokenPipeError:
        os._exit(1)  # nobody hears what is said, so nothing more is begun


def takes_request(handle):
    """Whether the function wants the request beside the record."""
    try:
        needed = [p for p in inspect.signature(handle).parameters.values()
                  if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    except (TypeError, ValueError):
        return False
    return len(needed) > 1


def take_streams():
    """Take the way of the answers away from all that prints, also from programs that are started."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "wb")  # which programs that are started do not get
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # Lines end with a line feed and nothing else, and are UTF-8, whatever the locale.
    requests = os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)  # what a function reads is not a request
    os.dup2(null, 0)
    os.close(null)
    return answers, requests


def ask(handle, whole, line):
    """Have the function work on a request, and return the line of the answer."""
    request = json.loads(line)
    answer = {"id": request["id"]}
    try:
        result = handle(request["record"], request) if whole else handle(request["record"])
        answer["status"], answer["result"] = "ok", result
        return encode(answer)
    except Verdict as e:
        answer.update(status=e.status, result=e.result)
        if e.why:
            answer["error"] = e.why
        if e.kind:
            answer["class"] = str(e.kind)
        if e.after is not None:
            answer["retry_after"] = float(e.after)
    except Exception as e:  # not KeyboardInterrupt, SystemExit: those end the program
        traceback.print_exc()
        answer.update(status="unknown", error="".join(traceback.format_exception_only(type(e), e)).strip(), result=None)
        answer["class"] = type(e).__name__
    return encode(answer)


def encode(answer):
    if answer.get("result") is None:
        answer.pop("result", None)
    return json.dumps(answer, allow_nan=False).encode() + b"\n"
