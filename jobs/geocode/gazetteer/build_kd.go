package gazetteer

import (
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// node is a place on the unit sphere.
type node struct {
	at    [3]float32
	place uint32
}

// onSphere is a point, given in degrees, on the unit sphere.
func onSphere(lat, lon float64) (at [3]float32) {
	sinLat, cosLat := math.Sincos(lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(lon * math.Pi / 180)
	return [3]float32{float32(cosLat * cosLon), float32(cosLat * sinLon), float32(sinLat)}
}

// buildKD puts the places into a tree of the three dimensions that lies in an array: the middle
// of each part is its root, what is less along one axis stands before it, the next axis is
// that of its parts. Towns that only the post knows are not in it.
func buildKD(places []byte) []byte {
	postTown := byte(slices.Index(bundle.KindCodes, bundle.PostTown)) //nolint:gosec // a dozen
	nodes := make([]node, 0, len(places)/placeBytes)
	for i := range len(places) / placeBytes {
		p := places[i*placeBytes:]
		if p[20] == postTown {
			continue
		}
		nodes = append(nodes, node{onSphere(float64(i32(p[4:]))/unit, float64(i32(p[8:]))/unit), uint32(i)}) //nolint:gosec // some hundred thousand
	}
	var wait sync.WaitGroup
	wait.Go(func() { arrange(nodes, 0, 1, &wait) })
	wait.Wait()
	out := make([]byte, 0, len(nodes)*kdBytes)
	for _, n := range nodes {
		for _, f := range n.at {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
		}
		out = binary.LittleEndian.AppendUint32(out, n.place)
	}
	return out
}

// arrange makes a tree of nodes; those of the first levels at the same time.
func arrange(nodes []node, axis, parallel int, wait *sync.WaitGroup) {
	for len(nodes) > 1 {
		middle := len(nodes) / 2
		choose(nodes, middle, axis)
		axis = (axis + 1) % 3
		less, more := nodes[:middle], nodes[middle+1:]
		if parallel > 0 {
			parallel--
			next := axis // the loop goes on
			wait.Go(func() { arrange(less, next, 0, wait) })
		} else {
			arrange(less, axis, 0, wait)
		}
		nodes = more
	}
}

// choose puts the k-th node along an axis at k, what is less before it and what is more behind.
func choose(nodes []node, k, axis int) {
	for lo, hi := 0, len(nodes)-1; lo < hi; {
		a, b, c := nodes[lo].at[axis], nodes[(lo+hi)/2].at[axis], nodes[hi].at[axis]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := lo, hi
		for i <= j {
			for nodes[i].at[axis] < pivot {
				i++
			}
			for nodes[j].at[axis] > pivot {
				j--
			}
			if i <= j {
				nodes[i], nodes[j] = nodes[j], nodes[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return
		}
	}
}
