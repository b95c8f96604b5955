package demand

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Mutations returns the mutations that defaults are, and where each stands among
// them.
func Mutations(root *apiextensionsv1.JSONSchemaProps, defaults map[string]any) (mutations []schema.Mutation, paths [][]string) {
	for _, path := range slices.Sorted(maps.Keys(defaults)) {
		if steps, err := constraint.Steps(root, path); err == nil {
			mutations = append(mutations, schema.Mutation{JSONPatch: filled("object", "'", steps, rule.Literal(constraint.Whole(defaults[path])))})
			paths = append(paths, []string{path})
		}
	}
	return mutations, paths
}

// filled is the list of JSON patches that give a field its default, wherever the steps
// lead and the field is missing. pointer is the place of the value, as a CEL
// expression that ends within a text.
func filled(value, pointer string, steps []constraint.Step, literal string) string {
	var none []string // where any of these is true, there is nothing to fill
	for i, step := range steps {
		if step.Field == "" {
			name := fmt.Sprintf("x%d", len(steps)-i)
			item, over, index := value+"["+name+"]", "lists.range(size("+value+"))", "string("+name+")"
			if step.Map {
				over, index = value, "jsonpatch.escapeKey("+name+")"
			}
			inner := filled(item, pointer+"/' + "+index+" + '", steps[i+1:], literal)
			if step.Nullable {
				inner = "type(" + item + ") == " + null + " ? [] : " + inner
			}
			return unless(none, over+".map("+name+", "+inner+").flatten()")
		}
		next, has, lacks := access(value, step.Field)
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step.Field)
		if i == len(steps)-1 {
			return unless(append(none, has), "[JSONPatch{op: 'add', path: "+pointer+"', value: "+literal+"}]")
		}
		none = append(none, lacks)
		if step.Nullable {
			none = append(none, "type("+next+") == "+null)
		}
		value = next
	}
	return "[]"
}

func unless(none []string, list string) string {
	if none == nil {
		return list
	}
	return strings.Join(none, " || ") + " ? [] : " + list
}
