package evolution

import (
	"bytes"
	"encoding/json"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// text returns the value as JSON in one form, whatever its layout and the order
// of its keys; "" for none. Numbers stay as they are written, since 1 and 1.0 are
// different values to the API server.
func text(v *apiextensionsv1.JSON) string {
	if v == nil || len(v.Raw) == 0 {
		return ""
	}
	out, err := json.Marshal(value(v))
	if err != nil {
		return string(v.Raw)
	}
	return string(out)
}

// value returns the decoded value; nil for none.
func value(v *apiextensionsv1.JSON) any {
	if v == nil || len(v.Raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(v.Raw))
	decoder.UseNumber()
	var out any
	if err := decoder.Decode(&out); err != nil {
		return string(v.Raw)
	}
	return out
}

func same(a, b *apiextensionsv1.JSON) bool {
	return a == b || a != nil && b != nil && bytes.Equal(a.Raw, b.Raw) || text(a) == text(b)
}

// hasDefault reports whether the schema has a default. A default of null is none.
func hasDefault(s *props) bool { return s.Default != nil && text(s.Default) != "null" }
