package definition

import "go.yaml.in/yaml/v3"

// Find returns the line of the file and the column, both from 1, at which a value
// inside the definition stands: what the keys lead to, starting in the version of
// that name, or in the whole document where it is "". Keys that lead nowhere end
// the search early. It is 0, 0 for a document that is not known to stand anywhere.
func (d *Definition) Find(version string, keys ...string) (line, column int) {
	var document yaml.Node
	if d.Line == 0 || yaml.Unmarshal(d.Text, &document) != nil || len(document.Content) == 0 {
		return d.Line, 1
	}
	at := cursor{value: document.Content[0], label: document.Content[0]}
	if version != "" && at.enter("spec") && at.enter("versions") {
		at.enterVersion(version)
	}
	for _, key := range keys {
		if !at.enter(key) {
			break
		}
	}
	return d.Line + at.label.Line - 1, at.label.Column
}

// cursor is a place in a YAML document: a value, and where it begins for people,
// which is its key.
type cursor struct{ value, label *yaml.Node }

// enter goes on to the value of a key, and reports whether there is one.
func (c *cursor) enter(key string) bool {
	if c.value.Kind == yaml.AliasNode {
		c.value = c.value.Alias
	}
	if c.value.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(c.value.Content); i += 2 {
		if c.value.Content[i].Value == key {
			c.label, c.value = c.value.Content[i], c.value.Content[i+1]
			return true
		}
	}
	return false
}

// enterVersion goes on to the item of a list that has a name. Where there is none,
// nothing can be entered any more.
func (c *cursor) enterVersion(name string) {
	list := c.value.Content
	c.value = &yaml.Node{}
	for _, v := range list {
		at := cursor{value: v, label: v}
		if at.enter("name") && at.value.Value == name {
			c.value, c.label = v, v
			return
		}
	}
}
