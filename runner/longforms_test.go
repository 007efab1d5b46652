package runner_test

import (
	"go/ast"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLongForms: whatever test has a long form is run in it by "make chaos", and what is named there, or for "make race-short", is a
// test. Every fuzz target is one that "make fuzz" finds.
func TestLongForms(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	all := sources(t, "jobs", "runner", "worker")
	checkFound(t, all)
	whole := runs{of: make(map[string]*ast.FuncDecl)}
	for file, syntax := range all {
		if path.Dir(file) == "runner/acceptance" {
			whole.add(syntax)
		}
	}
	long := whole.that(`"BROOD_CHAOS"`)
	var chaos []string
	for _, m := range regexp.MustCompile(`(?m)^\tBROOD_CHAOS=\d+ .* -run '([^']+)' .*\./runner/acceptance$`).FindAllSubmatch(text, -1) {
		chaos = append(chaos, strings.Split(string(m[1]), "|")...)
	}
	short := strings.Split(string(regexp.MustCompile(`(?m)^RACE_SHORT := (.*)$`).FindSubmatch(text)[1]), "|")
	if len(chaos) < 10 || len(long) < 10 || len(short) < 5 {
		t.Fatalf("found of the long forms %q and %q, of those that race %q", chaos, long, short)
	}
	for _, name := range long {
		if !slices.ContainsFunc(chaos, func(part string) bool { return strings.Contains(name, part) }) {
			t.Errorf("%s has a long form that make chaos does not run", name)
		}
	}
	tests := whole.tests()
	for _, part := range append(chaos, short...) {
		if !slices.ContainsFunc(tests, func(name string) bool { return strings.Contains(name, part) }) {
			t.Errorf("the Makefile names %s, and there is no such test in runner/acceptance", part)
		}
	}
}

// checkFound looks whether the Makefile's grep finds what stands in these files.
func checkFound(t *testing.T, all map[string]*ast.File) {
	t.Helper()
	plain := regexp.MustCompile(`^Fuzz[A-Za-z0-9_]*$`)
	fuzz := 0
	for file, syntax := range all {
		for _, d := range syntax.Decls {
			f, is := d.(*ast.FuncDecl)
			if !is {
				continue
			}
			if strings.HasPrefix(f.Name.Name, "Fuzz") && f.Recv == nil {
				fuzz++
				if !plain.MatchString(f.Name.Name) || !strings.HasSuffix(file, "_test.go") {
					t.Errorf("make fuzz does not find %s in %s", f.Name.Name, file)
				}
			}
			if says(f, `"BROOD_CHAOS"`) && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("make chaos does not find %s in %s, which is no _test.go", f.Name.Name, file)
			}
		}
	}
	if fuzz < 50 {
		t.Errorf("found only %d fuzz targets", fuzz)
	}
}

// runs are the functions of one package, by name; of methods of one name the last.
type runs struct{ of map[string]*ast.FuncDecl }

func (r *runs) add(file *ast.File) {
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is {
			r.of[f.Name.Name] = f
		}
	}
}

func (r *runs) tests() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.of)), func(name string) bool { return !strings.HasPrefix(name, "Test") || r.of[name].Recv != nil })
}

// that are the tests which have this literal, or use a function that has it.
func (r *runs) that(literal string) []string {
	return slices.DeleteFunc(r.tests(), func(name string) bool { return !r.reaches(name, literal, make(map[string]bool)) })
}

func (r *runs) reaches(name, literal string, been map[string]bool) (found bool) {
	f := r.of[name]
	if f == nil || been[name] {
		return false
	}
	been[name] = true
	if says(f, literal) {
		return true
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if id, is := n.(*ast.Ident); is && !found {
			found = r.reaches(id.Name, literal, been)
		}
		return !found
	})
	return found
}

func says(f *ast.FuncDecl, literal string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		word, is := n.(*ast.BasicLit)
		found = found || is && word.Value == literal
		return !found
	})
	return found
}
