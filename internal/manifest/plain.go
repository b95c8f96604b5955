package manifest

// Plain returns a tree as the values that encoding/json knows: maps, lists, texts,
// numbers of 64 bits, booleans and nil.
func Plain(v Value) any {
	switch v := v.(type) {
	case Map:
		out := make(map[string]any, len(v))
		for _, f := range v {
			out[f.Key] = Plain(f.Value)
		}
		return out
	case List:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Plain(v[i])
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	case int:
		return int64(v)
	}
	return v
}
