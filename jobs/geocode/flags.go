package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/cache"
	"time"
)

// flags are the job's own, in the order of the help.
func flags() []jobs.Flag {
	return []jobs.Flag{
		{Name: "provider", Usage: "ask `NAME`, or several with commas between, each where those before it have not found what was asked for", Default: "offline"},
		{Name: "address", Usage: "the address stands in `COLUMN`; several with + between belong together, with | between the first that is not empty counts", Default: ""},
		{Name: "street", Usage: "the street stands in `COLUMN`, with its number or without", Default: ""},
		{Name: "number", Usage: "the number of the house stands in `COLUMN`", Default: ""},
		{Name: "unit", Usage: "what is within the house, or a line beside the address, stands in `COLUMN`", Default: ""},
		{Name: "city", Usage: "the town stands in `COLUMN`", Default: ""},
		{Name: "district", Usage: "the part of the town stands in `COLUMN`", Default: ""},
		{Name: "county", Usage: "the county stands in `COLUMN`", Default: ""},
		{Name: "state-column", Aliases: []string{"region"}, Usage: "the state or province stands in `COLUMN`", Default: ""},
		{Name: "postcode", Aliases: []string{"zip"}, Usage: "the postcode stands in `COLUMN`", Default: ""},
		{Name: "country-column", Usage: "the country stands in `COLUMN`", Default: ""},
		{Name: "lat", Usage: "the latitude stands in `COLUMN`", Default: ""},
		{Name: "lon", Aliases: []string{"lng"}, Usage: "the longitude stands in `COLUMN`", Default: ""},
		{Name: "reverse", Usage: "the rows have points: find what stands there", Default: false},
		{Name: "max-distance", Usage: "with --reverse, nothing is found that is more than `METRES` away; 0: as far as the provider likes", Default: 0.0},
		{Name: "country", Usage: "only answers in `CODE` count, and rows without a country lie there: DE, say, or US,CA", Default: []string(nil)},
		{Name: "bbox", Usage: "only answers within `WEST,SOUTH,EAST,NORTH` count, in degrees", Default: ""},
		{Name: "near", Usage: "of several the one nearest to `LAT,LON` is meant", Default: ""},
		{Name: "level", Usage: "find the `WHAT`: address, city or postcode", Default: "address"},
		{Name: "language", Usage: "of the answers, as in de or pt-BR: `LANG`", Default: ""},
		{Name: "min-precision", Usage: "what is found less precisely than `WHAT` is low_confidence: rooftop, street, postcode, city or region", Default: ""},
		{Name: "min-confidence", Usage: "what the provider itself is less certain of than `SHARE` is low_confidence, 0 to 1", Default: 0.0},
		{Name: "agree", Usage: "ask two providers, and where they are more than `METRES` apart it is low_confidence", Default: 0.0},
		{Name: "only-missing", Usage: "rows that have coordinates, in whatever columns, or were looked for before, stay as they are", Default: false},
		{Name: "prefix", Usage: "the new columns begin with `TEXT`", Default: defaultPrefix},
		{Name: "base-url", Usage: "the provider is at `URL`, or PROVIDER=URL; more than once", Default: []string(nil)},
		{Name: "api-key-file", Usage: "the key of the account is in `FILE`, or PROVIDER=FILE; otherwise in the environment, as BROOD_OPENCAGE_KEY; more than once", Default: []string(nil)},
		{Name: "contact", Usage: "tell providers that want to know it who asks: `ADDRESS` of mail or URL", Default: ""},
		{Name: "own-server", Usage: "the server is mine: its public rules (rate, daily limit, no bulk) do not hold", Default: false},
		{Name: "permanent", Usage: "ask Mapbox for answers that may be kept, at its price for these", Default: false},
		{Name: "request-rate", Usage: "at most `N` requests a second to each provider, in place of its preset", Default: 0.0},
		{Name: "requests-per-day", Usage: "at most `N` requests a day to each provider, in place of its preset, over all runs", Default: 0},
		{Name: "batch", Usage: "send up to `N` rows in one request, where the provider takes that; 1: one by one; 0: up to 1,000", Default: 0},
		{Name: "places", Usage: "with offline, look into the address points `NAME` first (brood places import); more than once", Default: []string(nil)},
		{Name: "postcodes", Usage: "with offline, know the postcodes in `FILE` too, as GeoNames has them for a country; more than once", Default: []string(nil)},
		{Name: "max-requests", Usage: "stop, to be resumed, before more than `N` requests are made", Default: 0},
		{Name: "max-cost", Usage: "stop, to be resumed, before it costs more than `AMOUNT`, by the provider's list price or --price", Default: 0.0},
		{Name: "price", Usage: "what 1,000 requests cost: `AMOUNT`, or PROVIDER=AMOUNT; more than once", Default: []string(nil)},
		{Name: "cache", Usage: "keep answers for other runs: `YES` or no", Default: "yes"},
		{Name: "cache-nothing", Usage: "believe for `TIME` that there is no such place", Default: cache.DefaultNothing},
		{Name: "from-cache", Usage: "judge again what is kept, and ask nobody", Default: false},
		{Name: "request-timeout", Usage: "a provider has `TIME` for one request", Default: 30 * time.Second},
		{Name: "map", Usage: "at the end make a map of all rows, one page without network: `FILE`.html", Default: ""},
	}
}
