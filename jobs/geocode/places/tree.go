package places

import (
	"brood/jobs/geocode/geo"
	"cmp"
	"container/heap"
	"encoding/binary"
	"math"
	"slices"
)

// box is a part of the earth in millionths of a degree.
type box struct{ south, west, north, east int32 }

const boxSize = 16

// nowhere is the box that has nothing in it.
var nowhere = box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

func (b *box) add(o box) {
	b.south, b.west = min(b.south, o.south), min(b.west, o.west)
	b.north, b.east = max(b.north, o.north), max(b.east, o.east)
}

// metres is a little less than, or just, the distance of a point from the box, as if the
// earth was flat around the point.
func (b *box) metres(p geo.Point) float64 {
	lat, lon := p.Lat*1e6, p.Lon*1e6
	dy := max(float64(b.south)-lat, 0, lat-float64(b.north))
	dx := math.Inf(1)
	for _, turn := range [...]float64{0, 360e6, -360e6} { // the box may be beyond the 180th meridian
		dx = min(dx, max(float64(b.west)-lon-turn, 0, lon+turn-float64(b.east)))
	}
	far := max(math.Abs(float64(b.south)), math.Abs(float64(b.north)), math.Abs(lat))
	const metresPerMillionth, radian = 0.1111, math.Pi / 180
	return math.Hypot(dy, dx*math.Cos(min(far/1e6, 90)*radian)) * metresPerMillionth
}

// branches is how many children a box of the tree has.
const branches = 16

// levels are where the boxes of each level begin, the rows' first, and where the last ends.
func levels(rows int) []int {
	at := []int{0}
	for n := rows; n > 0; n = (n + branches - 1) / branches {
		at = append(at, at[len(at)-1]+n)
		if n == 1 {
			break
		}
	}
	return at
}

// appendTree writes the tree of rows that have these boxes.
func appendTree(dst []byte, boxes []box) []byte {
	order := make([]uint32, len(boxes))
	along := make([]uint32, len(boxes))
	for i := range boxes {
		b := &boxes[i]
		order[i] = uint32(i) //nolint:gosec // rows are counted in 32 bits
		x := (float64(b.west)+float64(b.east))/2 + 180e6
		y := (float64(b.south)+float64(b.north))/2 + 90e6
		along[i] = hilbert(uint32(x/360e6*65535), uint32(y/180e6*65535))
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(along[a], along[b]) })
	level := make([]box, len(boxes))
	for i, at := range order {
		level[i] = boxes[at]
	}
	for len(level) > 0 {
		for _, b := range level {
			for _, v := range [...]int32{b.south, b.west, b.north, b.east} {
				dst = binary.LittleEndian.AppendUint32(dst, uint32(v)) //nolint:gosec // the same bits
			}
		}
		if len(level) == 1 {
			break
		}
		up := make([]box, 0, len(level)/branches+1)
		for part := range slices.Chunk(level, branches) {
			b := nowhere
			for _, child := range part {
				b.add(child)
			}
			up = append(up, b)
		}
		level = up
	}
	for _, at := range order {
		dst = binary.LittleEndian.AppendUint32(dst, at)
	}
	return dst
}

// hilbert is how far along the curve a point stands, of 16 bits each way.
func hilbert(x, y uint32) (d uint32) {
	for s := uint32(1 << 15); s > 0; s >>= 1 {
		rx, ry := uint32(0), uint32(0)
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += s * s * (3*rx ^ ry)
		if ry == 0 {
			if rx == 1 {
				x, y = 65535-x, 65535-y
			}
			x, y = y, x
		}
	}
	return d
}

// tree finds the rows near a point.
type tree struct {
	boxes  []byte
	rows   u32s
	levels []int
}

// openTree takes a section apart; nil if it is of another size than it must be.
func openTree(b []byte, rows int) *tree {
	t := &tree{levels: levels(rows)}
	n := t.levels[len(t.levels)-1] * boxSize
	if len(b) != n+4*rows {
		return nil
	}
	t.boxes, t.rows = b[:n], u32s(b[n:])
	return t
}

func (t *tree) box(i int) box {
	v := func(n int) int32 { return int32(binary.LittleEndian.Uint32(t.boxes[i*boxSize+4*n:])) } //nolint:gosec // the same bits
	return box{v(0), v(1), v(2), v(3)}
}

// node is a box that may be looked into.
type node struct {
	metres    float64
	level, at int // at is within the level
}

type nodes []node

func (h nodes) Len() int           { return len(h) }
func (h nodes) Less(i, j int) bool { return h[i].metres < h[j].metres }
func (h nodes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nodes) Push(x any)        { *h = append(*h, x.(node)) }
func (h *nodes) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// nearest calls look with rows by their distance from a point, which may be less than that of
// their houses, and never more. It ends when that is farther than what look returned last.
func (t *tree) nearest(p geo.Point, limit float64, look func(row int) (float64, error)) error {
	top := len(t.levels) - 2
	if top < 0 {
		return nil
	}
	open := nodes{{level: top}}
	for len(open) > 0 {
		n := heap.Pop(&open).(node)
		if n.metres > limit {
			return nil
		}
		if n.level == 0 {
			var err error
			if limit, err = look(int(t.rows.at(n.at))); err != nil {
				return err
			}
			continue
		}
		below := n.level - 1
		for at := n.at * branches; at < (n.at+1)*branches && t.levels[below]+at < t.levels[below+1]; at++ {
			b := t.box(t.levels[below] + at)
			if m := b.metres(p); m <= limit {
				heap.Push(&open, node{m, below, at})
			}
		}
	}
	return nil
}
