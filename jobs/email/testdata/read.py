"""Reads the messages in a folder with Python's email package, and prints what they say as JSON."""
import email
import email.policy
import hashlib
import json
import os
import sys


def people(header):
    return [[a.display_name, a.username + "@" + a.domain] for a in header.addresses] if header else []


out = {}
for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "rb") as f:
        # Headers are UTF-8 where an address is (RFC 6532); else all is ASCII.
        m = email.message_from_string(f.read().decode("utf-8"), policy=email.policy.default)
    text, html = m.get_body(("plain",)), m.get_body(("html",))
    files = []
    for part in m.walk():
        if part.get_filename():
            content = part.get_content()
            if isinstance(content, str):
                content = content.encode("utf-8")
            elif not isinstance(content, bytes):  # a message
                content = content.as_bytes(policy=email.policy.SMTP)
            files.append([part.get_filename(), part.get_content_type(), part["Content-ID"] or "", hashlib.sha256(content).hexdigest()])
    out[name] = {
        "subject": m["Subject"],
        "from": people(m["From"]),
        "to": people(m["To"]),
        "cc": people(m["Cc"]),
        "reply_to": people(m["Reply-To"]),
        # It leaves a space where a header is folded before its first word.
        "note": (m["X-Note"] or "").lstrip(" "),
        "text": text.get_content() if text else None,
        "html": html.get_content() if html else None,
        "files": files,
        "defects": [repr(d) for p in m.walk() for d in p.defects],
    }
json.dump(out, sys.stdout)
