"""The datasets that are worked on: made when they are first asked for, always the same."""
import json
import os


class Data:
    """Files below a folder, by what is in them and how much of it."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def made(self, name, lines):
        path = self.path(name)
        if not os.path.exists(path):
            with open(path + ".part", "w") as f:
                f.writelines(line + "\n" for line in lines)
            os.rename(path + ".part", path)
        return path

    def lines(self, n):
        return self.made(f"{n}.lines", (f"record number {i} of the set" for i in range(n)))

    def long(self, n, size):
        """Lines of size bytes, their end among them."""
        return self.made(f"{n}x{size}.lines", (f"{i:09d}".ljust(size - 1, "x")[:size - 1] for i in range(n)))

    def twice(self, n):
        """Lines of which each second one has been there."""
        return self.made(f"{n}.twice", (f"record number {i // 2} of the set" for i in range(n)))

    def rows(self, n):
        return self.made(f"{n}.csv", ["id,name,city,amount"] + [f'{i},Name {i},"City, {i % 1000}",{i % 977}.50' for i in range(n)])

    def numbers(self, n):
        return self.made(f"{n}.numbers", map(str, range(n)))

    def requests(self, n, part=0, parts=1):
        """What brood writes to a program of pipe, or each parts'th line of it."""
        return self.made(f"{n}.{part}of{parts}.requests", (json.dumps({
            "id": f"{i}.1", "seq": i, "attempt": 1, "key": f"{i:032x}", "record": {"line": f"record number {i} of the set"},
        }, separators=(",", ":")) for i in range(part, n, parts)))

    def people(self, n):
        return self.made(f"{n}.people.csv", ["email,name"] + [f"user{i}@d{i % 1000}.example,Name {i}" for i in range(n)])

    def text(self):
        return self.made("text.txt", ["Dear {{.name}},", ""] + ["this is one of the lines that make up the kilobyte of this message."] * 12)

    def files(self, n):
        """A folder of empty files, for a program that finds its records itself."""
        path = self.path(f"{n}.files")
        if not os.path.exists(path):
            os.mkdir(path)
            for i in range(n):
                open(os.path.join(path, str(i)), "w").close()
        return path
