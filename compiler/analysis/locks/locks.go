// Package locks answers what of the implicit resources waits to be accepted, and
// accepts it.
package locks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// Choose finds implicit resources by their names, with or without their directories.
func Choose(changes []*implicit.Change, names []string) ([]*implicit.Change, error) {
	var out []*implicit.Change
	for _, name := range names {
		change, err := choose(changes, name)
		if err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	return out, nil
}

func choose(changes []*implicit.Change, name string) (*implicit.Change, error) {
	var found []*implicit.Change
	var refs, near []string
	for _, change := range changes {
		ref := change.Ref()
		refs = append(refs, ref)
		if ref == name || strings.HasSuffix(ref, "/"+name) && strings.HasPrefix(name, "implicit/") {
			found = append(found, change)
			near = append(near, ref)
		}
	}
	if i := slices.Index(near, name); i >= 0 {
		return found[i], nil
	}
	switch len(found) {
	case 0:
		return nil, missing(name, refs)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%s stands in several directories: say which of %s", name, strings.Join(near, ", "))
}

func missing(name string, refs []string) error {
	if len(refs) == 0 {
		return fmt.Errorf("there is no %s: the tenancy repo has no implicit resources", name)
	}
	hint := "there is " + printer.Some(refs, 12)
	if n := diag.Nearest(name, refs); n != "" {
		hint = "did you mean " + n + "?"
	}
	return fmt.Errorf("there is no %s: %s", name, hint)
}
