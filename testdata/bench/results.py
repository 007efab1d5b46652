"""What was measured, and what is asked of it."""
from figures import Sample, figure, paired

from names import BASE, BROOD, STARTS


class Results:
    """The samples of all rows, as they are kept in a file."""

    def __init__(self, kept):
        self.kept = kept
        self.rows = kept["rows"]
        self.base = kept["base"]  # what the other brood is called, or None

    def what(self, key):
        return self.rows[key]["what"]

    def has(self, key, *names):
        entries = self.rows.get(key, {}).get("entries", {})
        return all(entries.get(name, {}).get("samples") for name in names)

    def names(self, key):
        return list(self.rows[key]["entries"])

    def why_not(self, key, name):
        return self.rows.get(key, {}).get("entries", {}).get(name, {}).get("missing", "not measured")

    def records(self, key, name=BROOD):
        return self.rows[key]["entries"][name]["records"]

    def samples(self, key, name):
        return [Sample(*s) for s in self.rows[key]["entries"][name]["samples"]]

    def called(self, name):
        """A name as it stands on the page."""
        if name == BASE or name.startswith(BASE + ","):
            return f"brood at {self.base}" + name.removeprefix(BASE)
        return name

    def wall(self, key, name):
        return figure(s.wall for s in self.samples(key, name))

    def rate(self, key, name):
        n = self.records(key, name)
        return figure(n / s.wall for s in self.samples(key, name))

    def cpu(self, key, name):
        """Seconds for each record, starts and all."""
        n = self.records(key, name)
        return figure(s.cpu / n for s in self.samples(key, name))

    def cpu_of_one_more(self, key, name):
        """Seconds of processor for a record, without the starts: what many cost and few did not."""
        many, few = self.records(key, name), self.records(key, name + STARTS)
        return paired(lambda a, b: (a.cpu - b.cpu) / (many - few), self.samples(key, name), self.samples(key, name + STARTS))

    def cores(self, key, name):
        return figure(s.cpu / s.wall for s in self.samples(key, name))

    def faster(self, key, name, than):
        """How many times the records of the one a second are those of the other."""
        a, b = self.records(key, name), self.records(key, than)
        return paired(lambda x, y: a / x.wall / (b / y.wall), self.samples(key, name), self.samples(key, than))
