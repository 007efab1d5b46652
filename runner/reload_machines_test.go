package runner

import (
	"brood/runner/spec"
	"encoding/json"
	"strings"
	"testing"
)

// What workers of other machines were started with cannot be another while they are at work; all else can.
func TestReloadReachesMachines(t *testing.T) {
	r := &session{}
	r.cfg = &spec.Config{}
	r.cfg.Plan.Config, r.env = json.RawMessage(`{"text":"old"}`), []string{"A=1", "TOKEN=old"}
	for name, c := range map[string]struct {
		config string
		env    []string
		want   string
	}{
		"nothing":  {`{"text":"old"}`, []string{"A=1", "TOKEN=old"}, ""},
		"template": {`{"text":"new"}`, []string{"A=1", "TOKEN=old"}, "what its flags name"},
		"secret":   {`{"text":"old"}`, []string{"A=1", "TOKEN=new"}, "secret"},
	} {
		err := r.reachesMachines(&setup{config: json.RawMessage(c.config), env: c.env})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--rate")):
			t.Errorf("%s: %v; want %q, and what can be reloaded", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "TOKEN="):
			t.Errorf("%s: the secret is told: %v", name, err)
		}
	}
}
