// Package instance is about objects of a CustomResourceDefinition: it takes them
// as an API server does, makes them up, and finds those that one definition
// accepts and another one refuses.
package instance

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
)

// Server takes objects of one version as an API server does that has just got
// its definition. It runs the API server's own code.
type Server struct {
	schema     *apiextensionsv1.JSONSchemaProps
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	cel        *cel.Validator
}

// NewServer returns a server for a schema. The error is for one that an API
// server would not accept.
func NewServer(schema *apiextensionsv1.JSONSchemaProps) (*Server, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	structural = structural.DeepCopy()
	if err := defaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	return &Server{schema, structural, validator, cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// Admit returns what the server would store of an object that is created, with
// its status as if that had been written along, and why it would refuse it. The
// object, made of the types that JSON decodes to with whole numbers as int64, is
// not changed.
func (s *Server) Admit(object map[string]any) (map[string]any, field.ErrorList) {
	stored, err := s.Coerce(object)
	if err != nil {
		return stored, field.ErrorList{err}
	}
	return stored, s.Validate(stored)
}

// Prune returns the object without the fields that the schema does not know.
func (s *Server) Prune(object map[string]any) map[string]any {
	object = runtime.DeepCopyJSON(object)
	pruning.Prune(object, s.structural, true)
	return object
}

// Unknown returns the paths of fields that the schema does not know.
func (s *Server) Unknown(object map[string]any) []string {
	return pruning.PruneWithOptions(runtime.DeepCopyJSON(object), s.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

// Coerce returns the object as it is before it is validated: pruned, with
// embedded metadata in order, and with defaults.
func (s *Server) Coerce(object map[string]any) (map[string]any, *field.Error) {
	object = s.Prune(object)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	if err := objectmeta.Coerce(nil, object, s.structural, false, false); err != nil {
		return object, err
	}
	defaulting.Default(object, s.structural)
	return object, nil
}

// Default fills in the defaults of fields that an object leaves out.
func (s *Server) Default(object map[string]any) { defaulting.Default(object, s.structural) }

// Validate returns why the server would refuse to store the object.
func (s *Server) Validate(object map[string]any) field.ErrorList {
	return s.ValidateUpdate(object, nil)
}

// ValidateUpdate returns why the server would refuse to store the object in the place
// of an old one; nil: there is none. What was wrong before and did not change is let
// be.
func (s *Server) ValidateUpdate(object, old map[string]any) (errs field.ErrorList) {
	defer func() {
		if p := recover(); p != nil {
			errs = append(errs, field.InternalError(nil, fmt.Errorf("the validation fails: %v", p)))
		}
	}()
	var before any // nil, and no map, where there is none
	var options []cel.Option
	lists := true
	if old == nil {
		errs = append(errs, validation.ValidateCustomResource(nil, object, s.validator)...)
	} else {
		before = old
		correlated := common.NewCorrelatedObject(object, old, &model.Structural{Structural: s.structural})
		options = append(options, cel.WithRatcheting(correlated))
		errs = append(errs, validation.ValidateCustomResourceUpdate(nil, object, old, s.validator, validation.WithRatcheting(correlated))...)
		lists = len(listtype.ValidateListSetsAndMaps(nil, s.structural, old)) == 0
	}
	errs = append(errs, objectmeta.Validate(nil, object, s.structural, false)...)
	if lists {
		errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
	}
	if s.cel != nil && len(errs) == 0 {
		found, _ := s.cel.Validate(context.Background(), nil, s.structural, object, before, celconfig.RuntimeCELCostBudget, options...)
		errs = append(errs, found...)
	}
	return errs
}
