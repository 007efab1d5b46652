"""Fills a table with geopy as its documentation shows it: geopy_table.py HOST IN OUT RATE"""
import csv
import logging
import sys

from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import Nominatim

logging.disable()
host, source, target, rate = sys.argv[1:]
geocode = RateLimiter(Nominatim(user_agent="a table", scheme="http", domain=host).geocode, min_delay_seconds=1 / float(rate))
with open(source, newline="") as f:
    rows = list(csv.DictReader(f))
for row in rows:
    place = geocode(row["address"])
    row["lat"], row["lng"] = (place.latitude, place.longitude) if place else ("", "")
with open(target, "w", newline="") as f:
    out = csv.DictWriter(f, rows[0])
    out.writeheader()
    out.writerows(rows)
