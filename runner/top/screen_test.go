package top

import (
	"brood/runner/control"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// busy is a run with some workers.
func busy(width, height, workers int) *Screen {
	s := &Screen{Name: "demo", Width: width, Height: height}
	s.Live = control.Live{
		Job: "echo", Elapsed: 75, Progress: 0.5, Input: 5000, OK: 1200, Failed: 30, Skipped: 4, Unknown: 1, Rate: 99.95, Jobs: 4, Workers: workers,
	}
	for i := range workers {
		w := control.WorkerState{Slot: i + 1, PID: 100 + i, Done: uint64(1000 * i), RSS: int64(i) << 20, CPU: float64(workers - i)}
		if i%2 == 0 {
			seq := uint64(1234567 + i)
			w.Seq, w.InHand, w.Place = &seq, float64(70*i), fmt.Sprintf("/data/in.csv:%d", i+2)
		}
		s.Workers = append(s.Workers, w)
	}
	return s
}

// TestScreen: the whole of it.
func TestScreen(t *testing.T) {
	s := busy(84, 10, 3)
	two := 2
	s.Live.Adaptive, s.Live.Recycled, s.Live.RateLimit, s.Live.Waits = &two, 5, "20/s", "a limit"
	got := s.String()
	want := strings.Join([]string{
		"brood top: demo (echo)                                                 running 1m15s",
		"[###############---------------]  50%                   1,235 records final, 100.0/s",
		"ok 1,200   failed 30   skipped 4   unknown 1   pending 3,765",
		"3 workers of 4, 2 may work now   recycled 5   at most 20/s   waits: a limit",
		reverse + " SLOT      PID         RECORD       FOR         DONE    MEMORY       CPU  WHERE     " + plain,
		"    1      100        1234567      0.0s            0       0 B      3.0s  in.csv:2",
		"    2      101              -         -        1,000   1.0 MiB      2.0s",
		"    3      102        1234569     2m20s        2,000   2.0 MiB      1.0s  in.csv:4",
		"",
		"q quit   p pause   + - workers   d drain   s sort: slot   ↑ ↓ scroll",
	}, "\n")
	if got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

// TestNarrow: on a narrow screen the list has fewer columns, and lines are broken where
// one thing ends; nothing that can be answered is cut off.
func TestNarrow(t *testing.T) {
	s := busy(30, 17, 2)
	two := 2
	s.Live.Adaptive, s.Live.Recycled, s.Live.RateLimit, s.Live.Waits, s.Confirming = &two, 5, "20/s", "the last one waits until 10:00:00", true
	want := strings.Join([]string{
		"demo (echo)      running 1m15s",
		"[####----]  50% 1,235, 100.0/s",
		"ok 1,200   failed 30",
		"skipped 4   unknown 1",
		"pending 3,765",
		"3 workers of 4, 2 may work now",
		"recycled 5   at most 20/s",
		"waits: the last one waits",
		"until 10:00:00",
		reverse + " SLOT         RECORD       FOR" + plain,
		"    1        1234567      0.0s",
		"    2              -         -",
		"",
		"",
		"end the run when the records",
		"in hand are finished?   y: yes",
		"any other key: no",
	}, "\n")
	s.Live.Workers = 3
	if got := s.String(); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

// TestStates: what the run does stands at the right, and at the foot what is asked
// or has gone wrong.
func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(*Screen)
		head, foot string
	}{
		"running":         {func(*Screen) {}, "running 1m15s", "q quit"},
		"paused":          {func(s *Screen) { s.Live.Paused = true }, "paused 1m15s", "q quit"},
		"draining counts": {func(s *Screen) { s.Live.Paused, s.Live.Draining = true, true }, "draining 1m15s", "q quit"},
		"no answer":       {func(s *Screen) { s.Live.Draining, s.Error = true, "it is silent" }, "no answer 1m15s", "it is silent"},
		"confirming":      {func(s *Screen) { s.Confirming, s.Error = true, "it is silent" }, "no answer 1m15s", "end the run when"},
	} {
		s := busy(100, 12, 2)
		c.change(s)
		lines := strings.Split(s.String(), "\n")
		if !strings.HasSuffix(lines[0], c.head) || !strings.HasPrefix(lines[len(lines)-1], c.foot) {
			t.Errorf("%s: %q … %q", name, lines[0], lines[len(lines)-1])
		}
	}
}

// TestSizes: on a screen of any size there are as many lines as fit, none longer
// than it, whatever there is to be shown.
func TestSizes(t *testing.T) {
	for width := range 60 {
		for height := range 15 {
			for _, workers := range []int{0, 1, 30} {
				s := busy(width*3, height, workers)
				s.Name, s.First = strings.Repeat("é☃", 20), 100
				got := s.String()
				if width == 0 || height == 0 {
					if got != "" {
						t.Fatalf("on nothing: %q", got)
					}
					continue
				}
				lines := strings.Split(got, "\n")
				if len(lines) != height {
					t.Fatalf("%dx%d: %d lines", s.Width, height, len(lines))
				}
				for _, line := range lines {
					line = strings.TrimSuffix(strings.TrimPrefix(line, reverse), plain)
					if n := utf8.RuneCountInString(line); n > s.Width {
						t.Fatalf("%dx%d: a line of %d columns: %q", s.Width, height, n, line)
					}
				}
			}
		}
	}
}

// slots lists the workers in the order in which they are shown.
func slots(s *Screen) string {
	var out []string
	for _, line := range strings.Split(s.String(), "\n")[5 : s.Height-1] {
		if words := strings.Fields(line); len(words) > 0 {
			out = append(out, words[0])
		}
	}
	return strings.Join(out, " ")
}

// TestSorting: the largest first, but for slots; who are equal stay as they were.
func TestSorting(t *testing.T) {
	s := busy(90, 20, 4)
	s.Workers[1].RSS = s.Workers[3].RSS
	s.Workers[0], s.Workers[2] = s.Workers[2], s.Workers[0]
	for by, want := range map[Sorting]string{BySlot: "1 2 3 4", ByTime: "3 2 1 4", ByMemory: "2 4 3 1", ByCPU: "1 2 3 4"} {
		s.Sort = by
		if got := slots(s); got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
		if s.Workers[0].Slot != 3 {
			t.Fatal("what the run has said was put in another order")
		}
	}
}

// TestScrolling stops at both ends, and when there are fewer workers than before.
func TestScrolling(t *testing.T) {
	s := busy(90, 9, 6) // room for three
	for _, c := range []struct {
		by   int
		want string
	}{{0, "1 2 3"}, {-1, "1 2 3"}, {2, "3 4 5"}, {100, "4 5 6"}, {-1, "3 4 5"}} {
		s.scroll(c.by)
		if got := slots(s); got != c.want {
			t.Errorf("after %d: %s, want %s", c.by, got, c.want)
		}
	}
	s.Workers = s.Workers[:4]
	if got := slots(s); got != "2 3 4" {
		t.Errorf("of four: %s", got)
	}
	s.Workers = nil
	if got := slots(s); got != "" || s.First != 0 {
		t.Errorf("of none: %q from %d", got, s.First)
	}
}

func TestBar(t *testing.T) {
	s := &Screen{}
	for share, want := range map[float64]string{-1: "", 0: "[----]   0%", 0.49: "[#---]  49%", 1: "[####] 100%", 1.2: "[####] 120%"} {
		if got := s.bar(share, 4); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
}

// TestShort: seven columns are enough for any time.
func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 59900 * time.Millisecond: "59.9s", time.Minute: "1m00s", 99*time.Minute + 59*time.Second: "99m59s", 100 * time.Minute: "1h40m", 999*time.Hour + time.Minute: "999h01m",
	} {
		if got := short(d); got != want || len(got) > 7 {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0.0", 99.94: "99.9", 100: "100", 12345.6: "12,345"} {
		if got := rate(r); got != want {
			t.Errorf("%v is %q, want %q", r, got, want)
		}
	}
	if got := fmt.Sprint(BySlot, ByTime, ByMemory, ByCPU); got != "slot time in hand memory CPU" {
		t.Errorf("%q", got)
	}
}
