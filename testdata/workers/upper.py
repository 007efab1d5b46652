"""A worker for "brood run pipe": the column "name", or the first one, in
capitals, and its length in characters."""
import json
import sys

for line in sys.stdin:
    request = json.loads(line)
    record = request["record"]
    text = str(record.get("name", next(iter(record.values()))))
    print(json.dumps({
        "id": request["id"],
        "status": "ok",
        "result": {"upper": text.upper(), "length": len(text)},
    }), flush=True)
