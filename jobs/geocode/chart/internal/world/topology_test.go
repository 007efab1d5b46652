package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// small is two squares side by side, of a degree each at the equator, with a corner too many on
// the line between them, and an island.
const small = `{"transform":{"scale":[0.01,0.01],"translate":[0,0]},
"objects":{"countries":{"geometries":[
 {"type":"Polygon","arcs":[[0,1]],"properties":{"name":"West"}},
 {"type":"MultiPolygon","arcs":[[[-1,2]],[[3]]],"properties":{"name":"East"}}]}},
"arcs":[[[100,0],[0,50],[1,1],[-1,49]],[[100,100],[-100,0],[0,-100],[100,0]],[[100,0],[100,0],[0,100],[-100,0]],[[500,500],[1,0],[0,1],[-1,-1]]]}`

func TestTopology(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.json")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readTopology(path, "countries")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.shapes) != 2 || len(c.shapes[1].rings) != 2 {
		t.Fatalf("%+v", c.shapes)
	}
	if got := c.inner(); !slices.Equal(got, []int{0}) {
		t.Errorf("between the two are %v", got)
	}
	west := c.ring(c.shapes[0].rings[0])
	if west[0] != west[len(west)-1] {
		t.Errorf("a ring is not closed: %v", west)
	}
	if a, m := area(west); math.Abs(a-1) > 0.02 || math.Abs(m.x-0.5) > 0.02 || math.Abs(m.y-0.5) > 0.02 {
		t.Errorf("it has %f square degrees around %v", a, m)
	}
	c.dropIslands(0.01)
	c.simplify(0.01)
	if len(c.arcs[0]) != 2 || len(c.shapes[1].rings) != 1 || len(c.arcs[1]) != 4 {
		t.Errorf("simplified: %v, %+v", c.arcs, c.shapes)
	}
	if used, renamed := c.usedArcs(); len(used) != 3 || len(renamed) != 3 {
		t.Errorf("used are %v", used)
	}
}

// TestDateLine holds that what lies on both sides of it is not taken for what is around the earth.
func TestDateLine(t *testing.T) {
	c := &topology{arcs: [][]point{{{179, 0}, {-179, 0}, {-179, 1}, {179, 1}, {179, 0}}}}
	s := shape{rings: [][]int{{0}}}
	if a, _ := area(c.ring(s.rings[0])); math.Abs(a-2) > 0.01 {
		t.Errorf("it has %f square degrees", a)
	}
	if m := c.middle(&s); math.Abs(m.x) < 179.9 || math.Abs(m.x) > 180 {
		t.Errorf("its middle is %v", m)
	}
}
