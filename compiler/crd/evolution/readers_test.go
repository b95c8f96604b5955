package evolution_test

import (
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/fixtures/schemas"
)

// What may be read under the new schema could be read under the old one, where
// all changes are judged compatible for readers. A reader of the old schema does
// not look at fields that it does not know.
func TestReadersAreNotSurprised(t *testing.T) {
	t.Parallel()
	t.Run("lies are found", func(t *testing.T) {
		for _, lie := range []string{"enum/value-added", "maximum/loosened", "nullable/added", "type/widened"} {
			if found := surprise(t, newSoak(12), 20_000, lie); found == nil {
				t.Errorf("%s, taken for compatible, is not found", lie)
			}
		}
	})
	pairs, seed := schemas.Soak(t, 300, 11, 4)
	if found := surprise(t, newSoak(seed), pairs, ""); found != nil {
		t.Errorf("seed %d: %s", seed, found)
	}
}

// surprise tries objects on pairs of schemas that are judged compatible for
// readers, with the case lie taken for compatible, until one surprises.
func surprise(t *testing.T, s *soak, pairs int, lie string) *counterexample {
	compatible, tried := 0, 0
	for compatible < pairs {
		s.made++
		old := s.Schema()
		new := old.DeepCopy()
		for range 1 + s.IntN(3) {
			s.Mutate(new)
		}
		changes := evolution.CompareSchemas("widgets.acme.example", "v1", old, new, evolution.Config{})
		verdict, lied := evolution.Compatible, lie == ""
		for _, c := range changes {
			if c.Rule+"/"+c.Case == lie {
				lied = true
				continue
			}
			verdict = verdict.Worse(c.Readers)
		}
		if len(changes) == 0 || verdict != evolution.Compatible || !lied || !accepted(old) || !accepted(new) {
			if compatible++; lie == "" {
				compatible--
			}
			continue
		}
		before, err := instance.NewServer(old)
		if err != nil {
			continue
		}
		after, err := instance.NewServer(new)
		if err != nil {
			continue
		}
		compatible++
		for range 12 {
			stored, errs := after.Admit(s.objects_.Object(new, old))
			if len(errs) > 0 {
				continue
			}
			tried++
			if errs := before.Validate(before.Prune(stored)); len(errs) > 0 {
				return &counterexample{old: old, new: new, changes: changes, object: stored, why: "read where it could not be: " + errs.ToAggregate().Error()}
			}
		}
	}
	if lie == "" {
		t.Logf("%d pairs, %d judged compatible for readers, %d objects", s.made, compatible, tried)
		if tried < 4*compatible {
			t.Error("too few objects are valid under the new schemas to show anything")
		}
	}
	return nil
}
