"""Asks the test geocoder as users of geopy do: argument 1 is its host and port, standard input has an
address on each line. Prints what each service finds, and what geopy makes of errors."""
import logging
import sys
import warnings

from geopy.exc import GeocoderInsufficientPrivileges, GeocoderQuotaExceeded, GeocoderRateLimited
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import GoogleV3, Nominatim, Photon

warnings.simplefilter("ignore")
logging.disable()
host = sys.argv[1]
services = {
    "nominatim": Nominatim(user_agent="brood test", scheme="http", domain=host + "/nominatim"),
    "photon": Photon(user_agent="brood test", scheme="http", domain=host + "/photon"),
    "google": GoogleV3(api_key="abc", scheme="http", domain=host + "/google"),
}


def show(place):
    return "nothing" if place is None else f"{place.latitude:.6f},{place.longitude:.6f}"


for address in sys.stdin.read().splitlines():
    for name, service in services.items():
        print(name, address, show(service.geocode(address)), sep="|")
print("nominatim", "parts", show(services["nominatim"].geocode({"street": "12 Main Street", "city": "Chicago"})), sep="|")
for name, service in services.items():
    back = service.reverse((41.85, -87.65))
    print(name, "reverse", "Chicago" in back.address, sep="|")
limited = RateLimiter(services["nominatim"].geocode, min_delay_seconds=0.001, max_retries=2, error_wait_seconds=0.01)
print("RateLimiter", "again", show(limited("limited Street 1, Chicago")), sep="|")
for name, what, kind in (
    ("nominatim", "blocked Street 1, Chicago", GeocoderInsufficientPrivileges),
    ("nominatim", "hurried Street 1, Chicago", GeocoderRateLimited),
    ("google", "quota Street 1, Chicago", GeocoderQuotaExceeded),
):
    try:
        print(name, what, show(services[name].geocode(what)), sep="|")
    except kind as e:
        print(name, what, kind.__name__, getattr(e, "retry_after", None), sep="|")
