package rule

import (
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types"
)

// usualSizes is what an object's lists, maps and texts are taken to hold at most,
// where nothing says so: the API server has no static bound, and a bound by the
// size of a request would refuse nearly every rule.
type usualSizes struct{}

const (
	usualElements = 25
	usualText     = 253
)

func (usualSizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &checker.SizeEstimate{Max: usualText}
	}
	return &checker.SizeEstimate{Max: usualElements}
}

func (usualSizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
