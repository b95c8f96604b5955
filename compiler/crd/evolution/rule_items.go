package evolution

var itemsRule = &rule{
	ID:     "items",
	Looks:  "items, which is gone through",
	Reason: "A list is as compatible as its items.",
	Cases:  []ruleCase{},
	schema: func(n *node) {
		old, new := n.was.Items, n.is.Items
		if old == nil || new == nil || old.Schema == nil || new.Schema == nil {
			return
		}
		n.child(step{kind: item}, old.Schema, new.Schema).compare()
		a, b := *old, *new
		a.Schema, b.Schema = nil, nil
		n.old.Items, n.new.Items = &a, &b
	},
}
