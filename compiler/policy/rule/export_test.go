package rule

// BoundedText is how many characters a bounded text has at most.
const BoundedText = boundedText

// Cost runs the first rule and returns what it costs, and whether it is run without
// counting that where what it sees is bounded.
func (p *Program) Cost(given, params map[string]any) (cost uint64, uncounted bool, err error) {
	_, details, err := p.rules[0].holds.program.Eval(&scene{program: p, given: given, params: params})
	return *details.ActualCost(), p.rules[0].holds.uncounted != nil, err
}
