package places

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/jobs/geocode/places/source"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
)

// noun is what the tools are about.
var noun = &jobs.Noun{
	Name: "places", Usage: "make indexes of your own addresses, to geocode by without a network",
	Help: `An index of address points (OpenAddresses, BAN, G-NAF, TIGER, or any table of yours) is made
with brood places import, and used with brood run geocode --provider offline --places NAME,
which then finds house numbers. An index is a file, places/NAME.places in the state
directory, for you alone.

Examples:
   brood places import --name springfield --country US \
     testdata/places/springfield.csv
   brood places list
   brood places rm springfield`,
}

// Tools are the commands that go with a user's own places.
func Tools() []jobs.Tool {
	return []jobs.Tool{
		{
			Of: noun, Name: "import", Usage: "make an index of files of address points", Arguments: "FILE...", State: true,
			Help: `Several files become one index; with --replace it takes the place of one that is there.

It reads OpenAddresses (CSV, or GeoJSON with one feature on each line), BAN (France), G-NAF
(Australia, joined into one table), ranges of numbers as of TIGER (from;to;interpolation;
street;city;state;postcode;geometry, or ADDRFEAT as CSV), and any CSV whose columns have
usual names; .gz, .zst and .zip as they are. What was taken for what is shown. Where that
is wrong, or a name is not known, say it with --columns: the parts are lat lon number
suffix street address unit city district county region postcode country, and NAME+TYPE
stands for two columns one after the other. Say --country CC, with one country in an
index: how streets are abbreviated differs.

Rows that cannot be right are left out: 0,0, coordinates out of range or swapped, a street
in the column of the number, duplicates. Each kind is counted, with the first rows of it;
--rejects FILE has all of them, with file and line.

Examples:
   brood places import --name springfield --country US \
     testdata/places/springfield.csv
   brood places import --name mine --columns lat=LAT,lon=LON,street=STREET \
     testdata/places/springfield.csv`,
			Flags: []jobs.Flag{
				{Name: "name", Usage: "the index is called `NAME`", Default: ""},
				{Name: "columns", Usage: "`MAP` says which column has what, as in lat=Y,lon=X,number=NUM,street=NAME+TYPE,city=TOWN", Default: []string(nil)},
				{Name: "country", Usage: "the addresses are of `CC`, a code of two letters, where rows do not say theirs", Default: ""},
				{Name: "rejects", Usage: "write all rows that something is odd about to `FILE`, as CSV", Default: ""},
				{Name: "replace", Usage: "an index of this name may be there, and is replaced", Default: false},
			},
			Run: runImport,
		},
		{
			Of: noun, Name: "list", Usage: "say which indexes there are, and what they are of", State: true,
			Help: `How many houses, streets and towns each has, of which countries and files it was made, and
when. One that cannot be read is told of, and the exit status is then 1.

Example:
   brood places list`,
			Run: runList,
		},
		{
			Of: noun, Name: "rm", Usage: "remove indexes", Arguments: "NAME...", State: true,
			Help: `Runs that have one open go on with it.

Example:
   brood places import --name old testdata/places/springfield.csv
   brood places rm old`,
			Run: runRemove,
		},
	}
}

func runImport(o jobs.Options, paths []string, stdout, stderr io.Writer) (err error) {
	name, state := o.String("name"), o.StateDir()
	switch {
	case len(paths) == 0:
		return errors.New("say which files to import: brood places import FILE... --name NAME")
	case name == "":
		return errors.New("say what the index is called: --name NAME")
	}
	if err := CheckName(name); err != nil {
		return err
	}
	i := Import{Files: paths, Country: strings.ToUpper(o.String("country"))}
	if c := i.Country; c != "" && (len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z') {
		return fmt.Errorf("--country %s: write its code of two letters, as in --country FR", o.String("country"))
	}
	if i.Columns, err = source.ParseColumns(strings.Join(o.StringSlice("columns"), ",")); err != nil {
		return err
	}
	path := Path(state, name)
	if _, err := os.Lstat(path); err == nil && !o.Bool("replace") {
		return fmt.Errorf("there are places %q already: give --replace to make them anew, or another --name", name)
	}
	if err := os.MkdirAll(Dir(state), 0o700); err != nil {
		return err
	}
	if to := o.String("rejects"); to != "" {
		f, err2 := files.Renew(to, 0o600)
		if err2 != nil {
			return fmt.Errorf("--rejects: %w", err2)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		i.Rejects = f
	}
	i.Said, i.First = sayFile(stderr), sayFirst(stderr)
	got, err := i.Write(context.Background(), path)
	if got != nil {
		err = errors.Join(err, got.WriteOddities(stderr))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "places %s: %s, %s; %s left out\n", name, counted(&got.About), humanize.Bytes(uint64(got.Size)), number(got.Left(), "row")) //nolint:gosec // a size
	return err
}

// sayFile tells what a file was taken for.
func sayFile(w io.Writer) func(source.What) {
	return func(is source.What) {
		text := visible(is.File) + ": " + string(is.Format)
		if is.Columns != "" {
			text += ", --columns " + visible(is.Columns)
		}
		if is.Country == "" {
			text += "; of no certain country: --country CC would say it"
		} else {
			text += ", --country " + is.Country
		}
		_, _ = fmt.Fprintln(w, text)
	}
}

// sayFirst tells the first address of a file, so that one sees whether the columns are right.
func sayFirst(w io.Writer) func(source.Point) {
	return func(p source.Point) {
		_, _ = fmt.Fprintf(w, "  the first: %s at %.5f, %.5f (latitude, longitude)\n", visible(strings.Join(slices.DeleteFunc([]string{p.Number.String(), p.Street, p.Postcode, p.City, p.Region}, func(s string) bool { return s == "" }), ", ")), p.Lat, p.Lon)
	}
}

func counted(a *About) string {
	text := number(a.Houses, "house number")
	if a.Ranges > 0 {
		text += fmt.Sprintf(" and %s ends of ranges", humanize.Comma(int64(a.Ranges))) //nolint:gosec // as above
	}
	return text + " in " + number(a.Streets, "street") + " of " + number(uint64(a.Towns), "town") //nolint:gosec // not negative
}

func number(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(int64(n)) + " " + what + "s" //nolint:gosec // a file has fewer
}

func runList(o jobs.Options, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("%s: say brood places list", args[0])
	}
	state := o.StateDir()
	names, err := Names(state)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		_, err := fmt.Fprintln(stderr, "there are none; make some with brood places import FILE... --name NAME")
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tHOUSES\tSTREETS\tTOWNS\tCOUNTRIES\tSIZE\tMADE\tOF")
	damaged := 0
	for _, name := range names {
		x, err := Named(state, name)
		if err != nil {
			damaged++
			_, _ = fmt.Fprintf(stderr, "%v\n", err)
			continue
		}
		a := x.About()
		size, made := int64(0), ""
		if st, err := os.Stat(Path(state, name)); err == nil {
			size, made = st.Size(), st.ModTime().Format("2006-01-02")
		}
		countries := strings.Join(slices.DeleteFunc(slices.Sorted(maps.Keys(a.Countries)), func(c string) bool { return c == "" }), ",")
		if countries == "" {
			countries = "-"
		}
		const mostFiles = 3
		of := a.Files[:min(len(a.Files), mostFiles)]
		more := ""
		if n := len(a.Files) - len(of); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s%s\n", name, a.Houses, a.Streets, a.Towns, countries, humanize.Bytes(uint64(size)), made, visible(strings.Join(of, ", ")), more) //nolint:gosec // a size
		if err := x.Close(); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if damaged > 0 {
		return &jobs.PartlyError{Left: fmt.Sprintf("%d of them cannot be read: see above", damaged)}
	}
	return nil
}

func runRemove(o jobs.Options, names []string, _, _ io.Writer) error {
	if len(names) == 0 {
		return errors.New("say which places to remove: brood places rm NAME")
	}
	state := o.StateDir()
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return err
		}
		if err := os.Remove(Path(state, name)); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("there are no places %q%s", name, others(state))
		} else if err != nil {
			return err
		}
	}
	return nil
}
