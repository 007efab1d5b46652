package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// component is a part, as CycloneDX 1.5 has it.
type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Hashes     []sum      `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type sum struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// bill lists what is linked into a binary, as the linker has noted it there: every module with its version and the sum
// that go.sum holds it to, and the standard library.
func (r *release) bill(t target, binary string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	of := sha256.Sum256(content)
	main := component{
		Type: "application", Ref: "brood", Name: "brood", Version: r.version, PURL: "pkg:generic/brood@" + r.version + "?arch=" + t.arch + "&os=" + t.os,
		Hashes: []sum{{"SHA-256", hex.EncodeToString(of[:])}}, Properties: []property{{"brood:commit", r.commit}},
	}
	version := strings.TrimPrefix(info.GoVersion, "go")
	parts := []component{{Type: "library", Ref: "std", Name: "std", Version: info.GoVersion, PURL: "pkg:golang/std@" + version}}
	needs := []string{"std"}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component{Type: "library", Ref: m.Path + "@" + m.Version, Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + strings.ReplaceAll(m.Version, "+", "%2B")}
		// go.sum has it in base64, as h1:, of the list of the module's files and their sums.
		if text, is := strings.CutPrefix(m.Sum, "h1:"); is {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, fmt.Errorf("the sum of %s: %w", m.Path, err)
			}
			c.Hashes = []sum{{"SHA-256", hex.EncodeToString(raw)}}
			c.Properties = []property{{"go:h1", m.Sum}}
		}
		parts, needs = append(parts, c), append(needs, c.Ref)
	}
	type depends struct {
		Ref  string   `json:"ref"`
		Upon []string `json:"dependsOn"`
	}
	out, err := json.MarshalIndent(struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   any         `json:"metadata"`
		Components []component `json:"components"`
		Depends    []depends   `json:"dependencies"`
	}{"CycloneDX", "1.5", 1, map[string]any{"timestamp": r.date, "component": main}, parts, []depends{{"brood", needs}}}, "", "  ")
	return append(out, '\n'), err
}
