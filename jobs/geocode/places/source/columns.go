package source

import (
	"fmt"
	"slices"
	"strings"
)

// Field is a part of an address as a column map names it.
type Field string

// The fields.
const (
	Lat        Field = "lat"
	Lon        Field = "lon"
	Num        Field = "number"
	NumSuffix  Field = "suffix" // follows the number: a, bis
	NumLast    Field = "last"   // the second number of two: 12-14
	NumLastSuf Field = "last_suffix"
	NumPrefix  Field = "prefix" // stands before the number
	Street     Field = "street"
	Addr       Field = "address" // number and street in one column
	UnitOf     Field = "unit"
	City       Field = "city"
	District   Field = "district"
	County     Field = "county"
	Region     Field = "region"
	Postcode   Field = "postcode"
	Country    Field = "country"
	From       Field = "from"
	To         Field = "to"
	Parity     Field = "interpolation" // odd, even or all
	Geometry   Field = "geometry"      // LINESTRING (lon lat, …) of a range, POINT (lon lat) of a house
	LeftFrom   Field = "left_from"
	LeftTo     Field = "left_to"
	RightFrom  Field = "right_from"
	RightTo    Field = "right_to"
	LeftZip    Field = "left_postcode"
	RightZip   Field = "right_postcode"
)

// usualNames are what the columns of a field are called.
type usualNames struct {
	field Field
	names string
}

// usual is what columns are called, small and without what is no letter or figure; the first one
// that is there is taken. Several with a plus between them are one after the other.
var usual = []usualNames{
	{Lat, "lat latitude ywgs84 wgs84lat latwgs84 gpslat breitengrad latitud latitudine y"}, //nolint:misspell // Italian
	{Lon, "lon lng long longitude xwgs84 wgs84lon lonwgs84 gpslon laengengrad längengrad longitud longitudine x"},
	{Num, "number housenumber houseno hausnummer hausnr hnr numero numéro num numberfirst streetnumber streetno huisnummer civico numerocivico addnumber addrhousenumber numerdomu popisne"},
	{NumSuffix, "rep numberfirstsuffix numbersuffix housenumbersuffix hausnummerzusatz hnrzusatz adz addnumsuf huisletter+huisnummertoevoeging huisnummertoevoeging toevoeging"},
	{NumLast, "numberlast"},
	{NumLastSuf, "numberlastsuffix"},
	{NumPrefix, "numberfirstprefix addnumpre"},
	{Street, "streetname+streettypecode+streetsuffixcode streetname+streettype+streetsuffix stpredir+stpretyp+stname+stpostyp+stposdir street streetname strasse straße strassenname straßenname strname str nomvoie voie libellevoie calle nombrevia via nomevia straat straatnaam openbareruimte rue road roadname streetaddress thoroughfare ulica addrstreet rua logradouro name fullname"},
	{Addr, "address fulladdress fulladdr addressline addressline1 adresse anschrift direccion indirizzo"},
	{UnitOf, "unit flatnumber apartment apt suite subaddress addrunit"},
	{City, "city town nomcommune localityname locality municipality gemeinde ort ortsname stadt ciudad municipio poblacion localidad comune citta città woonplaats plaats commune ville postcity incmuni postcomm addrcity miasto miejscowosc localidade cidade suburb place"},
	{District, "district nomanciennecommune ortsteil stadtteil neighborhood neighbourhood subregion nomld"},
	{County, "county landkreis kreis"},
	{Region, "region state stateabbreviation province provincia bundesland department departement"},
	{Postcode, "postcode codepostal zip zipcode postalcode plz postleitzahl cp cap codigopostal kodpocztowy cep addrpostcode"},
	{Country, "country countrycode land pays addrcountry iso2"},
	{From, "from"},
	{To, "to"},
	{Parity, "interpolation parity"},
	{Geometry, "geometry wkt thegeom geom"},
	{LeftFrom, "lfromhn lfromadd leftfrom"},
	{LeftTo, "ltohn ltoadd leftto"},
	{RightFrom, "rfromhn rfromadd rightfrom"},
	{RightTo, "rtohn rtoadd rightto"},
	{LeftZip, "zipl lzip leftzip"},
	{RightZip, "zipr rzip rightzip"},
}

// Columns are the columns of each field, by their names; several are one after the other.
type Columns map[Field][]string

// ParseColumns reads a column map: lat=Y,lon=X,number=NUM,street=NAME+TYPE.
func ParseColumns(s string) (Columns, error) {
	c := make(Columns)
	for _, pair := range strings.Split(s, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		field, names, ok := strings.Cut(pair, "=")
		f := Field(strings.ToLower(strings.TrimSpace(field)))
		if !ok || !slices.ContainsFunc(usual, func(u usualNames) bool { return u.field == f }) {
			return nil, fmt.Errorf("--columns: %q says of no part in which column it stands; write lat=Y,lon=X,number=NUM,street=NAME+TYPE, of the parts %s", pair, strings.Join(fieldNames(), " "))
		}
		for _, n := range strings.Split(names, "+") {
			if n = strings.TrimSpace(n); n != "" {
				c[f] = append(c[f], n)
			}
		}
	}
	if len(c) == 0 {
		return nil, nil
	}
	return c, nil
}

func fieldNames() []string {
	var out []string
	for _, u := range usual {
		out = append(out, string(u.field))
	}
	return out
}

// layout is where the fields of a table stand.
type layout struct {
	header []string
	at     map[Field][]int
	format Format
}

// layoutOf finds the fields in a header; those that are named there, and the others by their
// usual names.
func layoutOf(header []string, named Columns) (*layout, error) {
	l := &layout{header: header, at: make(map[Field][]int)}
	plainNames := make([]string, len(header))
	for i, h := range header {
		plainNames[i] = letters(h)
	}
	for f, names := range named {
		for _, n := range names {
			i := slices.Index(header, n)
			if i < 0 {
				i = slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), n) })
			}
			if i < 0 {
				return nil, fmt.Errorf("--columns: there is no column %q; there are %s", n, strings.Join(header, ", "))
			}
			l.at[f] = append(l.at[f], i)
		}
	}
	for _, u := range usual {
		if _, given := named[u.field]; !given {
			l.find(u.field, u.names, plainNames)
		}
	}
	l.format = l.recognise(plainNames)
	return l, l.enough()
}

// find finds a field by its usual names. A column that has something else already stays that.
func (l *layout) find(f Field, names string, header []string) {
	for _, alternative := range strings.Fields(names) {
		var at []int
		parts := strings.Split(alternative, "+")
		for _, part := range parts {
			if i := slices.Index(header, part); i >= 0 && !l.has(i) {
				at = append(at, i)
			}
		}
		// Of a name in parts the first one need not be there, but two must.
		if len(at) == len(parts) || len(at) > 1 {
			l.at[f] = at
			return
		}
	}
}

func (l *layout) has(column int) bool {
	for _, at := range l.at {
		if slices.Contains(at, column) {
			return true
		}
	}
	return false
}

// letters is the name of a column without what is no letter or figure.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x7f && r != '\ufeff':
			return r
		}
		return -1
	}, strings.ToLower(s))
}

func (l *layout) recognise(header []string) Format {
	all := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(header, n) })
	}
	switch {
	case l.at[Geometry] != nil && (l.at[From] != nil && l.at[To] != nil || l.at[LeftFrom] != nil || l.at[RightFrom] != nil):
		return Ranges
	case all("numero", "nomvoie", "codepostal", "nomcommune"):
		return BAN
	case all("numberfirst", "streetname", "localityname"):
		return GNAF
	case all("lon", "lat", "number", "street", "hash"):
		return OpenAddresses
	}
	return CSV
}

// enough refuses a table from which no address can be read.
func (l *layout) enough() error {
	var missing []string
	if l.at[Geometry] == nil {
		for _, f := range []Field{Lat, Lon} {
			if l.at[f] == nil {
				missing = append(missing, string(f))
			}
		}
	}
	if l.at[Street] == nil && l.at[Addr] == nil && l.at[City] == nil {
		missing = append(missing, string(Street))
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("no column was found for %s among %s: name them with --columns, as in --columns lat=Y,lon=X,number=NUM,street=NAME,city=TOWN", strings.Join(missing, " and "), strings.Join(l.header, ", "))
}

// String is the layout as a column map.
func (l *layout) String() string {
	var out []string
	for _, u := range usual {
		var names []string
		for _, i := range l.at[u.field] {
			names = append(names, l.header[i])
		}
		if names != nil {
			out = append(out, string(u.field)+"="+strings.Join(names, "+"))
		}
	}
	return strings.Join(out, ",")
}
