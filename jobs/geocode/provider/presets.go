package provider

import "time"

// Preset is what a provider's documentation asks of whoever uses it. Every figure can be
// overridden by the user, whose plan may say something else.
type Preset struct {
	// PerSecond is how many requests may leave in a second, over all workers and runs of a
	// key; 0 is no limit.
	PerSecond float64
	// AtOnce is how many may be under way; 0 is no limit.
	AtOnce int
	// PerDay is how many may leave in a day of Zone; 0 is no limit.
	PerDay int
	// Zone is where the day of PerDay begins, and of quotas that a user has set there.
	Zone Zone
	// Price is what a request costs.
	Price Price
	// Attribution is who has to be named where the results are shown.
	Attribution string
	// Stores says what may be kept, and Keep for how long if not for ever.
	Stores Stores
	Keep   time.Duration
	// Bulk is the most records of one run that its public server allows; 0 is any.
	Bulk int
	// Contact says that its operator wants to be able to write to who uses it.
	Contact bool
	// NeedsKey says that it answers nobody without one, which is in KeyVariable if not in a file.
	NeedsKey    bool
	KeyVariable string
	// Countries are those it knows; none: the world.
	Countries []string
	// Source is where these rules stand, and when they were read.
	Source string
}

// onOwnServer is what is left of the rules on a server of the user's own.
func (p Preset) onOwnServer() Preset {
	p.PerSecond, p.AtOnce, p.PerDay, p.Bulk, p.Contact, p.NeedsKey = 0, 0, 0, 0, false, false
	p.Price = Price{Known: true}
	if p.Stores == StoresPermanent || p.Stores == StoresFor {
		p.Stores, p.Keep = StoresYes, 0
	}
	return p
}

// Price is a list price, without what is free and without discounts.
type Price struct {
	// PerThousand is what a thousand requests cost, in millionths of a US dollar.
	PerThousand int64
	// Known says that it is; otherwise it depends on the plan, and the user has to say.
	Known bool
	// AsOf is the day when it was read.
	AsOf string
}

// Cost is what n requests cost, rounded up to a millionth.
func (p Price) Cost(n int64) int64 { return (n*p.PerThousand + 999) / 1000 }

// Stores says what may be done with results.
type Stores string

// The rules.
const (
	StoresYes       Stores = "yes"       // they may be kept
	StoresFor       Stores = "for"       // for a time: Preset.Keep
	StoresPermanent Stores = "permanent" // if they were asked for as permanent ones
)

// Zone is the time zone of a provider's day.
type Zone string

// The zones. Only those are here that a provider's documentation names.
const (
	ZoneUTC     Zone = "UTC"
	ZonePacific Zone = "America/Los_Angeles"
	ZoneEastern Zone = "America/New_York"
)

// Location is the zone; where the machine has no table of zones it is that of the winter, so that no day
// begins too early.
func (z Zone) Location() *time.Location {
	if l, err := time.LoadLocation(string(z)); err == nil {
		return l
	}
	switch z {
	case ZonePacific:
		return time.FixedZone(string(z), -8*60*60)
	case ZoneEastern:
		return time.FixedZone(string(z), -5*60*60)
	default:
		return time.UTC
	}
}

const hereForward = "https://geocode.search.hereapi.com"

// entry is a provider as it comes.
type entry struct {
	name, base string
	preset     Preset
	form       *form
}

const osmAttribution = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"

// presets are the providers. A function, as nobody but a geocoding run should make them.
func presets() []entry {
	return append(openProviders(), paidProviders()...)
}

func openProviders() []entry {
	free := Price{Known: true}
	return []entry{
		{"nominatim", "https://nominatim.openstreetmap.org", Preset{
			PerSecond: 1, AtOnce: 1, Price: free, Attribution: osmAttribution, Stores: StoresYes, Bulk: 100, Contact: true,
			Source: "https://operations.osmfoundation.org/policies/nominatim/, November 2026",
		}, nominatim},
		{"photon", "https://photon.komoot.io", Preset{
			// "Be fair" says its page, and no figure.
			PerSecond: 1, AtOnce: 1, Price: free, Attribution: osmAttribution + "; geocoder: Photon, komoot", Stores: StoresYes, Bulk: 1000, Contact: true,
			Source: "https://photon.komoot.io, November 2026",
		}, photon},
		{"census", "https://geocoding.geo.census.gov/geocoder", Preset{
			PerSecond: 5, AtOnce: 2, Price: free, Attribution: "This product uses the Census Bureau Geocoder but is not endorsed or certified by the Census Bureau.",
			Stores: StoresYes, Countries: []string{"US", "PR"},
			Source: "https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html; it gives no rate: 5 a second are ours",
		}, census},
		{"ban", "https://data.geopf.fr/geocodage", Preset{
			PerSecond: 50, AtOnce: 8, Price: free, Attribution: "Base Adresse Nationale, Licence Ouverte 2.0; Géoplateforme, IGN",
			Stores: StoresYes, Countries: []string{"FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"},
			Source: "https://geoservices.ign.fr, limite d'usage: 50 requêtes/s par IP, November 2026",
		}, ban},
		{"pelias", "", Preset{
			Price: free, Attribution: osmAttribution + "; OpenAddresses, GeoNames (CC BY 4.0), Who's On First, as the server's operator says", Stores: StoresYes,
			KeyVariable: "BROOD_PELIAS_KEY", Source: "https://github.com/pelias/documentation: the rules are the operator's",
		}, pelias},
	}
}

func paidProviders() []entry {
	return []entry{
		{"geocodeearth", "https://api.geocode.earth/v1", Preset{
			PerSecond: 10, Attribution: osmAttribution + "; OpenAddresses, GeoNames (CC BY 4.0), Who's On First; Geocode Earth", Stores: StoresYes,
			NeedsKey: true, KeyVariable: "BROOD_GEOCODEEARTH_KEY", Source: "https://geocode.earth/docs; sold by the month, with a rate for each plan: 10 a second are ours",
		}, pelias},
		{"stadia", "https://api.stadiamaps.com/geocoding/v1", Preset{
			PerSecond: 10, Attribution: "© Stadia Maps; " + osmAttribution + "; OpenAddresses, GeoNames (CC BY 4.0), Who's On First", Stores: StoresYes,
			NeedsKey: true, KeyVariable: "BROOD_STADIA_KEY", Source: "https://docs.stadiamaps.com/limits; sold by credits: 10 a second are ours, and what a plan lets one keep stands in its terms",
		}, pelias},
		{"opencage", "https://api.opencagedata.com/geocode/v1", Preset{
			PerSecond: 1, AtOnce: 1, PerDay: 2500, Zone: ZoneUTC, Attribution: osmAttribution + "; geocoder: OpenCage", Stores: StoresYes,
			NeedsKey: true, KeyVariable: "BROOD_OPENCAGE_KEY", Source: "https://opencagedata.com/api#rate-limiting, of the free trial, November 2026; a plan has its own: --request-rate, --requests-per-day",
		}, openCage},
		{"google", "https://maps.googleapis.com", googlePreset(50), google},
		{"googlev4", "https://geocode.googleapis.com", googlePreset(25), googleV4},
		{"mapbox", "https://api.mapbox.com", Preset{
			PerSecond: 10, Attribution: "© Mapbox, © OpenStreetMap contributors", Stores: StoresPermanent, NeedsKey: true, KeyVariable: "BROOD_MAPBOX_KEY",
			Source: "https://docs.mapbox.com/api/search/geocoding/: 600 a minute by default; permanent results are another price",
		}, mapbox},
		{"here", hereForward, Preset{
			PerSecond: 5, PerDay: 1000, Zone: ZoneUTC, Attribution: "© HERE", Stores: StoresFor, Keep: 30 * 24 * time.Hour, NeedsKey: true, KeyVariable: "BROOD_HERE_KEY",
			Source: "https://www.here.com/get-started/pricing/limited-plan-restrictions, of the Limited Plan (it does not say when a day begins: UTC is ours), November 2026",
		}, here},
		{"locationiq", "https://us1.locationiq.com/v1", Preset{
			PerSecond: 1, PerDay: 5000, Zone: ZoneUTC, Attribution: "Search by LocationIQ.com; " + osmAttribution, Stores: StoresFor, Keep: 48 * time.Hour,
			NeedsKey: true, KeyVariable: "BROOD_LOCATIONIQ_KEY", Source: "https://docs.locationiq.com, of the free plan: 2 a second but 60 a minute, 5,000 a day; results may be kept, a cache of answers for 48 hours",
		}, locationIQ},
		{"geocodio", "https://api.geocod.io", Preset{
			PerSecond: 16, PerDay: 2500, Zone: ZoneEastern, Attribution: "Geocodio", Stores: StoresYes, Countries: []string{"US", "CA", "MX", "PR"},
			NeedsKey: true, KeyVariable: "BROOD_GEOCODIO_KEY", Source: "https://www.geocod.io/docs/: 1,000 a minute; 2,500 a day are free, until midnight EST; November 2026",
		}, geocodio},
	}
}

// googlePreset is Google's. Of results nothing but the place_id may be kept for more than 30 days.
func googlePreset(perSecond float64) Preset {
	return Preset{
		PerSecond: perSecond, Zone: ZonePacific, Price: Price{PerThousand: 5_000_000, Known: true, AsOf: "2025-08-31"}, Attribution: "Google Maps",
		Stores: StoresFor, Keep: 30 * 24 * time.Hour, NeedsKey: true, KeyVariable: "BROOD_GOOGLE_KEY",
		Source: "https://developers.google.com/maps/documentation/geocoding/usage-and-billing: 3,000 a minute (version 4: 25 a second); a day begins at midnight Pacific time",
	}
}
