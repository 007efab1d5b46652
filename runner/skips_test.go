package runner_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// sources are brood's own files of Go in one of these directories of the repository, and beneath, with their syntax.
func sources(t *testing.T, dirs ...string) map[string]*ast.File {
	t.Helper()
	found, set := make(map[string]*ast.File), token.NewFileSet()
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			found[strings.TrimPrefix(filepath.ToSlash(path), "../")], err = parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestSkips: no test is skipped but by package needs, which fails it in CI. Where something has no sense there is no test, or it returns.
func TestSkips(t *testing.T) {
	const own = "jobs/jobtest/needs/"
	skips := 0
	for path, file := range sources(t, "jobs", "runner", "worker") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			of, is := call.Fun.(*ast.SelectorExpr)
			if !is {
				return true
			}
			switch of.Sel.Name {
			case "Skip", "Skipf", "SkipNow":
				if !strings.HasPrefix(path, own) {
					t.Errorf("%s calls %s; use package %s, or return", path, of.Sel.Name, strings.TrimSuffix(own, "/"))
				}
				skips++
			case "Getenv", "LookupEnv":
				if word, is := call.Args[0].(*ast.BasicLit); is && word.Value == `"CI"` && !strings.HasPrefix(path, own) {
					t.Errorf("%s asks whether it is run in CI, which package %s does", path, strings.TrimSuffix(own, "/"))
				}
			}
			return true
		})
	}
	if skips == 0 {
		t.Error("there is no call of Skip at all: is this the repository?")
	}
}
