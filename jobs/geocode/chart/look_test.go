package chart

import (
	"brood/jobs/geocode/geo"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// The colours of points and sea, as in page.css.
var (
	lightSea   = [3]int{0xdb, 0xe7, 0xee}
	darkSea    = [3]int{0x0e, 0x16, 0x20}
	lightHouse = [3]int{0x00, 0x72, 0xb2}
	darkHouse  = [3]int{0x3f, 0x96, 0xf0}
	lightCity  = [3]int{0xe6, 0x9f, 0x00}
)

func textOf(t *testing.T, b *browser, selector string) string {
	t.Helper()
	return ask[string](t, b, `document.querySelector("`+selector+`").textContent`)
}

// TestLook looks at a page of a thousand rows, as people do first.
func TestLook(t *testing.T) {
	b := open(t, some(1000), options, 1400, 900, "light")
	img := b.shot(t, "light")
	sea, houses, cities := near(img, lightSea), near(img, lightHouse), near(img, lightCity)
	if sea < 100_000 || houses < 3000 || cities < 300 {
		t.Errorf("on the screen are %d of the sea, %d of houses, %d of cities", sea, houses, cities)
	}
	if got := textOf(t, b, "#counts"); got != "975 of 1,000 rows on the map" {
		t.Error(got)
	}
	if got := textOf(t, b, "#sources"); !strings.Contains(got, "OpenStreetMap") || !strings.Contains(got, "Natural Earth") || !strings.Contains(got, "GeoNames") {
		t.Error("who made the data is not said: ", got)
	}
	// What is not wanted goes, and comes again.
	b.do(t, chromedp.Click(chromedp.CSS(`#classes li:first-child button`)))
	if left := near(b.shot(t, "without-houses"), lightHouse); left > houses/4 {
		t.Errorf("%d of houses are left of %d", left, houses)
	}
	b.do(t, chromedp.Click(chromedp.CSS(`#classes li:first-child button`)))
	// The list of what is to be looked at.
	b.do(t, chromedp.Click(chromedp.CSS("#open")))
	if got := ask[int](t, b, `document.querySelectorAll("#list .row").length`); got != 50 {
		t.Errorf("%d rows are listed", got)
	}
	b.do(t, chromedp.Click(chromedp.CSS(`#tabs [data-which=e]`)))
	if got := ask[int](t, b, `document.querySelectorAll("#list .row").length`); got != 5 {
		t.Errorf("%d rows are listed as failed", got)
	}
	b.do(t, chromedp.Click(chromedp.CSS(`#tabs [data-which=all]`)), chromedp.SendKeys(chromedp.CSS("#search"), "αθήνα C-10"),
		chromedp.Query(chromedp.CSS("#list .row"), chromedp.NodeReady))
	ask[chromedp.Void](t, b, `new Promise((done) => { const look = () => [...document.querySelectorAll("#list .row")].every((r) => r.textContent.includes("Αθήνα")) ? done(1) : requestAnimationFrame(look); look(); })`)
	b.do(t, chromedp.Click(chromedp.CSS("#list .row")))
	if got := textOf(t, b, "#card"); !strings.Contains(got, "Αθήνα") || !strings.Contains(got, "Some Company") || !strings.Contains(got, "latitude, longitude") {
		t.Error("the card says ", got)
	}
	b.shot(t, "card")
	b.do(t, chromedp.KeyEvent("\x1b"))
	if ask[bool](t, b, `!document.getElementById("card").hidden`) {
		t.Error("Escape does not close the card")
	}
}

// TestDark looks at the other scheme, and moves the map by keys and the mouse.
func TestDark(t *testing.T) {
	b := open(t, some(1000), options, 1400, 900, "dark")
	before := b.shot(t, "dark")
	if sea, houses := near(before, darkSea), near(before, darkHouse); sea < 100_000 || houses < 3000 {
		t.Errorf("on the screen are %d of the sea, %d of houses", sea, houses)
	}
	scale := func() string { return textOf(t, b, "#scale") }
	first := scale()
	b.do(t, chromedp.Focus(chromedp.CSS("#map")), chromedp.KeyEvent("+"), chromedp.KeyEvent("+"), chromedp.KeyEvent("+"))
	b.shot(t, "dark-near")
	if scale() == first {
		t.Error("plus does not zoom in: ", first)
	}
	b.do(t, chromedp.KeyEvent("0"))
	b.shot(t, "dark-again")
	if scale() != first {
		t.Errorf("0 does not show everything: %s, was %s", scale(), first)
	}
	middle := `(() => { const m = document.getElementById("map").getBoundingClientRect(); return [m.width / 2, m.height / 2]; })()`
	at := ask[[]float64](t, b, middle)
	b.do(t, chromedp.DragAndDropXY(at[0], at[1], at[0]+200, at[1]))
	if after := b.shot(t, "dark-dragged"); near(after, darkHouse) == near(before, darkHouse) {
		t.Error("to drag the map does not move it")
	}
}

// TestHostilePage holds in a browser that hostile texts are shown and do nothing.
func TestHostilePage(t *testing.T) {
	var rows []Row
	for i, h := range hostile {
		rows = append(rows,
			Row{Seq: int64(i), Query: h, Formatted: h, Provider: h, Status: Found, Located: true, Precision: geo.PrecisionRooftop, Point: geo.Point{Lat: 50, Lon: float64(i)}, Values: []string{h}},
			Row{Seq: int64(i), Query: h, Why: h, Status: Failed, Values: []string{h}})
	}
	b := open(t, each(rows...), Options{Title: strings.Join(hostile, " "), Columns: []string{hostile[0]}, Attributions: hostile}, 390, 800, "light")
	b.do(t, chromedp.Click(chromedp.CSS("#open")), chromedp.Click(chromedp.CSS(`#tabs [data-which=all]`)))
	shown := ask[[]string](t, b, `[...document.querySelectorAll("#list .row .what")].map((e) => e.textContent)`)
	if len(shown) != len(rows) || shown[0] != hostile[0] {
		t.Errorf("%d rows are shown: %q", len(shown), shown)
	}
	for range 3 {
		b.do(t, chromedp.Click(chromedp.CSS("#list .row")))
	}
	b.shot(t, "hostile")
	if ask[bool](t, b, `"hostile" in window || document.querySelectorAll(".hostile, img, a, iframe").length > 0 || document.styleSheets.length !== 1`) {
		t.Error("a text of a row has become markup")
	}
}

// TestMany draws 100,000 points, grouped and one by one. What it takes is only told.
func TestMany(t *testing.T) {
	b := open(t, some(100_000), options, 1400, 900, "light")
	took := func() string { return ask[string](t, b, `document.documentElement.dataset.painted`) }
	b.shot(t, "many-grouped")
	t.Logf("%s ms to draw groups", took())
	if got := textOf(t, b, "[aria-pressed=true][data-way]"); got != "Grouped" {
		t.Errorf("many points are drawn as %s", got)
	}
	first := textOf(t, b, "#scale")
	b.do(t, chromedp.Click(chromedp.CSS("[data-way=points]")))
	img := b.shot(t, "many-points")
	t.Logf("%s ms to draw points", took())
	if near(img, lightHouse) < 5_000 {
		t.Errorf("only %d of houses are on the screen", near(img, lightHouse))
	}
	b.do(t, chromedp.Click(chromedp.CSS("#in")))
	b.shot(t, "many-near")
	t.Logf("%s ms to draw points nearer", took())
	nearer := textOf(t, b, "#scale")
	if nearer == first {
		t.Error("the button does not zoom in")
	}
	// A group says what is in it, and is taken apart by a click.
	b.do(t, chromedp.Click(chromedp.CSS("[data-way=groups]")))
	b.shot(t, "many-groups-near")
	for at := 0.0; ; at++ {
		x, y := 400+40*float64(int(at)%20), 100+40*float64(int(at)/20)
		if y > 800 {
			t.Fatal("there is no group on the screen")
		}
		b.do(t, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
		if tip := ask[string](t, b, `document.getElementById("tip").hidden ? "" : document.getElementById("tip").textContent`); strings.Contains(tip, " points") {
			if !strings.Contains(tip, "house ") {
				t.Errorf("the group says %q", tip)
			}
			b.do(t, chromedp.MouseClickXY(x, y))
			break
		}
	}
	b.shot(t, "many-apart")
	if textOf(t, b, "#scale") == nearer {
		t.Error("a click on a group does not go nearer")
	}
}
