package httpapi

import (
	"reflect"

	"anlan/cloud/clocks"
	"anlan/cloud/cond"
	"anlan/cloud/document"
	"anlan/cloud/excel"
	"anlan/cloud/fleet/places"
	"anlan/cloud/floorplan"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
	risk "anlan/cloud/hazard/register"
	"anlan/cloud/notify"
	"anlan/cloud/origin"
	"anlan/cloud/sample"
	"anlan/cloud/work"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName tells apart types of the same name in different rooms.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.PkgPath() {
	case reflect.TypeFor[places.Ref]().PkgPath():
		return "Place" + name
	case reflect.TypeFor[floorplan.Plan]().PkgPath():
		return "Floor" + name
	case reflect.TypeFor[clocks.Report]().PkgPath():
		return "Clock" + name
	case reflect.TypeFor[hazard.Catalogue]().PkgPath():
		return "Hazard" + name
	case reflect.TypeFor[risk.Summary]().PkgPath():
		return "Risk" + name
	case reflect.TypeFor[cond.Problem]().PkgPath():
		return "Cond" + name
	case reflect.TypeFor[flow.State]().PkgPath():
		return "Flow" + name
	case reflect.TypeFor[form.Record]().PkgPath():
		return "Form" + name
	case reflect.TypeFor[document.Version]().PkgPath():
		return "Document" + name
	case reflect.TypeFor[notify.Notice]().PkgPath():
		return "Notice" + name
	case reflect.TypeFor[origin.Test]().PkgPath():
		return "Origin" + name
	case reflect.TypeFor[sample.Status]().PkgPath():
		return "Demo" + name
	case reflect.TypeFor[excel.Problem]().PkgPath():
		return "Excel" + name
	case reflect.TypeFor[work.Case]().PkgPath():
		return "Work" + name
	}
	return name
}
