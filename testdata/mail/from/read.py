"""Reads a Maildir with Python's email package, and prints what its messages say, in the order of whom they are for."""
import email
import email.policy
import os
import sys

folder = os.path.join(sys.argv[1], "new")
found = []
for name in os.listdir(folder):
    with open(os.path.join(folder, name), "rb") as f:
        m = email.message_from_binary_file(f, policy=email.policy.default)
    out = []
    for header in ("From", "To", "Cc", "Subject", "List-Unsubscribe"):
        if header in m:
            out.append(f"{header}: {m[header]}")
    for part in m.walk():
        if part.is_multipart():
            continue
        out.append(f"[{part.get_content_type()} {part.get_filename() or ''}".rstrip() + "]")
        content = part.get_content()
        out.append(content.rstrip() if isinstance(content, str) else f"{len(content)} bytes")
    out += [repr(d) for p in m.walk() for d in p.defects]
    found.append((str(m["To"]), "\n".join(out)))
print("\n\n".join(text for _, text in sorted(found)))
