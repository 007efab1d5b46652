"""What the Python peers share: the records of a file, what is done with each, and how it is
written down. The kinds of work are those of brood's jobs beside which they are measured.

    lines   a line comes back                                      brood run echo
    csv     a row comes back, with its number and a status         brood run echo -o out.csv
    upper   the line in capitals, and its length, as JSON          brood run pipe -- upper.py
"""
import csv
import json


def lines(record):
    return record


def row(record):
    return record


def upper(record):
    return json.dumps({"upper": record.rstrip("\n").upper(), "length": len(record) - 1}) + "\n"


WORK = {"lines": lines, "csv": row, "upper": upper}


def records(kind, src):
    return csv.reader(src) if kind == "csv" else src


def write(kind, results, dst):
    if kind != "csv":
        dst.writelines(results)
        return
    out = csv.writer(dst)
    results = iter(results)
    out.writerow(next(results) + ["_seq", "_status"])  # the header went round as a row
    out.writerows(fields + [seq, "ok"] for seq, fields in enumerate(results))
