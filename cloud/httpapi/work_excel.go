package httpapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"anlan/cloud/excel"
	"anlan/cloud/org"
	"anlan/cloud/work"
)

type sheetOut struct {
	Form string `path:"form" maxLength:"24"`
	Narrowed
	Fields   string `query:"fields" maxLength:"10000" doc:"fields, separated by commas; empty is all; _standing adds where flows stand"`
	Language string `header:"Accept-Language"`
}

type sheetTemplate struct {
	Form     string `path:"form" maxLength:"24"`
	Language string `header:"Accept-Language"`
}

type sheetIn struct {
	Form     string `path:"form" maxLength:"24"`
	Dry      bool   `query:"dry" doc:"check only"`
	Good     bool   `query:"good" doc:"keep the good rows though others are bad"`
	Start    bool   `query:"start" doc:"start the form's flow on each record"`
	Language string `header:"Accept-Language"`
	RawBody  []byte `contentType:"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"`
}

// excelOps are records to and from Excel. One workbook is read at a time.
func (s *server) excelOps() {
	use := access(org.WorkUse)
	register(s, "GET", "/api/forms/{form}/export.xlsx", "Records as an Excel workbook", use, http.StatusOK, s.exportRecords)
	register(s, "GET", "/api/forms/{form}/import-template.xlsx", "An empty workbook to be filled in", use, http.StatusOK, func(ctx context.Context, in *sheetTemplate) (*workbookOut, error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := s.Work.Template(ctx, &out, who, in.Form, language(in.Language)); err != nil {
			return nil, err
		}
		return xlsx("anlan-"+in.Form+"-import", out.Bytes()), nil
	})
	uploaded(s, "POST", "/api/forms/{form}/import", "Check a workbook of records, or make them", use, excel.MaxBytes+1, func(ctx context.Context, in *sheetIn) (*body[work.Imported], error) {
		out, err := s.importRecords(ctx, in, work.How{Dry: in.Dry, Good: in.Good, Start: in.Start})
		return answered(out, err)
	})
	uploaded(s, "POST", "/api/forms/{form}/import/marked", "The workbook with its problems marked", use, excel.MaxBytes+1, func(ctx context.Context, in *sheetIn) (*workbookOut, error) {
		out, err := s.importRecords(ctx, in, work.How{Dry: true})
		if err != nil {
			return nil, err
		}
		raw, err := s.Work.Mark(in.RawBody, out.Problems, language(in.Language))
		if err != nil {
			return nil, err
		}
		return xlsx("anlan-"+in.Form+"-problems", raw), nil
	})
}

func (s *server) exportRecords(ctx context.Context, in *sheetOut) (*workbookOut, error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	q, err := in.listing()
	if err != nil {
		return nil, err
	}
	var fields []string
	if in.Fields != "" {
		fields = strings.Split(in.Fields, ",")
	}
	var out bytes.Buffer
	err = s.Work.Export(ctx, &out, who, in.Form, q, fields, language(in.Language))
	if errors.Is(err, excel.ErrTooMany) {
		return nil, say(http.StatusUnprocessableEntity, "记录超过 50,000 条，请先筛选再导出", "More than 50,000 records: filter first, then export")
	}
	if err != nil {
		return nil, err
	}
	return xlsx("anlan-"+in.Form+"-"+s.now().Format("20060102-1504"), out.Bytes()), nil
}

func (s *server) importRecords(ctx context.Context, in *sheetIn, how work.How) (work.Imported, error) {
	who, err := s.worker(ctx)
	if err != nil {
		return work.Imported{}, err
	}
	done, err := s.oneImport(ctx)
	if err != nil {
		return work.Imported{}, err
	}
	defer done()
	out, err := s.Work.Import(ctx, who, in.Form, in.RawBody, how)
	if errors.Is(err, excel.ErrWorkbook) {
		return out, badField("body", "不是可以读取的 Excel 工作簿（.xlsx，至多 10 MB）", "Not an Excel workbook that can be read (.xlsx, at most 10 MB)")
	}
	return out, err
}
