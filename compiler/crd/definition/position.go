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
	at, label := document.Content[0], document.Content[0]
	enter := func(key string) bool {
		if at.Kind == yaml.AliasNode {
			at = at.Alias
		}
		if at.Kind != yaml.MappingNode {
			return false
		}
		for i := 0; i+1 < len(at.Content); i += 2 {
			if at.Content[i].Value == key {
				label, at = at.Content[i], at.Content[i+1]
				return true
			}
		}
		return false
	}
	if version != "" && enter("spec") && enter("versions") {
		list, heading := at.Content, label
		for _, v := range list {
			at = v
			if found := enter("name") && at.Value == version; found {
				at, label = v, v
				break
			}
			at, label = &yaml.Node{}, heading
		}
	}
	for _, key := range keys {
		if !enter(key) {
			break
		}
	}
	return d.Line + label.Line - 1, label.Column
}
