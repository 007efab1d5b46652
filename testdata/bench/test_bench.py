"""What decides about a figure of docs/benchmarks.md. BROOD_BINARY is a brood with which the rows are
tried, and is set by TestBench of runner/acceptance."""
import glob
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
import xml.etree.ElementTree

import backlog
import builds
import charts
import idling
import machine
import memory
import page
import profiles
import queue_page
import syscalls
from data import Data
from figures import Figure, Sample, figure, paired, significant
from measure import Entry, Refused, Row, measure, rounds_for, run
from results import Results
from names import BASE, BROOD, PIPES
from works import Works


class Figures(unittest.TestCase):
    def test_median_and_spread(self):
        self.assertEqual(figure([3, 1, 10]), Figure(3, 1, 10))
        self.assertEqual(figure([4, 1, 2, 100]), Figure(3, 1, 100))
        self.assertEqual(str(figure([3, 1, 10])), "3.00 (1.00 to 10.0)")

    def test_ratios_are_of_the_same_round(self):
        # The second round was slow for both. Of medians, 2/4 would be said.
        a, b = [1, 8, 2], [2, 4, 4]
        self.assertEqual(paired(lambda x, y: x / y, a, b), Figure(0.5, 0.5, 2))
        a, b = [1, 2, 9], [1, 8, 3]
        self.assertEqual(paired(lambda x, y: x / y, a, b).mid, 1)

    def test_other_rounds_are_no_pairs(self):
        with self.assertRaises(ValueError):
            paired(lambda x, y: x / y, [1, 2], [1])

    def test_three_digits(self):
        for x, want in ((0, "0"), (0.0123, "0.0123"), (1, "1.00"), (0.9996, "1.00"), (12.34, "12.3"), (99.96, "100"),
                        (123.4, "123"), (999.7, "1,000"), (12345, "12,300"), (3_046_000, "3,050,000"), (-3.2, "-3.20")):
            self.assertEqual(significant(x), want)


class Rounds(unittest.TestCase):
    def entries(self, *names):
        return Row("row", "work", [Entry(n, [n], 10) for n in names])

    def test_as_many_as_there_is_time_for(self):
        self.assertEqual(rounds_for(10, budget=35, least=3), 3)
        self.assertEqual(rounds_for(60, budget=35, least=3), 3)
        self.assertEqual(rounds_for(5, budget=35, least=3), 7)
        self.assertEqual(rounds_for(0, budget=35, least=3), 15)

    def test_everyone_runs_once_a_round_and_the_first_does_not_count(self):
        ran = []

        def once(entry):
            ran.append(entry.name)
            return Sample(len(ran), 0)

        found = measure(self.entries(*"abcdefgh"), 0, 20, once=once)
        rounds = [ran[i:i + 8] for i in range(0, len(ran), 8)]
        self.assertEqual(len(rounds), 21)
        for r in rounds:
            self.assertEqual(sorted(r), list("abcdefgh"))
        self.assertGreater(len({tuple(r) for r in rounds}), 10, "the order is always the same")
        for i, name in enumerate("abcdefgh"):
            self.assertEqual([s.wall for s in found[name]["samples"]], [8 * n + r.index(name) + 1 for n, r in enumerate(rounds) if n])

    def test_who_refuses_is_left_out_with_the_reason(self):
        turns = []

        def once(entry):
            turns.append(entry.name)
            if entry.name == "b" and turns.count("b") == 3:
                raise Refused("no more")
            return Sample(1, 1)

        found = measure(self.entries("a", "b"), 0, 5, once=once)
        self.assertEqual(len(found["a"]["samples"]), 5)
        self.assertEqual(found["b"], {"records": 10, "missing": "no more"})
        self.assertEqual(turns.count("b"), 3)


class Runs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = Data(self.folder)

    def python(self, program, **about):
        return Entry("it", [sys.executable, "-c", program], 1, **about)

    def test_a_sample_is_of_the_whole_tree(self):
        busy = "import os, time\nif os.fork():\n os.wait()\nelse:\n while time.process_time() < 0.2: pass\n"
        sample = run(self.python(busy))
        self.assertGreaterEqual(sample.cpu, 0.2)
        self.assertGreaterEqual(sample.wall, 0.2)

    def test_who_fails_is_no_peer(self):
        for entry, why in ((Entry("it", ["/no/such/program"], 1), "not installed"),
                           (self.python("import sys; sys.exit('it is broken')"), "exit status 1: it is broken")):
            with self.assertRaisesRegex(Refused, why):
                run(entry)

    def test_who_does_not_end_is_ended(self):
        with unittest.mock.patch("measure.LIMIT", 0.3), self.assertRaisesRegex(Refused, "more than 0.3 s"):
            run(self.python("import subprocess; subprocess.run(['sleep', '600'])"))

    def test_what_is_done_before_and_after_is_not_timed(self):
        seen = []

        def after(state):
            seen.append(os.path.isdir(state))
            raise Refused("half of it")
        with self.assertRaisesRegex(Refused, "half of it"):
            run(self.python("pass", before=lambda: seen.append("before"), after=after))
        self.assertEqual(seen, ["before", True])

    def test_results_are_looked_at(self):
        src, out = self.data.made("src", "abc"), self.data.path("out")
        for text, same, lines, right in (("a\nb\n", src, None, False), ("a\nb\nc\n", src, None, True),
                                         ("a\nb\n", None, 3, False), ("a\nb\n", None, 2, True)):
            entry = self.python(f"open({out!r}, 'w').write({text!r})", out=out, same=same, lines=lines)
            if right:
                run(entry)
            else:
                self.assertRaises(Refused, run, entry)

    def test_results_of_an_earlier_run_do_not_count(self):
        out = self.data.path("out")
        shutil.copy(self.data.lines(3), out)
        with self.assertRaises((Refused, FileNotFoundError)):
            run(self.python("pass", out=out, same=self.data.lines(3)))

    def test_records_have_the_size_that_is_said(self):
        with open(self.data.long(20, 10)) as f:
            self.assertEqual({len(line) for line in f}, {10})
        with open(self.data.twice(10)) as f:
            self.assertEqual(len(set(f)), 5)


class Machine(unittest.TestCase):
    def test_idle_or_why_not(self):
        self.assertEqual(machine.busy((0.3, 5, 5), [0.99, 0.97], 2), "")
        self.assertIn("the load of the last minute was 0.60", machine.busy((0.6, 0, 0), [1, 1], 2))
        self.assertIn("got 80% of a processor", machine.busy((0, 0, 0), [1, 0.8], 2))

    def test_a_spin_is_seen(self):
        self.assertGreater(machine.spin(), 0)
        self.assertLessEqual(machine.spin(), 1.01)


class Memory(unittest.TestCase):
    def test_all_processes_count(self):
        hold = "import os, time; x = b'x' * (40 << 20); time.sleep(1)"
        child = f"import os\npid = os.fork()\n{hold}\nif pid: os.wait()"
        found = memory.peak([sys.executable, "-c", child])
        self.assertGreater(found["parent"], 40)
        self.assertLess(found["parent"], 80)
        self.assertGreater(found["all"], 80)

    def test_who_fails_has_none(self):
        self.assertIsNone(memory.peak(["false"]))


class Syscalls(unittest.TestCase):
    TABLE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 55.10    0.312000          10     31200      1200 futex
 44.90    0.254000           4     @           read
------ ----------- ----------- --------- --------- ----------------
100.00    0.566000           6     93600      1200 total
"""

    def test_what_one_more_record_costs(self):
        few, many = (syscalls.parse(self.TABLE.replace("@", calls)) for calls in ("62400", "65400"))
        self.assertEqual(few, {"futex": 31200, "read": 62400})
        self.assertEqual(syscalls.per_record(few, many, 1000), {"read": 3.0})


class Profiles(unittest.TestCase):
    SCRIPT = """brood  10
	ffffffff81 anon_pipe_read ([kernel.kallsyms])
	ffffffff82 ksys_read ([kernel.kallsyms])
	ffffffff83 do_syscall_64 ([kernel.kallsyms])
	     46916c internal/runtime/syscall/linux.Syscall6 (/bin/brood)
	     467dab brood/runner.(*child).listen (/bin/brood)

exe  11
	     46916c runtime.memmove (/bin/brood)
	     467dab brood/worker/wire.(*Writer).flush (/bin/brood)
	     467dac brood/worker.serve (/bin/brood)

exe  11
	ffffffff81 futex_wake ([kernel.kallsyms])
	ffffffff82 __x64_sys_futex ([kernel.kallsyms])
	     46916c runtime.futex.abi0 (/bin/brood)
	     467dab runtime.notewakeup (/bin/brood)

true  12
	    1234 [unknown] (/bin/true)

"""

    def test_a_sample_belongs_to_the_innermost_that_is_not_the_runtime(self):
        found, total = profiles.shares(self.SCRIPT, "brood")
        self.assertEqual(total, 4)
        self.assertEqual(found, {("kernel: read of pipes", "parent"): 0.25, ("brood/worker/wire", "workers"): 0.25,
                                 ("Go's scheduler", "workers"): 0.25, ("their own code", "programs"): 0.25})

    def test_parts(self):
        kernel = "[kernel.kallsyms]"
        for frames, want in (
            ([("clear_page", kernel), ("asm_exc_page_fault", kernel), ("runtime.gcBgMarkWorker", "b")], "garbage collection"),
            ([("clear_page", kernel), ("asm_exc_page_fault", kernel), ("brood/runner.x", "b")], "kernel: page faults"),
            ([("memeqbody", "b"), ("regexp.compile", "b"), ("x/y.init", "b"), ("runtime.doInit1", "b")], "initialisation of packages"),
            ([("copy_process", kernel), ("__do_sys_clone", kernel), ("syscall.rawVforkSyscall", "b")], "starting and ending processes"),
            ([("runtime.memclr", "b"), ("runtime.mallocgc", "b"), ("encoding/json.Marshal", "b")], "memory"),
            ([("modernc.org/sqlite/lib._sqlite3VdbeExec", "b")], "SQLite"),
            ([("github.com/klauspost/compress/zstd.(*decoder).next", "b")], "github.com/klauspost/compress/zstd"),
            ([("handle_softirqs", kernel), ("asm_sysvec_apic_timer_interrupt", kernel)], "kernel: interrupts, switches between processes and the rest"),
        ):
            self.assertEqual(profiles.part(frames), want)

    def test_all_shares_are_told(self):
        text = profiles.told({("a", "parent"): 0.5, ("b", "workers"): 0.489, ("c", "parent"): 0.011})
        self.assertIn("| a | 50.0 |  | 50.0 |", text)
        self.assertIn("| less than 2 % each | 1.1 |  | 1.1 |", text)
        self.assertIn("| **all** | 51.1 | 48.9 | 100 |", text)


class Charts(unittest.TestCase):
    def parsed(self, picture):
        return xml.etree.ElementTree.fromstring(picture)

    def found(self, tree, tag):
        return tree.iter("{http://www.w3.org/2000/svg}" + tag)

    def test_bars_are_as_long_as_they_should_be(self):
        tree = self.parsed(charts.bars("A & B", "<note>", [("one", 50, 0), ("two <3", 100, 1)]))
        widths = [float(r.get("width")) for r in self.found(tree, "rect")]
        self.assertAlmostEqual(widths[1] / widths[0], 2, places=2)
        words = [t.text for t in self.found(tree, "text")]
        for word in ("A & B", "<note>", "one", "two <3", "50.0", "100"):
            self.assertIn(word, words)

    def test_bars_on_a_logarithmic_axis(self):
        tree = self.parsed(charts.bars("t", "n", [("a", 10, 0), ("b", 100, 0), ("c", 1000, 0)], log=True))
        a, b, c = (float(r.get("width")) for r in self.found(tree, "rect"))
        self.assertLessEqual(a, 1)
        self.assertAlmostEqual(c, 2 * b, delta=1)

    def test_lines_go_where_the_values_are(self):
        tree = self.parsed(charts.lines("t", "n", [("up", [(1, 10), (10, 100), (100, 1000)], 0), ("flat", [(1, 10), (100, 10)], 1)]))
        up, flat = ([tuple(map(float, p.split(","))) for p in line.get("points").split()] for line in self.found(tree, "polyline"))
        self.assertAlmostEqual(up[1][0] - up[0][0], up[2][0] - up[1][0], delta=0.2)
        self.assertAlmostEqual(up[1][1] - up[0][1], up[2][1] - up[1][1], delta=0.2)
        self.assertLess(up[2][1], up[0][1], "more is not higher")
        self.assertEqual(flat[0][1], flat[1][1])
        self.assertEqual(flat[0], up[0])

    def test_one_point_is_a_line_as_well(self):
        self.parsed(charts.lines("t", "n", [("a", [(10, 5)], 0)]))

    def test_marks_of_an_axis(self):
        for high, want in ((97, [0, 20, 40, 60, 80, 100]), (12, [0, 2.5, 5, 7.5, 10, 12.5]), (100, [0, 20, 40, 60, 80, 100]), (3, [0, 1, 2, 3])):
            self.assertEqual(charts.steps(high), want)
        self.assertEqual(charts.decades(0.5, 30), [0.1, 1, 10, 100])
        self.assertEqual(charts.decades(10, 10), [10, 100])

    def test_names_do_not_lie_upon_each_other(self):
        moved = charts.apart([10, 12, 100, 11], 17)
        self.assertEqual(moved[0], 10)
        self.assertEqual(moved[2], 100)
        places = sorted(moved)
        self.assertTrue(all(b - a >= 17 for a, b in zip(places, places[1:])), places)


def kept(base="1234567", **about):
    """Results of two rows, of which the one has a peer that is not there."""
    def entry(records, *walls):
        return {"records": records, "samples": [[w, w / 2] for w in walls]}
    entries = {BROOD: entry(1000, 1, 2, 3), "Pool, chunksize 1000": entry(500, 1, 1, 2), "PHP": {"records": 5, "missing": "not | installed\nat all"}}
    flight = {BROOD: entry(1000, 2, 2, 2), PIPES: entry(1000, 1, 1, 1)}
    if base:
        entries[BASE] = entry(1000, 2, 2, 2)
    return {"facts": {"kernel": "of a nut"}, "commit": "abcdef0", "base": base, "scale": 1, "busy": "",
            "rows": {"lines": {"what": "1,000 lines", "entries": entries}, "inflight/10": {"what": "1,000 records", "entries": flight}}, **about}


class Pages(unittest.TestCase):
    def text(self, **about):
        return page.Page(Results(kept(**about))).text()

    def test_figures_are_what_was_measured(self):
        text = self.text()
        self.assertIn("| brood | 1,000 | 2.00 (1.00 to 3.00) s | 500 | 1,000 | — |", text)
        # 1000/1 to 500/1, 1000/2 to 500/1, 1000/3 to 500/2
        self.assertIn("| Pool, chunksize 1000 | 500 | 1.00 (1.00 to 2.00) s | 500 | 1,000 | 1.33 (1.00 to 2.00) |", text)
        self.assertIn("| brood at 1234567 | 1,000 | 2.00 (2.00 to 2.00) s |", text)
        self.assertIn("kernel: of a nut", text)
        self.assertIn("- brood: abcdef0; beside it, in the same rounds: 1234567", text)

    def test_who_is_not_there_is_named(self):
        text = self.text()
        self.assertIn("| PHP | 5 | not \\| installed |", text)
        self.assertIn("- PHP: not \\| installed", text)

    def test_without_another_brood(self):
        self.assertNotIn("brood at", self.text(base=None))

    def test_other_work_is_said_wherever_figures_stand(self):
        for about, marks in (({}, 0), ({"busy": "the load was 3"}, 2)):
            text = self.text(**about)
            self.assertEqual(text.count("not to be quoted"), marks)

    def test_the_short_form_is_said(self):
        self.assertIn("BENCH_SHORT=1", self.text(scale=0.1))
        self.assertNotIn("BENCH_SHORT=1", self.text())

    def test_the_readme_repeats_a_part_of_the_page(self):
        p = page.Page(Results(kept()))
        before = f"# brood\n\n{page.BEGIN}\nold\n{page.END}\n\n## More\n"
        after = page.quote(before, p.quoted())
        self.assertEqual(after, f"# brood\n\n{p.quoted()}\n## More\n")
        self.assertEqual(page.quote(after, p.quoted()), after)
        self.assertIn(p.quoted(), p.text())
        self.assertIn("500/s", p.quoted())

    def test_pictures_are_xml_and_are_shown(self):
        p = page.Page(Results(kept()))
        self.assertEqual(set(p.made), {"lines", "limits", "inflight"})
        for picture in p.made.values():
            xml.etree.ElementTree.fromstring(picture)
        self.assertEqual(set(re.findall(r"\(benchmarks/(\w+)\.svg\)", p.text())), set(p.made))


def kept_of_queues(**about):
    """Results of a section on queues by itself."""
    def entry(*walls):
        return {"records": 1000, "samples": [[w, w / 2] for w in walls]}
    idle = {"share": 0.00123, "processes": 5, "seconds": 30, "pss": 33.3, "rss": 25, "begun": [0.002, 0.001, 0.0475]}
    return {"facts": {"processor": "a nut", "kernel": "of it", "load before": "0.01 0.02 0.03"}, "commit": "abcdef0", "base": None, "scale": 1, "busy": "",
            "date": "2026-11-30", "idle": {BROOD: {"beanstalkd": idle}},
            "rows": {"queues/beanstalkd": {"what": "1,000 jobs", "entries": {BROOD: entry(1, 2), "Python": entry(2, 2), "PHP": {"records": 5, "missing": "not installed"}}}}, **about}


class Queues(unittest.TestCase):
    def part(self, alone=True, **about):
        return queue_page.section(page.Page(Results(kept_of_queues(**about))), alone)

    def test_figures_are_what_was_measured(self):
        text = self.part()
        self.assertIn("| brood | 1,000 | 1.50 (1.00 to 2.00) s |", text)
        self.assertIn("| Python | 1,000 | 2.00 (2.00 to 2.00) s | 500 | 1,000 | 1.50 (1.00 to 2.00) |", text)
        self.assertIn("| PHP | 5 | not installed |", text)
        self.assertIn("| beanstalkd | brood | 0.123 | 30 s | 5 | 33.3 | 25.0 | 2.00 | 47.5 | 3 |", text)

    def test_a_section_by_itself_says_when_and_where(self):
        text = self.part(busy="the load was 3", scale=0.1)
        for words in ("on 2026-11-30", "abcdef0", "a nut", "load before: 0.01", "the load was 3", "not to be quoted", "BENCH_SHORT=1"):
            self.assertIn(words, text)
        for words in ("not to be quoted", "BENCH_SHORT=1"):
            self.assertNotIn(words, self.part())
        self.assertNotIn("made by itself", self.part(alone=False))

    def test_a_page_has_it(self):
        text = page.Page(Results(kept_of_queues())).text()
        self.assertIn(self.part(alone=False), text)
        self.assertIn("## Queues\n\nNot measured.\n", page.Page(Results(kept())).text())

    def test_it_takes_the_place_of_the_old_one(self):
        new = self.part()
        without = "# Benchmarks\n\n## Once\n\n1\n\n## Memory\n\n2\n"
        first = queue_page.spliced(without, new)
        self.assertEqual(first, f"# Benchmarks\n\n## Once\n\n1\n\n{new}\n## Memory\n\n2\n")
        self.assertEqual(queue_page.spliced(first, new), first)
        for whole in (page.Page(Results(kept())).text(), page.Page(Results(kept_of_queues())).text()):
            head, rest = whole.split(queue_page.BEGIN)
            self.assertEqual(queue_page.spliced(whole, new), head + new + rest.split(queue_page.END + "\n")[1])
        with self.assertRaises(ValueError):
            queue_page.spliced("# Another page\n", new)

    def test_a_run_must_have_done_all(self):
        def status(**about):
            return json.dumps({"ok": 3, "failed": 0, "skipped": 0, "unknown": 0, "pending": 0, "queue": {"owed": 0, "lost": 0, "gone": 0}, **about})
        backlog.ended(status(), 3)
        for n, about in ((4, {}), (3, {"failed": 1}), (3, {"unknown": 1}), (3, {"queue": {"owed": 1, "lost": 0, "gone": 0}})):
            with self.assertRaises(Refused):
                backlog.ended(status(**about), n)

    def test_processor_time_is_that_of_all_threads(self):
        before = idling.spent(os.getpid())
        while time.process_time() < 0.05:
            pass
        done = threading.Event()

        def spin():
            while time.thread_time() < 0.1:
                pass
            done.wait()
        thread = threading.Thread(target=spin)
        thread.start()
        while idling.spent(os.getpid()) - before < 0.1:
            self.assertTrue(thread.is_alive())
        done.set()
        thread.join()
        self.assertEqual(idling.spent(1 << 30), 0)


class Committed(unittest.TestCase):
    """The page as it is in the repository."""

    def read(self, *path):
        with open(os.path.join(builds.ROOT, *path)) as f:
            return f.read()

    def test_the_readme_quotes_the_page(self):
        quotes = [re.search(re.escape(page.BEGIN) + ".*?" + re.escape(page.END), text, re.S) for text in
                  (self.read("README.md"), self.read("docs", "benchmarks.md"))]
        self.assertEqual(quotes[0][0], quotes[1][0], "make bench-peers writes both")
        self.assertIn("| lines through `echo`, in order |", quotes[0][0])

    def test_its_pictures_are_there(self):
        shown = re.findall(r"\]\((benchmarks/\w+\.svg)\)", self.read("docs", "benchmarks.md"))
        self.assertGreaterEqual(len(shown), 7)
        for name in shown:
            xml.etree.ElementTree.fromstring(self.read("docs", name))


def tried(entry):
    """What is kept of an entry that has run once."""
    try:
        return {"records": entry.records, "samples": [run(entry)]}
    except Refused as why:
        return {"records": entry.records, "missing": str(why)}


class Links(unittest.TestCase):
    def anchors(self, path):
        with open(path) as f:
            heads = re.findall(r"^#+ (.*)$", f.read(), re.M)
        return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}

    def test_they_lead_somewhere(self):
        pages = [os.path.join(builds.ROOT, "README.md")] + glob.glob(os.path.join(builds.ROOT, "docs", "*.md"))
        self.assertGreater(len(pages), 10)
        for at in pages:
            with open(at) as f:
                links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", f.read())
            for path, anchor in links:
                if "://" in path:
                    continue
                target = os.path.normpath(os.path.join(os.path.dirname(at), path)) if path else at
                self.assertTrue(os.path.exists(target), f"{at}: {path}")
                if anchor and target.endswith(".md"):
                    self.assertIn(anchor, self.anchors(target), f"{at}: {path}")


@unittest.skipUnless(os.environ.get("BROOD_BINARY"), "BROOD_BINARY is not set")
class Rows(unittest.TestCase):
    def test_every_row_can_be_measured_and_shown(self):
        """All programs do the work of their rows, of a few records, and a page comes out."""
        brood = os.environ["BROOD_BINARY"]
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.path.join(builds.ROOT, "bin/tools/mail"), os.path.join(folder, "mail"))
            builds.limits(os.path.join(folder, "bench"), self.fail)
            all = kept(base=None, rows={}, syscalls={})
            works = Works(Data(folder), brood, None, folder, scale=0.0002)
            for row in works.rows():
                if row.key in ("inflight/100", "inflight/500", "inflight/1000"):
                    continue  # so many processes say nothing more than ten
                all["rows"][row.key] = {"what": row.what, "entries": {e.name: tried(e) for e in row.entries}}
            for key, row in all["rows"].items():
                for name, entry in row["entries"].items():
                    self.assertIn(entry.get("missing"), (None, "not installed"), f"{key}: {name}")
                self.assertIn("samples", row["entries"][BROOD], key)
            if os.environ.get("CI") == "true":
                for title in queue_page.TITLES:
                    self.assertIn(f"{backlog.QUEUES}/{title}", all["rows"])
            all["idle"] = {BROOD: idling.of(brood, 0.2, 2)}
            for where, found in all["idle"][BROOD].items():
                self.assertGreater(found["processes"], 1, where)
                self.assertGreater(found["pss"], 1, where)
                self.assertEqual(len(found["begun"]), 2, where)
            if shutil.which("strace"):
                all["syscalls"][BROOD] = syscalls.of_slow_records(brood, works.data, 20, 60)
                self.assertGreater(all["syscalls"][BROOD].get("read", 0), 0.9)
            all["memory"] = {BROOD: {words: memory.peak([brood, "run", *args]) for words, args in memory.works(works.data, 100, 50) if "20 ms" not in words}}
            self.assertNotIn(None, all["memory"][BROOD].values())
            p = page.Page(Results(all))
            self.assertIn("µs", p.text())
            self.assertIn("### A run that waits", p.text())
            for picture in p.made.values():
                xml.etree.ElementTree.fromstring(picture)


if __name__ == "__main__":
    unittest.main()
