"""Verifies the signatures of the messages in a folder with dkimpy: prints the names of those that hold."""
import os
import sys

import dkim

with open(sys.argv[2], "rb") as f:
    record = f.read()
asked = set()


def txt(name, timeout=5):
    asked.add(name.rstrip(b"."))
    return record


for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "rb") as f:
        try:
            good = dkim.verify(f.read(), dnsfunc=txt)
        except dkim.DKIMException as e:
            print(name, e, file=sys.stderr)
            continue
    if good:
        print(name)
assert asked == {b"s1._domainkey.example.com"}, asked
