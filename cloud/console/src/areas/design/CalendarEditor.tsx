import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, DatePicker, Input, Popover, Segmented } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Text } from "../../api/types";
import { language, say } from "../../i18n";
import { Loaded } from "../../parts/states";
import "../work/work.css";
import { type Detail, keys as queries, useDocument } from "./api";
import { type CalendarBody, type Day, month, put, span, weekday, working } from "./days";
import "./design.css";
import { DraftBar } from "./DraftBar";
import { Row, Words } from "./inputs";
import { useDraft } from "./useDraft";

/** CalendarEditor says on which days people work: deadlines in working days are counted by it. */
export function CalendarEditor() {
  const { id = "" } = useParams();
  const query = useDocument<CalendarBody>("calendar", id);
  const client = useQueryClient();
  const [opened, setOpened] = useState(0);
  const reopen = () =>
    void client.refetchQueries({ queryKey: queries.one("calendar", id) }).then(() => setOpened((n) => n + 1));
  return (
    <Loaded query={query} lines={12}>
      {(d) => <Editor key={`${id}-${opened}`} id={id} detail={d} reopen={reopen} />}
    </Loaded>
  );
}

function Editor({ id, detail, reopen }: { id: string; detail: Detail<CalendarBody>; reopen: () => void }) {
  const { t } = useTranslation();
  const draft = useDraft<CalendarBody>("calendar", id, detail);
  const { body, change } = draft;
  const [year, setYear] = useState(new Date().getFullYear());
  const named = new Map(body.days.map((d) => [d.date, d]));
  const known = body.days.some((d) => d.date.startsWith(`${year}-`));
  const set = (dates: string[], works: boolean | undefined, name?: Text) =>
    change((b) => ({ ...b, days: put(b.days, dates, works, name) }));
  return (
    <main className="page design">
      <header className="page-head">
        <div>
          <p className="quiet">
            <Link to="/workbench">{t("design.title")}</Link> / {t("design.calendar")}
          </p>
          <h1>{say(body.title)}</h1>
          <p className="quiet">{t("design.calendarAbout")}</p>
        </div>
      </header>
      <DraftBar
        kind="calendar"
        id={id}
        detail={detail}
        draft={draft}
        goTo={(path) => {
          const n = /^days\[(\d+)\]/.exec(path)?.[1];
          const day = body.days[Number(n)]?.date;
          if (day) setYear(Number(day.slice(0, 4)));
        }}
        reopen={reopen}
      />
      <div className="work-box">
        <div className="design-year">
          <Button aria-label={t("design.yearBefore")} onClick={() => setYear(year - 1)}>
            ‹
          </Button>
          <strong id="year">{t("design.year", { year })}</strong>
          <Button aria-label={t("design.yearAfter")} onClick={() => setYear(year + 1)}>
            ›
          </Button>
          <span className="quiet">{t("design.workingDays", { n: working(year, body.days) })}</span>
          <span className="design-legend">
            <i className="off" /> {t("design.dayOff")} <i className="works" /> {t("design.dayWorks")}
          </span>
          <Span add={set} year={year} />
        </div>
        {known && !body.verified && <p className="work-problem">{t("design.calendarUnverified")}</p>}
        {!known && <Alert type="warning" showIcon title={t("design.yearUnknown", { year })} />}
        <div className="design-months">
          {Array.from({ length: 12 }, (_, i) => (
            <Month key={i} year={year} m={i + 1} named={named} set={set} />
          ))}
        </div>
        <div className="design-props">
          <Row name={t("design.calendarSource")}>
            <Words
              id="calendar-source"
              value={body.source}
              set={(v) => change((b) => ({ ...b, source: v, verified: false }), "source")}
            />
          </Row>
          <Checkbox
            id="calendar-verified"
            checked={body.verified}
            onChange={(e) => change((b) => ({ ...b, verified: e.target.checked }))}
          >
            {t("design.calendarVerified")}
          </Checkbox>
        </div>
      </div>
    </main>
  );
}

type Set = (dates: string[], works: boolean | undefined, name?: Text) => void;

/** Span names a run of days at once: a holiday. */
function Span({ add, year }: { add: Set; year: number }) {
  const { t } = useTranslation();
  const [range, setRange] = useState<[string, string]>();
  const [name, setName] = useState("");
  return (
    <span className="design-span">
      <DatePicker.RangePicker
        id={{ start: "holiday-from", end: "holiday-to" }}
        value={range ? [dayjs(range[0]), dayjs(range[1])] : null}
        defaultPickerValue={[dayjs(`${year}-01-01`), dayjs(`${year}-02-01`)]}
        onChange={(_, [from, to]) => setRange(from && to ? [from, to] : undefined)}
      />
      <Input
        id="holiday-name"
        placeholder={t("design.holidayName")}
        maxLength={40}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <Button
        id="add-holiday"
        disabled={!range}
        onClick={() => {
          if (!range) return;
          add(span(...range), false, name.trim() ? { zh: name.trim() } : undefined);
          setRange(undefined);
          setName("");
        }}
      >
        {t("design.addHoliday")}
      </Button>
    </span>
  );
}

function Month({ year, m, named, set }: { year: number; m: number; named: Map<string, Day>; set: Set }) {
  const { t } = useTranslation();
  const title = new Intl.DateTimeFormat(language() === "en" ? "en" : "zh-CN", {
    month: "long",
    timeZone: "UTC",
  }).format(new Date(Date.UTC(year, m - 1, 1)));
  const heads = t("design.weekdays").split(" ");
  return (
    <table className="design-month" data-month={m}>
      <caption>{title}</caption>
      <thead>
        <tr>
          {heads.map((h) => (
            <th key={h} scope="col">
              {h}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {month(year, m).map((week, i) => (
          <tr key={i}>
            {week.map((date, j) => (
              <td key={j}>{date && <OneDay date={date} day={named.get(date)} set={set} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OneDay({ date, day, set }: { date: string; day: Day | undefined; set: Set }) {
  const { t } = useTranslation();
  const weekend = weekday(date) > 4;
  const works = day ? !!day.works : !weekend;
  const stand = day ? (day.works ? "works" : "off") : weekend ? "weekend" : "";
  const said = day ? say(day.name) || t(works ? "design.dayWorks" : "design.dayOff") : "";
  return (
    <Popover
      trigger="click"
      destroyOnHidden
      title={date}
      content={
        <div className="design-day">
          <Segmented
            value={day ? (day.works ? "works" : "off") : "usual"}
            options={[
              { value: "usual", label: t(weekend ? "design.usualOff" : "design.usualWorks") },
              { value: "off", label: t("design.dayOff") },
              { value: "works", label: t("design.dayWorks") },
            ]}
            onChange={(v) => set([date], v === "usual" ? undefined : v === "works", day?.name)}
          />
          {day && (
            <Words
              id={`name-${date}`}
              label={t("design.holidayName")}
              value={day.name}
              set={(name) => set([date], !!day.works, name)}
            />
          )}
        </div>
      }
    >
      <button
        type="button"
        className={stand}
        data-date={date}
        aria-label={`${date} ${said || t(works ? "design.usualWorks" : "design.usualOff")}`}
        title={said}
      >
        {Number(date.slice(8))}
        {day && <small>{t(day.works ? "design.markWorks" : "design.markOff")}</small>}
      </button>
    </Popover>
  );
}
