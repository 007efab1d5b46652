package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/places"
	"brood/jobs/geocode/provider"
	"encoding/json"
	"slices"
)

const help = `Every row gets the point of its address, or with --reverse the address of its point, in
columns that begin with geo_: lat, lon, status, formatted, house_number, road, city, county,
state, postcode, country, country_code, match_type, precision, confidence, mismatch, marks,
alternatives, distance, provider, provider_id, cached, queried_at and expires.

Which columns hold the address is guessed from the header, in eight languages, and said
before the start; --address COLUMN, or --street, --number, --city, --postcode and so on, say it.
A row that has geo_lat and geo_lon already keeps them, unless --force. Windows-1252, UTF-16
and semicolons are read and written back alike; .csv, .xlsx and .jsonl in, and these and
.geojson out. What is a point already (52.5, 13.4; 52°30'N 13°24'E) is taken as such.

The default, --provider offline, needs no network and no key: it has the towns of the world
and the postal codes of the United States, from GeoNames (CC BY 4.0), and finds a town or a
postal code, not a house. For houses bring your own address points (brood places import;
--places NAME), or ask a provider: nominatim, photon, pelias, opencage, google, mapbox,
here, locationiq, geocodio, census or ban. Its key is read from the environment, as in
BROOD_OPENCAGE_KEY, or --api-key-file. Its rules on rate, quota and storing are kept over all
workers and runs. --provider ban,nominatim asks the second where the first has not found it.

geo_status is ok only if what was found is what was asked for: geo_mismatch names the parts
that differ (number, street, postcode, city, country), geo_marks what is odd about the
point. A house asked for and a town found is low_confidence, however certain a provider is.

Rows that ask the same are asked once, also in other runs: brood cache show. With
--from-cache what is kept is judged again and nobody is asked. --max-requests and --max-cost
stop the run, to be resumed, and --dry-run says what it would take.

All of it: docs/geocoding.md.

Examples:
   brood run geocode -o out.csv testdata/geocode/customers.csv
   brood run geocode --dry-run testdata/geocode/customers.csv
   brood run geocode --reverse --map map.html -o towns.geojson \
     testdata/geocode/points.csv`

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:    "geocode",
		Usage:   "find the point of every address, or the address of every point",
		Help:    help,
		Effect:  jobs.EffectNone,
		Guesses: true,
		Retries: 3,
		Flags:   flags(),
		Secrets: provider.KeyVariables(),
		Tools:   slices.Concat(places.Tools(), cache.Tools(), []jobs.Tool{mapTool()}),
		Resumable: map[string]jobs.Resumable{
			"max_requests": {Flag: "max-requests"},
			"max_cost":     {Flag: "max-cost"},
		},
		Plan:   plan,
		Same:   same,
		Files:  workerFiles,
		Open:   open,
		Revise: revise,
		Finish: finish,
		Report: report,
		Forget: forgetting(),
	}
}

// same is by what rows are known that ask the same of the network. An index on this machine is
// quicker asked twice.
func same(conf json.RawMessage, s *jobs.Shape) (func(*jobs.Record) []byte, error) {
	var c config
	if err := json.Unmarshal(conf, &c); err != nil {
		return nil, err
	}
	if !c.asksNetwork() {
		return nil, nil //nolint:nilnil // no row waits for another
	}
	a, err := newAsker(&c, s)
	if err != nil {
		return nil, err
	}
	return a.same, nil
}
