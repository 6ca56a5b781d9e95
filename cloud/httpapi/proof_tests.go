package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/contract"
)

// dueTest is when a device has to be proven to work again.
type dueTest struct {
	Edge    contract.EdgeID   `json:"edge"`
	Device  contract.DeviceID `json:"device"`
	Name    contract.Text     `json:"name"`
	Place   contract.Place    `json:"place"`
	Profile string            `json:"profile"`
	Model   string            `json:"model,omitempty"`
	Rule    contract.Text     `json:"rule"`
	Days    int               `json:"days" doc:"between tests"`
	Grace   int               `json:"grace_days" doc:"late for so long before it is a hazard"`
	Tested  time.Time         `json:"tested_at,omitzero" doc:"absent: never, as far as is known"`
	By      string            `json:"tested_by,omitempty" doc:"who noted it; absent for a test that rang an alarm"`
	Since   time.Time         `json:"known_since"`
	Due     time.Time         `json:"due_at"`
	State   string            `json:"state" enum:"fine,soon,due,overdue"`
	Hazard  string            `json:"hazard,omitempty" doc:"the open record about it, if the caller may see it"`
	Form    string            `json:"form,omitempty"`
}

type dueTests struct {
	Items []dueTest `json:"items" doc:"the most urgent first"`
}

type testHistory struct {
	Items []origin.Test `json:"items" doc:"the newest first"`
}

type deviceTest struct {
	DeviceIn
	Body struct {
		At   time.Time `json:"at,omitzero" doc:"left out: now"`
		Note string    `json:"note,omitempty" maxLength:"500"`
	}
}

type testAt struct {
	DeviceIn
	Body struct {
		At time.Time `json:"at"`
	}
}

func (s *server) proofTestOps() {
	read, note := access(org.FleetRead), access(org.AlarmOutOfService)
	register(s, "GET", "/api/proof-tests", "When devices are to be proven to work again", read, http.StatusOK, s.dueTests)
	file(s, read, "/api/proof-tests/export.xlsx", "When devices are to be proven to work again, as a file", excelType, s.dueTestsFile)
	register(s, "GET", "/api/devices/{edge}/{device}/tests", "Tests of a device", read, http.StatusOK, func(ctx context.Context, in *DeviceIn) (*body[testHistory], error) {
		if _, err := s.seenDevice(ctx, in); err != nil {
			return nil, err
		}
		list, err := s.Origins.History(ctx, in.Edge, in.Device)
		return answered(testHistory{list}, err)
	})
	register(s, "POST", "/api/devices/{edge}/{device}/tests", "Note that a device was proven to work", note, http.StatusNoContent, s.noteTest)
	register(s, "POST", "/api/devices/{edge}/{device}/tests/withdraw", "Take back a test that was noted by mistake", note, http.StatusNoContent, func(ctx context.Context, in *testAt) (*none, error) {
		row, err := s.seenDevice(ctx, &in.DeviceIn)
		if err == nil {
			err = s.within(ctx, org.AlarmOutOfService, row.Place.Building)
		}
		if err != nil {
			return nil, err
		}
		if err := s.Origins.WithdrawTest(ctx, actor(ctx), in.Edge, in.Device, in.Body.At); errors.Is(err, origin.ErrNoTest) {
			return nil, say(http.StatusNotFound, "没有记录过这次测试", "No such test was noted")
		} else if err != nil {
			return nil, err
		}
		return nil, nil
	})
}

// proofFilter narrows the list; empty is all of it.
type proofFilter struct {
	State string `query:"state" enum:"fine,soon,due,overdue"`
	Text  string `query:"q" maxLength:"100" doc:"in the name, the place, the model or the id of a device"`
}

func (f *proofFilter) has(d dueTest, words ...string) bool {
	words = append(words, d.Name.ZH, d.Name.EN, string(d.Device), d.Model, d.Profile)
	return (f.State == "" || f.State == d.State) && strings.Contains(strings.ToLower(strings.Join(words, " ")), strings.ToLower(strings.TrimSpace(f.Text)))
}

// dueTestsFile is the list as a workbook.
func (s *server) dueTestsFile(ctx context.Context, in *proofFilter) (string, func(http.ResponseWriter) error, error) {
	list, err := s.dueTests(ctx, nil)
	if err != nil {
		return "", nil, err
	}
	w := sheetWords{langOf(ctx), s.zone(ctx)}
	states := map[string]string{origin.TestFine: w.t("未到期", "Not due"), origin.TestSoon: w.t("30 天内", "Within 30 days"), origin.TestDue: w.t("该测了", "Due"), origin.TestOverdue: w.t("已超期", "Overdue")}
	rows := [][]any{{w.t("设备", "Device"), w.t("位置", "Place"), w.t("型号", "Model"), w.t("上次测试", "Last test"), w.t("测试人", "Tested by"), w.t("应测日期", "Due"), w.t("状态", "State"),
		w.t("周期（天）", "Every (days)"), w.t("宽限（天）", "Grace (days)"), w.t("规则", "Rule"), w.t("隐患编号", "Hazard"), w.t("网关", "Edge"), w.t("设备编号", "Device id")}}
	for _, d := range list.Body.Items {
		place := d.Place.Describe(w.lang, s.Places.Tree().Buildings[d.Place.Building].Name.In(w.lang))
		if in.has(d, place) {
			rows = append(rows, []any{cmp.Or(d.Name.In(w.lang), string(d.Device)), place, cmp.Or(d.Model, d.Profile), w.at(d.Tested), d.By, w.day(d.Due), states[d.State],
				d.Days, d.Grace, d.Rule.In(w.lang), d.Hazard, string(d.Edge), string(d.Device)})
		}
	}
	return "proof-tests-" + s.now().In(w.zone).Format("20060102") + ".xlsx", func(out http.ResponseWriter) error {
		return writeRows(out, rows)
	}, nil
}

// seenDevice is a device if the caller may see where it is.
func (s *server) seenDevice(ctx context.Context, in *DeviceIn) (fleet.DeviceRow, error) {
	_, row, err := s.Fleet.DeviceOf(ctx, in.Edge, in.Device)
	if err == nil && !reach(ctx, org.FleetRead).Has(row.Place.Building) {
		err = fleet.ErrNotFound
	}
	return row, err
}

func (s *server) dueTests(ctx context.Context, _ *none) (*body[dueTests], error) {
	list, about, err := s.Origins.Tests(ctx, reach(ctx, org.FleetRead).Has, s.now())
	if err != nil {
		return nil, err
	}
	out := dueTests{Items: []dueTest{}}
	for _, d := range list {
		t := dueTest{Edge: d.Edge, Device: d.ID, Name: d.Name, Place: d.Place, Profile: d.Profile, Model: d.Model, Rule: d.Rule.Name,
			Days: days(d.Rule.Every), Grace: days(d.Rule.Grace), Tested: d.Tested, By: d.By, Since: d.Since, Due: d.At, State: d.State}
		if o, ok := about[places.DeviceKey{Edge: d.Edge, ID: d.ID}]; ok {
			if err := s.showHazard(ctx, &t, o); err != nil {
				return nil, err
			}
		}
		out.Items = append(out.Items, t)
	}
	return answered(out, nil)
}

func days(d origin.Duration) int { return int(time.Duration(d) / (24 * time.Hour)) }

// showHazard names the hazard about a device to those who may read it.
func (s *server) showHazard(ctx context.Context, t *dueTest, o origin.Origin) error {
	who, err := s.worker(ctx)
	if err != nil {
		return err
	}
	switch _, err := s.Work.Read(ctx, who, o.Form, o.Record); {
	case errors.Is(err, form.ErrNotFound), errors.Is(err, form.ErrDenied):
		return nil
	case err != nil:
		return err
	}
	t.Form, t.Hazard = o.Form, o.Record
	return nil
}

func (s *server) noteTest(ctx context.Context, in *deviceTest) (*none, error) {
	row, err := s.seenDevice(ctx, &in.DeviceIn)
	if err != nil {
		return nil, err
	}
	if err := s.within(ctx, org.AlarmOutOfService, row.Place.Building); err != nil {
		return nil, err
	}
	at := in.Body.At
	if at.IsZero() {
		at = s.now()
	}
	if at.After(s.now().Add(5 * time.Minute)) {
		return nil, badField("body.at", "测试时间不能晚于现在", "A test cannot lie in the future")
	}
	return nil, s.Origins.RecordTest(ctx, actor(ctx), in.Edge, in.Device, at, in.Body.Note)
}
