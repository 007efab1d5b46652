"""A worker as people write it for beanstalkd: take a job, do nothing, delete it.

    beanstalk.py HOST PORT TUBE JOBS

It speaks the protocol as greenstalk and its like do: a socket with a buffered reader, one command at a time, each
answer read before the next. At the end it prints jobs, seconds, and seconds of processor time.
"""

import resource
import socket
import sys
import time


class Client:
    def __init__(self, host, port, tube):
        self.sock = socket.create_connection((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.sock.makefile("rb")
        self.command(b"watch " + tube.encode() + b"\r\n", b"WATCHING")
        if tube != "default":
            self.command(b"ignore default\r\n", b"WATCHING")

    def command(self, line, want):
        self.sock.sendall(line)
        status, *values = self.reader.readline().split()
        if status != want:
            raise RuntimeError(f"{line!r}: {status!r}")
        return values

    def reserve(self):
        job, size = self.command(b"reserve\r\n", b"RESERVED")
        body = self.reader.read(int(size) + 2)[:-2]
        return int(job), body.decode()

    def delete(self, job):
        self.command(b"delete %d\r\n" % job, b"DELETED")


def main():
    host, port, tube, jobs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    client = Client(host, port, tube)
    began = time.monotonic()
    for _ in range(jobs):
        job, _body = client.reserve()
        client.delete(job)
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(jobs, round(wall, 3), round(used.ru_utime + used.ru_stime, 3))


main()
