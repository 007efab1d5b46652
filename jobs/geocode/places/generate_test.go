package places

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// failing is a test, or what stands in for one.
type failing interface {
	Helper()
	Fatal(args ...any)
}

// town is a real town, of testdata/towns.tsv.
type town struct {
	country, name, region string
	lat, lon              float64
	population            int
	codes                 []string
}

// habit is how streets are named and houses numbered in a country. Of names {} is a word of the list,
// {p} a person.
type habit struct {
	forms []string
	words []string
	code  func(r *rand.Rand) string
	style func(r *rand.Rand, i int) string // number of the i-th house
}

var firstNames = strings.Fields("Jean Marie Jules Victor Paul Anna Karl Rosa Konrad Willy Sophie Martin John George Abraham Thomas Mary Rose Giuseppe Giovanni Maria Luigi Pedro Carlos Juan Jan Adam Tadeusz Piet Willem Johan Emma Louise Henri Robert Pierre Albert Ernst Hans Heinrich Otto Clara Käthe Édouard François René Hélène")

var lastNames = strings.Fields("Moulin Jaurès Hugo Curie Pasteur Ferry Zola Adenauer Brandt Schiller Goethe Lessing Müller Schröder Böckler Luther King Washington Lincoln Jefferson Jackson Franklin Adams Madison Monroe Garibaldi Mazzini Verdi Rossini Cavour Dante Cervantes Goya Colón Mickiewicz Kościuszko Piłsudski Rembrandt Vermeer Huygens Churchill Nelson Wellington Gagarin Einstein Planck Röntgen Siemens Daimler Humboldt Beethoven Mozart Bach Händel Haydn Brahms Wagner Lindemann Kaufmann Baumgartner Hoffmann Steinbrecher Rosenthal Whitfield Harrington Pemberton Caldwell Fairbanks Thornton Delacroix Lamartine Voltaire Rousseau Montaigne Lefebvre Dupont Charpentier")

var habits = map[string]habit{
	"US": {
		forms: []string{"{} Street", "{} Avenue", "{} Road", "{} Drive", "{} Lane", "{} Court", "N {} St", "S {} Ave", "W {} St", "E {} Blvd", "{n} Street", "{n} Avenue", "{l} Drive", "{l} Lane", "{l} Court", "{} Ridge Road", "{} Creek Lane", "Old {} Road", "{p} Boulevard", "{} Way", "County Road {i}"},
		words: strings.Fields("Main Oak Maple Pine Cedar Elm Walnut Chestnut Hickory Spruce Birch Willow Park Lake Hill River Spring Church School Mill Bridge Sunset Highland Forest Meadow Valley Prairie Orchard Cherry Dogwood Magnolia Laurel Poplar Sycamore Juniper Center Water High Market Union Liberty Franklin Clinton Monroe Madison Jackson Lincoln Washington Jefferson Adams Grant Sherman Harrison Tyler Polk Pierce Lafayette Columbus Delaware Virginia Georgia Carolina Dakota Cherokee Cheyenne Mohawk Seneca Pioneer Frontier Ranch Canyon Mesa Vista Summit Ridge Glen Brook Stone Fox Deer Eagle Hawk Heron Quail Pheasant Timber Rolling Green Hidden Quiet Country Colonial Heritage Windsor Cambridge Oxford Bristol Dover Kensington"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%05d", 501+r.IntN(99000)) },
		style: func(_ *rand.Rand, i int) string { return strconv.Itoa(100 + i*4 + i%2 - (i % 2 * 4) + 4) },
	},
	"DE": {
		forms: []string{"{}straße", "{}weg", "{}str.", "{}allee", "{}platz", "Am {}", "An der {}", "{p}-Straße", "{l}straße", "{l}weg", "{l}ring", "Alte {}straße", "Im {}grund", "{}gasse"},
		words: strings.Fields("Haupt Bahnhof Schul Garten Dorf Berg Kirch Wald Linden Birken Ring Wiesen Mühlen Rosen Ahorn Eichen Buchen Tannen Kiefern Erlen Feld Bach Brunnen Burg Schloss Markt Post Sonnen Mittel Ober Unter Nord Süd Ost West Finken Amsel Drossel Lerchen Meisen Schwalben Storchen Flieder Tulpen Nelken Holunder Hasel Industrie Gewerbe Friedhof Kapellen Kloster Pfarr Rathaus Turm Grenz Heide Moor Teich See Ufer Hafen Fischer Weber Töpfer Schmiede Ziegel"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%05d", 1067+r.IntN(98000)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 12, "a", "b", "c") },
	},
	"FR": {
		forms: []string{"Rue de {}", "Rue des {}", "Rue {p}", "Avenue {p}", "Boulevard {l}", "Chemin de {}", "Impasse des {}", "Place de {}", "Allée des {}", "Rue de l'{}", "Route de {}", "Rue du {}", "Rue {l}", "Chemin du {}"},
		words: strings.Fields("Église Mairie Gare École Fontaine Moulin Château Lilas Roses Acacias Tilleuls Marronniers Platanes Peupliers Chênes Cerisiers Pommiers Prés Champs Vignes Bois Forêt Rivière Pont Lavoir Four Puits Croix Chapelle Abbaye Remparts Paix République Liberté Victoire Marne Verdun Strasbourg Lille Lyon Bordeaux Toulouse Nantes Écoles Artisans Tanneurs Drapiers Bleuets Coquelicots Genêts Hirondelles Mésanges Rossignols Alouettes Étang Plage Port Phare Carrières Sablons Ormeaux"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%05d", 1000+r.IntN(94000)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 15, " bis", " ter", "B") },
	},
	"GB": {
		forms: []string{"{} Road", "{} Street", "{} Lane", "{} Close", "{} Avenue", "{} Gardens", "{l} Road", "{l} Crescent", "The {}", "{} Terrace", "{} Grove", "{l} Drive", "Upper {} Street"},
		words: strings.Fields("High Church Station Victoria Albert Queen King Park Mill Green Manor School London York Windsor Richmond Chester Lancaster Bedford Grange Orchard Meadow Elm Ash Beech Oak Holly Hawthorn Rowan Willow North South West East New Castle Abbey Priory Bridge Water Spring Chapel Rectory Vicarage Sandringham Balmoral Wellington Nelson Trafalgar Waterloo"),
		code: func(r *rand.Rand) string {
			return fmt.Sprintf("%c%c%d %d%c%c", 'A'+r.IntN(20), 'A'+r.IntN(20), 1+r.IntN(20), r.IntN(10), 'A'+r.IntN(20), 'A'+r.IntN(20))
		},
		style: func(r *rand.Rand, i int) string {
			if r.IntN(25) == 0 {
				return fmt.Sprintf("%d-%d", i+1, i+3)
			}
			return lettered(r, i+1, 20, "A", "B")
		},
	},
	"IT": {
		forms: []string{"Via {}", "Via {p}", "Viale {}", "Piazza {}", "Corso {l}", "Vicolo {}", "Via {l}", "Strada {}", "Largo {l}"},
		words: strings.Fields("Roma Milano Torino Venezia Firenze Napoli Genova Bologna Verona Padova Trieste Trento Dante Garibaldi Mazzini Cavour Verdi Matteotti Gramsci Marconi Galilei Leopardi Manzoni Carducci Pascoli Europa Libertà Repubblica Vittoria Stazione Chiesa Castello Mulino Fontana Pini Olmi Tigli Platani"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%05d", 10+r.IntN(98000)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 15, "/A", "/B", "/2", "/3") },
	},
	"ES": {
		forms: []string{"Calle {}", "Calle de {}", "Avenida {p}", "Avenida de {}", "Plaza de {}", "Calle {p}", "Paseo de {}", "Camino de {}", "Calle {l}"},
		words: strings.Fields("Mayor Real Sol Luna Iglesia Fuente Molino Castillo Constitución España Andalucía Madrid Sevilla Toledo Granada Córdoba Valencia Zaragoza Burgos Santiago Rosario Carmen Pilar Olivos Naranjos Almendros Pinos Rosas Claveles"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%05d", 1001+r.IntN(51000)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 30, " bis", "A") },
	},
	"NL": {
		forms: []string{"{}straat", "{}weg", "{}laan", "{}plein", "{l}straat", "{l}laan", "{}kade", "{p}straat", "{}hof"},
		words: strings.Fields("Dorps Kerk School Molen Station Hoofd Linden Eiken Beuken Berken Wilgen Populieren Kastanje Rozen Tulpen Narcissen Merel Lijster Zwaluw Spreeuwen Julian Wilhelmina Beatrix Oranje Nassau Markt Haven Dijk Polder Zand Heide"),
		code: func(r *rand.Rand) string {
			return fmt.Sprintf("%04d %c%c", 1011+r.IntN(8900), 'A'+r.IntN(26), 'A'+r.IntN(26))
		},
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 12, "a", "b", "-1", "bis") },
	},
	"PL": {
		forms: []string{"ul. {}", "{}", "ul. {p}", "al. {p}", "ul. {l}", "os. {}"},
		words: strings.Fields("Kwiatowa Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Łąkowa Brzozowa Kościelna Sosnowa Zielona Parkowa Akacjowa Dębowa Klonowa Świerkowa Jaśminowa Różana Wiśniowa Malinowa Zamkowa Rynkowa Młyńska Graniczna Północna Żwirowa"),
		code:  func(r *rand.Rand) string { return fmt.Sprintf("%02d-%03d", r.IntN(99), r.IntN(999)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 15, "A", "B", "/2") },
	},
	"AU": {
		forms: []string{"{} STREET", "{} ROAD", "{} AVENUE", "{} COURT", "{l} STREET", "{l} CRESCENT", "{} PARADE", "{} TERRACE"},
		words: strings.Fields("GEORGE ELIZABETH KING QUEEN PITT COLLINS BOURKE FLINDERS SWANSTON VICTORIA ALBERT EDWARD CHURCH STATION BEACH OCEAN HARBOUR BANKSIA WATTLE ACACIA EUCALYPTUS GREVILLEA KOOKABURRA JACARANDA"),
		code:  func(r *rand.Rand) string { return strconv.Itoa(2000 + r.IntN(5000)) },
		style: func(r *rand.Rand, i int) string { return lettered(r, i+1, 20, "A", "B") },
	},
}

func lettered(r *rand.Rand, n, oneIn int, letters ...string) string {
	if r.IntN(oneIn) == 0 {
		return strconv.Itoa(n) + letters[r.IntN(len(letters))]
	}
	return strconv.Itoa(n)
}

func readTowns(t failing) []town {
	t.Helper()
	b, err := os.ReadFile("testdata/towns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var towns []town
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 6 {
			continue
		}
		lat, _ := strconv.ParseFloat(f[3], 64)
		lon, _ := strconv.ParseFloat(f[4], 64)
		n, _ := strconv.Atoi(f[5])
		towns = append(towns, town{country: f[0], name: f[1], region: f[2], lat: lat, lon: lon, population: n})
	}
	if len(towns) < 1000 {
		t.Fatal(len(towns), "towns")
	}
	return towns
}

// truth is an address that was generated, and where it is.
type truth struct {
	number, street, city, region, postcode, country string
	lat, lon                                        float64
}

// mistakes are how many rows of each kind were put in.
type mistakes map[string]int

// generate writes about n addresses, a file for each country as OpenAddresses has them, and
// returns the files, every step-th address that is right, and what was put in that is wrong.
// The same n makes the same files.
func generate(t failing, dir string, n, step int) ([]string, []truth, mistakes) {
	t.Helper()
	r := rand.New(rand.NewPCG(16, 1))
	g := &generator{r: r, wrong: make(mistakes), step: step}
	towns := readTowns(t)
	weight := 0.0
	for i := range towns {
		weight += share(&towns[i])
	}
	byCountry := make(map[string][]*town)
	var countries []string
	for i := range towns {
		c := towns[i].country
		if byCountry[c] == nil {
			countries = append(countries, c)
		}
		byCountry[c] = append(byCountry[c], &towns[i])
	}
	var files []string
	for _, c := range countries {
		path := filepath.Join(dir, strings.ToLower(c)+".csv")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		buf := bufio.NewWriterSize(f, 1<<20)
		g.out = csv.NewWriter(buf)
		g.write("LON", "LAT", "NUMBER", "STREET", "UNIT", "CITY", "DISTRICT", "REGION", "POSTCODE", "ID", "HASH", "COUNTRY")
		for _, town := range byCountry[c] {
			g.town(town, max(int(float64(n)*share(town)/weight), 20))
		}
		g.out.Flush()
		if err := buf.Flush(); err != nil || g.out.Error() != nil || f.Close() != nil {
			t.Fatal(err, g.out.Error())
		}
		files = append(files, path)
	}
	return files, g.truths, g.wrong
}

// share is how many addresses a town has, beside others: of very large ones not all.
func share(t *town) float64 { return math.Pow(float64(t.population), 0.75) }

type generator struct {
	r      *rand.Rand
	out    *csv.Writer
	wrong  mistakes
	truths []truth
	step   int
	n      int
}

func (g *generator) write(f ...string) {
	if err := g.out.Write(f); err != nil {
		panic(err)
	}
}

// name makes the name of a street: common words are more common, as by Zipf.
func (g *generator) name(h *habit) string {
	zipf := func(n int) int { return int(math.Pow(float64(n), g.r.Float64())) - 1 }
	form := h.forms[g.r.IntN(len(h.forms))]
	first, last := firstNames[g.r.IntN(len(firstNames))], lastNames[zipf(len(lastNames))]
	form = strings.ReplaceAll(form, "{p}", first+" "+last)
	form = strings.ReplaceAll(form, "{l}", last)
	form = strings.ReplaceAll(form, "{n}", ordinal(1+zipf(120)))
	form = strings.ReplaceAll(form, "{i}", strconv.Itoa(1+g.r.IntN(60)))
	return strings.ReplaceAll(form, "{}", h.words[zipf(len(h.words))])
}

func ordinal(n int) string {
	end := "th"
	if n%100 < 11 || n%100 > 13 {
		end = []string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
	}
	return strconv.Itoa(n) + end
}

func (g *generator) town(t *town, n int) {
	h := habits[t.country]
	for range 1 + n/1500 {
		t.codes = append(t.codes, h.code(g.r))
	}
	named := make(map[string]bool)
	for n > 0 {
		street := g.name(&h)
		if named[street] {
			street = g.name(&h)
		}
		if named[street] && g.r.IntN(10) > 0 { // two of one name are there, but seldom
			n-- // so that it ends
			continue
		}
		named[street] = true
		houses := min(n, 3+int(g.r.ExpFloat64()*20))
		n -= houses
		g.street(t, &h, street, houses)
	}
}

// street writes the houses of a street: in a line, on two sides, with gaps.
func (g *generator) street(t *town, h *habit, street string, houses int) {
	radius := 500 + 12*math.Sqrt(float64(t.population))
	away, turn := radius*math.Sqrt(g.r.Float64()), g.r.Float64()*2*math.Pi
	lat, lon := t.lat+away*math.Sin(turn)/111111, t.lon+away*math.Cos(turn)/111111/math.Cos(t.lat*math.Pi/180)
	way := g.r.Float64() * 2 * math.Pi
	code := t.codes[g.r.IntN(len(t.codes))]
	queens := t.name == "New York City" && g.r.IntN(3) == 0
	block := 10 + g.r.IntN(90)
	for i := range houses + houses/10 {
		if g.r.IntN(11) == 0 {
			continue // a gap
		}
		number := h.style(g.r, i)
		if queens {
			number = fmt.Sprintf("%d-%02d", block+i/25, 1+i%25*2-i%2)
		}
		along, across := float64(i)*11, 9-18*float64(i%2)
		y := lat + (along*math.Sin(way)+across*math.Cos(way))/111111
		x := lon + (along*math.Cos(way)-across*math.Sin(way))/111111/math.Cos(lat*math.Pi/180)
		g.house(t, truth{number, street, t.name, t.region, code, t.country, round(y), round(x)})
	}
}

func round(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// house writes an address, and now and then a mistake.
func (g *generator) house(t *town, a truth) {
	g.n++
	row := func(lat, lon float64, number, street, unit string) {
		g.write(strconv.FormatFloat(lon, 'f', 7, 64), strconv.FormatFloat(lat, 'f', 7, 64), number, street, unit, a.city, "", a.region, a.postcode, strconv.Itoa(g.n), fmt.Sprintf("%016x", g.n*2654435761), a.country)
	}
	switch k := g.r.IntN(2000); {
	case k == 0:
		g.wrong["0,0"]++
		row(0, 0, a.number, a.street, "")
		return
	case k == 1:
		g.wrong["swapped"]++
		row(a.lon, a.lat, a.number, a.street, "")
		return
	case k == 2:
		g.wrong["street in number"]++
		row(a.lat, a.lon, a.number+" "+a.street, "", "")
		return
	case k == 3:
		g.wrong["no number"]++
		row(a.lat, a.lon, "", a.street, "")
		return
	case k < 24:
		g.wrong["duplicate"]++
		row(a.lat, a.lon, a.number, a.street, "")
	case k < 28:
		g.wrong["several points"]++
		row(a.lat+0.001, a.lon, a.number, a.street, "")
	case k < 128 && slices.Contains([]string{"US", "GB", "AU"}, t.country):
		for u := range 1 + g.r.IntN(6) {
			row(a.lat, a.lon, a.number, a.street, "Apt "+strconv.Itoa(u+1))
		}
	}
	row(a.lat, a.lon, a.number, a.street, "")
	if g.n%g.step == 0 {
		g.truths = append(g.truths, a)
	}
}
