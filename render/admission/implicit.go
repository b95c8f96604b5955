package admission

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/manifest"
)

// maxShared is how many characters of data a ConfigMap may have that a tenant
// shares with the platform: an object that is full would refuse what the platform
// adds.
const maxShared = 128 << 10

// implicitObjects guards the names of what implicit documents give, in the time
// before such an object stands and where tenants have a part in it. A tenant that
// came first could otherwise tell the engine to pass its object by, or fill it, or
// make it unchangeable, and keep all from being applied that stands beside it.
// tenantry-protect guards those that stand and are the platform's alone.
func implicitObjects(p *desired.Platform) admissionPolicy {
	const group = `(request.requestResource.group == '' ? '' : '.' + request.requestResource.group)`
	part := func(object, field string) string {
		return fmt.Sprintf(`%[1]s == null ? {} : %[1]s.?metadata.?%[2]s.orValue({})`, object, field)
	}
	changed := func(before, after string) string {
		return fmt.Sprintf(`variables.%[1]s.exists(k, (%[3]s) && (!(k in variables.%[2]s) || variables.%[2]s[k] != variables.%[1]s[k]))`, before, after, tellsEngine(p))
	}
	tells := fmt.Sprintf("(%s ||\n%s ||\n%s ||\n%s)", changed("labels", "oldLabels"), changed("oldLabels", "labels"),
		changed("annotations", "oldAnnotations"), changed("oldAnnotations", "annotations"))
	all := everything
	all.resources = []string{"*"}
	return admissionPolicy{
		name:  desired.ReservedPrefix + "implicit",
		rules: []requestRule{all},
		selector: manifest.M("matchExpressions", manifest.List{
			manifest.M("key", desired.LabelLogicalCluster, "operator", "Exists")}),
		conditions: []named{
			{"not-a-deletion", `object != null`},
			byTenants(desired.SystemExempt()),
		},
		variables: []named{
			platform,
			terminating,
			{"given", fmt.Sprintf(`namespaceObject.?metadata.?annotations[?%s].orValue('').split(',')`, rule.String(desired.AnnotationImplicitObjects))},
			{"resource", `request.requestResource.resource + ` + group},
			{"name", `object.?metadata.?name.orValue('')`},
			{"id", `variables.resource + '/' + variables.name + '='`},
			{"labels", part("object", "labels")},
			{"oldLabels", part("oldObject", "labels")},
			{"annotations", part("object", "annotations")},
			{"oldAnnotations", part("oldObject", "annotations")},
		},
		validations: []validation{
			{
				expression: `!((variables.id + 'error') in variables.given) || request.operation != 'CREATE' || variables.terminating || variables.platform`,
				message:    `variables.resource + ' ' + variables.name + ' is given to this logical cluster by an implicit resource of the tenancy repo: use another name'`,
			},
			{
				expression: `!variables.given.exists(g, g.startsWith(variables.id)) || !` + tells + ` || variables.platform`,
				message:    `variables.resource + ' ' + variables.name + ' is given by an implicit resource of the tenancy repo: only the platform tells the GitOps engine how to apply it'`,
			},
			{
				expression: fmt.Sprintf(`!((variables.id + 'merge') in variables.given) || variables.resource != 'configmaps' ||
!object.?immutable.orValue(false) && !has(object.binaryData) &&
(!has(object.data) || object.data.map(k, size(object.data[k]) + size(k)).sum() <= %d) || variables.platform`, maxShared),
				message: fmt.Sprintf(`variables.resource + ' ' + variables.name + ' is shared with the platform: it cannot be immutable, and holds at most %d characters of data'`, maxShared),
			},
		},
	}
}
